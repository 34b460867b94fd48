// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog

extension Command {
    /// Reads a configuration and says what is wrong with it.
    static let check = Command(
        name: "check",
        synopsis: "[FILE]",
        summary: "Checks a configuration and lists every fault with its line.",
        flags: ConfigurationFlags.all,
        notes: """
            Faults are JSON records when log.format is json, and text otherwise.
            exit codes: 0 the configuration is right, 78 it is not.
            """,
        run: { arguments throws(Arguments.Fault) in
            let file = try ConfigurationFlags.file(arguments)
            guard ConfigurationFlags.load(arguments, file: file, faults: .text) != nil else { return .configuration }
            let subject = (file ?? ConfigurationFlags.fileOfEnvironment).map { "\($0), " } ?? "no file given: "
            return Output.write("\(subject)flags and environment are right\n") ?? .success
        }
    )
}
