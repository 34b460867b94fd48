// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Command {
    /// Says which version this is.
    static let version = Command(
        name: "version",
        synopsis: "",
        summary: "Prints the version.",
        flags: [],
        run: { arguments throws(Arguments.Fault) in
            guard arguments.rest.isEmpty else {
                throw Arguments.Fault(message: "version takes no arguments: \(arguments.rest[0])")
            }
            return Output.write("gohub \(Version.current) (\(Version.revision))\n") ?? .success
        }
    )
}
