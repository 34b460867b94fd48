// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Foundation
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

    @Test("the help for programs has every command, every flag, every key, and the closed sets of values")
    func json() throws {
        let help = try JSONDecoder().decode(Help.self, from: Data(Command.json))
        #expect(help.version == Version.current)
        #expect(help.purpose == Command.purpose)
        #expect(help.notes == Command.exitCodes)
        #expect(help.commands.map(\.name) == Command.all.map(\.name))
        for (told, command) in zip(help.commands, Command.all) {
            #expect(told.synopsis == command.synopsis)
            #expect(told.summary == command.summary)
            #expect(told.notes == command.notes)
            #expect(told.flags.map(\.name) == command.flags.map(\.name))
            #expect(told.flags.map(\.value) == command.flags.map(\.value))
            #expect(told.flags.map(\.purpose) == command.flags.map(\.purpose))
        }
        #expect(help.sections.map(\.path) == ConfigurationKey.sections.map(\.path))
        let keys = help.sections.flatMap(\.keys)
        #expect(Set(keys.map(\.path)) == Set(ConfigurationKey.all.map(\.path)))
        let policy = try #require(keys.first { $0.path == "hub.slow_client_policy" })
        #expect(policy.variable == "GOHUB_HUB_SLOW_CLIENT_POLICY")
        #expect(policy.flag == "hub-slow-client-policy")
        #expect(policy.choices == ["disconnect", "drop_oldest", "drop_newest"])
        let serve = try #require(help.commands.first { $0.name == "serve" })
        #expect(serve.flags.first { $0.name == policy.flag }?.choices == policy.choices)
        #expect(serve.flags.first { $0.name == "bus-accept-bare" }?.choices == ["true", "false"])
        #expect(serve.flags.first { $0.name == "server-addr" }?.choices.isEmpty == true)
        let bench = try #require(help.commands.first { $0.name == "bench" })
        #expect(bench.choices == ["fanout", "unicast", "connect", "idle"])
        #expect(bench.flags.first { $0.name == "dialect" }?.choices == ["binary", "json", "raw", "centrifuge"])
    }

    /// What `gohub help --json` prints.
    private struct Help: Decodable {
        struct Flag: Decodable {
            let name: String
            let value: String?
            let purpose: String
            let choices: [String]
        }
        struct Told: Decodable {
            let name, synopsis, summary, notes: String
            let choices: [String]
            let flags: [Flag]
        }
        struct Key: Decodable {
            let path, variable, flag, type, allowed, `default`, purpose: String
            let choices: [String]
        }
        struct Section: Decodable {
            let path, purpose: String
            let keys: [Key]
        }
        let version, purpose, notes: String
        let commands: [Told]
        let sections: [Section]
    }

    @Test("commands have different names")
    func names() {
        #expect(Set(Command.all.map(\.name)).count == Command.all.count)
    }

    @Test(
        "a command that is none is answered with the one that may be meant",
        arguments: [
            ("serv", " (did you mean serve?)"), ("hlep", " (did you mean help?)"),
            ("hub.yaml", " (did you mean serve hub.yaml?)"), ("nonsense", ""),
        ]
    )
    func unknown(name: String, hint: String) {
        #expect(Command.unknown(name) == "there is no command \"\(name)\"\(hint); `gohub --help` lists them")
    }
}
