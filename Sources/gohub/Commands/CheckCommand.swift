// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Command {
    /// Reads a configuration and says what is wrong with it.
    static let check = Command(
        name: "check",
        synopsis: "[--config FILE]",
        summary: "Checks a configuration and lists every fault with its line.",
        flags: ConfigurationFlags.all,
        notes: "exit codes: 0 the configuration is right, 78 it is not.",
        run: { arguments throws(Arguments.Fault) in
            guard arguments.rest.isEmpty else {
                throw Arguments.Fault(message: "check takes no arguments beside flags: \(arguments.rest[0])")
            }
            guard ConfigurationFlags.load(arguments) != nil else { return .configuration }
            let file = arguments.values["config"].map { "\($0), " } ?? "no file given: "
            Output.write("\(file)flags and environment are right\n")
            return .success
        }
    )
}
