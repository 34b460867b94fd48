// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@testable import gohub

@Suite("Commands")
struct CommandTests {
    @Test("the overview names each command and each exit code")
    func overview() {
        for command in Command.all {
            #expect(Command.overview.contains("  \(command.name) "))
            #expect(Command.overview.contains(command.summary))
        }
        for code in ["0 ", "1 ", "64 ", "69 ", "78 ", "130 "] { #expect(Command.overview.contains(code)) }
    }

    @Test("the help of a command says how it is called and lists each of its flags", arguments: Command.all.map(\.name))
    func help(name: String) throws {
        let command = try #require(Command.all.first { $0.name == name })
        let lines = command.help.split(separator: "\n").map(String.init)
        #expect(lines.first?.hasPrefix("usage: gohub \(name)") == true)
        #expect(lines.contains(command.summary))
        for flag in command.flags {
            let start = "  --\(flag.name)\(flag.value.map { " " + $0 } ?? "") "
            let line = try #require(lines.first { $0.hasPrefix(start) }, "no help of --\(flag.name)")
            #expect(line.hasSuffix(flag.purpose))
            #expect(!flag.purpose.isEmpty)
        }
        #expect(Set(command.flags.map(\.name)).count == command.flags.count)
        #expect(command.summary.hasSuffix("."))
    }

    @Test(
        "serve and check have a flag for each key of the configuration",
        arguments: [Command.serve, .check].map(\.name)
    )
    func keys(name: String) throws {
        let command = try #require(Command.all.first { $0.name == name })
        let flags = Set(command.flags.map(\.name))
        #expect(flags == Set(ConfigurationKey.all.map(\.flag) + ["config"]))
    }

    @Test("commands have different names")
    func names() {
        #expect(Set(Command.all.map(\.name)).count == Command.all.count)
        #expect(Command.all.count == 7)
    }
}
