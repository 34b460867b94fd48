// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig

/// One of gohub's commands.
struct Command: Sendable {
    /// The word that calls it.
    let name: String
    /// What it takes beside flags, as the help shows it.
    let synopsis: String
    /// What it does, in one sentence.
    let summary: String
    let flags: [Arguments.Flag]
    /// Every word that may stand beside flags, where these are a closed set.
    var choices: [String] = []
    /// What else a user has to know: exit codes, examples.
    var notes = ""
    let run: @Sendable (Arguments) throws(Arguments.Fault) -> ExitCode

    /// All but `help`, in the order in which it shows them.
    static let working: [Command] = [.serve, .check, .pub, .sub, .bench, .metrics, .version]

    /// All of them, `help` last.
    static let all = working + [help]

    /// The command of a name; complains when there is none.
    static func find(_ name: String) -> Command? {
        let command = all.first { $0.name == name }
        if command == nil { Output.complain(unknown(name)) }
        return command
    }

    /// What to say of a name that no command has.
    static func unknown(_ name: String) -> String {
        // A file of configuration, most likely.
        let isPath = name.contains("/") || name.contains(".")
        let near = isPath ? "serve \(name)" : Suggestion.nearest(to: name, among: all.map(\.name))
        let hint = near.map { " (did you mean \($0)?)" } ?? ""
        return "there is no command \"\(name)\"\(hint); `gohub --help` lists them"
    }

    /// The help of this command.
    var help: String {
        var text = "usage: gohub \(name)\(synopsis.isEmpty ? "" : " " + synopsis)\n\n\(summary)\n"
        if !flags.isEmpty {
            let names = flags.map { flag in "--\(flag.name)\(flag.value.map { " " + $0 } ?? "")" }
            let width = (names.map(\.count).max() ?? 0) + 2
            text += "\nflags:\n"
            for (name, flag) in zip(names, flags) {
                text += "  \(name)\(String(repeating: " ", count: width - name.count))\(flag.purpose)\n"
            }
        }
        if !notes.isEmpty { text += "\n\(notes)\n" }
        return text
    }

    /// What gohub is, in one sentence.
    static let purpose = "A WebSocket message hub that its operators can see into."

    /// What the overview says of exit codes.
    static let exitCodes = """
        exit codes: 0 done, 1 failed, 64 wrong command line, 69 hub not reachable or not letting the client in,
        78 wrong configuration, 130 ended by a second signal.
        """

    /// The help of gohub.
    static var overview: String {
        let width = (all.map(\.name.count).max() ?? 0) + 2
        let rows = all.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))\($0.summary)" }
        return """
            usage: gohub [COMMAND] [flags]

            \(purpose)

            commands:
            \(rows.joined(separator: "\n"))

            Without a command gohub serves. `gohub COMMAND --help` says more, `gohub help --json` all of it for programs.

            \(exitCodes)

            """
    }
}
