// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Command {
    /// Prints the help.
    static let help = Command(
        name: "help",
        synopsis: "[COMMAND]",
        summary: "Prints the help: the list of commands, or all of one.",
        flags: [
            Arguments.Flag(name: "json", value: nil, purpose: "print all of it and the table of keys, for programs")
        ],
        choices: working.map(\.name),
        run: { arguments throws(Arguments.Fault) in
            let isJSON = arguments.switches.contains("json")
            guard arguments.rest.count <= (isJSON ? 0 : 1) else {
                throw Arguments.Fault(message: "help takes one command, or --json")
            }
            if isJSON { return Output.write(json) ?? .success }
            guard let name = arguments.rest.first else { return Output.write(overview) ?? .success }
            return find(name).map { Output.write($0.help) ?? .success } ?? .usage
        }
    )
}
