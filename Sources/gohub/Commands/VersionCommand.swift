// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Command {
    /// Says which version this is.
    static let version = Command(
        name: "version",
        synopsis: "",
        summary: "Prints the version.",
        flags: [],
        run: { _ throws(Arguments.Fault) in
            Output.write("gohub \(Version.current)\n")
            return .success
        }
    )
}
