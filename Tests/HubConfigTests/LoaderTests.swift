// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Foundation
import HubConfig
import HubLog
import Testing

@Suite("Sources of a configuration")
struct LoaderTests {
    static func load(
        _ text: String = "",
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws -> Configuration {
        try ConfigurationLoader.load(text: text, name: "c.yaml", environment: environment, flags: flags)
    }

    @Test(
        "nothing, comments and empty sections are the defaults",
        arguments: [
            "", "# nothing\n", "---\n", "server:\nhub: ~\ncluster:\n  etcd:\n", "{}", "\u{FEFF}server: {}\r\n",
            "\t\n \t \r\n",
        ]
    )
    func empty(text: String) throws {
        #expect(try Self.load(text) == Configuration())
    }

    @Test("sections may be written on one line")
    func sample() throws {
        let text = """
            server:  { addr: ":8080", admin_addr: "", read_timeout: 3m, write_timeout: 3m }
            hub:     { message_buffer_cap: 256 }
            bus:     { type: noop }
            cluster: { enabled: false, etcd: { endpoints: ["http://etcd:2379"], dial_timeout: 5s, key_prefix: "/gohub" } }
            """
        #expect(try Self.load(text) == Configuration())
    }

    @Test("no file, no environment and no flags are the defaults")
    func defaults() throws {
        #expect(try ConfigurationLoader.load() == Configuration())
    }

    @Test("reads every kind of value")
    func kinds() throws {
        let configuration = try Self.load(
            """
            server:
              addr: "[::1]:9000"   # a comment
              loops: 2
              max_connections: 1_000
              read_timeout: 1h30m
              close_timeout: '1500ms'
              max_head_bytes: 8192
              allowed_origins:
                - https://app.example.org:8443
                - "*.example.org"
            hub: { node_id: node-7, max_message_bytes: 64KiB, slow_client_policy: drop_oldest }
            cluster: { enabled: false, etcd: { endpoints: ["https://[::1]:2379"], key_prefix: /a/b } }
            log: { level: "debug", format: json }
            """
        )
        var expected = Configuration()
        expected.server.addr = "[::1]:9000"
        expected.server.loops = 2
        expected.server.maxConnections = 1000
        expected.server.readTimeout = .seconds(5400)
        expected.server.closeTimeout = .milliseconds(1500)
        expected.server.maxHeadBytes = .kibibytes(8)
        expected.server.allowedOrigins = ["https://app.example.org:8443", "*.example.org"]
        expected.hub.nodeId = "node-7"
        expected.hub.maxMessageBytes = .kibibytes(64)
        expected.hub.slowClientPolicy = .dropOldest
        expected.cluster.etcd.endpoints = ["https://[::1]:2379"]
        expected.cluster.etcd.keyPrefix = "/a/b"
        expected.log.level = .debug
        expected.log.format = .json
        #expect(configuration == expected)
    }

    @Test("a flag wins over the environment, the environment over the file, the file over the default")
    func precedence() throws {
        let text = "server:\n  addr: \":1\"\n  loops: 1\n  max_connections: 1\n"
        let configuration = try Self.load(
            text,
            environment: ["GOHUB_SERVER_ADDR": ":2", "GOHUB_SERVER_LOOPS": "2"],
            flags: ["server-addr": ":3"]
        )
        #expect(configuration.server.addr == ":3")
        #expect(configuration.server.loops == 2)
        #expect(configuration.server.maxConnections == 1)
        #expect(configuration.server.maxHeadBytes == .kibibytes(16))
    }

    @Test("the environment and flags take lists with commas, switches, and empty texts where a key does")
    func texts() throws {
        let configuration = try Self.load(
            "cluster:\n  enabled: false\nserver:\n  allowed_origins: [\"https://a.example\"]\n  admin_addr: \":1\"",
            environment: [
                "GOHUB_SERVER_ALLOWED_ORIGINS": "", "GOHUB_SERVER_ADMIN_ADDR": "",
                "GOHUB_CLUSTER_ETCD_ENDPOINTS": "http://a:1, https://b",
            ],
            flags: ["cluster-enabled": "false"]
        )
        #expect(configuration.server.allowedOrigins == [])
        #expect(configuration.server.adminAddr == "")
        #expect(configuration.cluster.etcd.endpoints == ["http://a:1", "https://b"])
    }

    @Test("faults of the environment and of flags name the variable and the flag, after those of the file")
    func named() {
        let found = faults(
            "log:\n  level: loud",
            environment: [
                "GOHUB_CONFG": "x", "GOHUB_SERVR_ADDR": ":1", "GOHUB_SERVER_LOOPS": "-4", "GOHUB_SERVER_ADDR": "",
                "GOHUB_CLUSTER_ETCD_ENDPOINTS": "http://a,", "GOHUB_LOG_LEVEL": "null", "GOHUB_CLUSTER_ENABLED": "TRUE",
                "GOHUB_": "", "PATH": "/bin", "gohub_server_addr": "x",
            ],
            flags: ["server-adr": "1", "hub-ping-interval": "5"]
        )
        #expect(
            found.map(\.description) == [
                #"c.yaml:2: log.level: "loud" is not known, allowed is trace, debug, info, warning, error"#,
                "environment GOHUB_: unknown variable",
                #"environment GOHUB_CLUSTER_ENABLED: cluster.enabled: "TRUE" is neither true nor false, "#
                    + "allowed is true or false (did you mean true?)",
                #"environment GOHUB_CLUSTER_ETCD_ENDPOINTS: cluster.etcd.endpoints: "" is not a URL, "#
                    + "allowed is 1 to 32 of http://host[:port] or https://host[:port]",
                "environment GOHUB_CONFG: unknown variable (did you mean GOHUB_CONFIG?)",
                #"environment GOHUB_LOG_LEVEL: log.level: "null" is not known, "#
                    + "allowed is trace, debug, info, warning, error",
                #"environment GOHUB_SERVER_ADDR: server.addr: "" is not an address, "#
                    + "allowed is host:port, :port or [IPv6]:port (the port is missing)",
                #"environment GOHUB_SERVER_LOOPS: server.loops: "-4" is too small, allowed is 0 to 256, 0 is one a core"#,
                "environment GOHUB_SERVR_ADDR: unknown variable (did you mean GOHUB_SERVER_ADDR?)",
                #"flag --hub-ping-interval: hub.ping_interval: "5" is not a duration, allowed is 100ms to 1h "#
                    + "(did you mean 5s?)",
                "flag --server-adr: unknown flag (did you mean --server-addr?)",
            ]
        )
    }

    @Test("a wrong value in the file is a fault even when a flag overrides it")
    func overridden() {
        #expect(faults("server:\n  loops: x", flags: ["server-loops": "1"]).map(\.code) == [.wrongType])
    }

    @Test(
        "variables that Kubernetes, Docker and test runs set are not ours to judge",
        arguments: [
            ("GOHUB_CONFIG", ""), ("GOHUB_TEST_REDIS", "x"), ("GOHUB_SERVICE_HOST", "10.0.0.1"),
            ("GOHUB_SERVICE_PORT", "8080"), ("GOHUB_SERVICE_PORT_HTTP", "8080"), ("GOHUB_PORT", "tcp://10.0.0.1:8080"),
            ("GOHUB_PORT_8080_TCP", "tcp://10.0.0.1:8080"), ("GOHUB_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("GOHUB_ADMIN_SERVICE_HOST", "10.0.0.1"), ("GOHUB_ADMIN_PORT_53_UDP_PROTO", "udp"),
        ]
    )
    func foreign(name: String, text: String) throws {
        #expect(try Self.load(environment: [name: text]) == Configuration())
    }

    @Test(
        "variables that only look like those are faults",
        arguments: ["GOHUB_PORT", "GOHUB_PORT_X_TCP", "GOHUB_TESTS"]
    )
    func notForeign(name: String) {
        #expect(faults(environment: [name: "8080"]).map(\.code) == [.unknownKey])
    }

    // MARK: Files

    @Test("reads the file that the flag names, or else the one that the environment names")
    func files() throws {
        let folder = try Folder()
        let one = try folder.write("one.yaml", "server:\n  loops: 1\n")
        let two = try folder.write("two.yaml", "server:\n  loops: 2\n")
        #expect(try ConfigurationLoader.load(file: one, environment: ["GOHUB_CONFIG": two]).server.loops == 1)
        #expect(try ConfigurationLoader.load(environment: ["GOHUB_CONFIG": two]).server.loops == 2)
    }

    @Test("a file that is not there is a fault that says what was tried, beside the other faults")
    func missing() throws {
        let folder = try Folder()
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.load(
                file: folder.path + "/no.yaml",
                flags: ["server-loops": "x", "hub-ping-interval": "1s"]
            )
        }
        #expect(error.faults.map(\.code) == [.unreadable, .wrongType])
        let file = folder.path + "/no.yaml"
        #expect(
            error.faults.first?.description
                == "\(file): the configuration cannot be read: No such file or directory (tried \(file), named by the command line)"
        )
        #expect(error.description.split(separator: "\n").count == 2)
    }

    @Test("a relative file that is not there is named in full")
    func relative() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationLoader.load(environment: ["GOHUB_CONFIG": "no/such.yaml"])
        }
        let folder = FileManager.default.currentDirectoryPath
        #expect(error.faults.first?.hint == "tried \(folder)/no/such.yaml, named by GOHUB_CONFIG")
    }

    @Test("a folder, an endless file and a file of noise are faults")
    func unreadable() throws {
        let folder = try Folder()
        let large = try folder.write("large.yaml", String(repeating: "#\n", count: 600_000))
        let noise = folder.path + "/noise.yaml"
        try Data([0x6C, 0x6F, 0x67, 0x0A, 0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: noise))
        let reasons = [folder.path, large, noise].map { file -> ConfigurationFault? in
            let error = #expect(throws: ConfigurationError.self) { try ConfigurationLoader.load(file: file) }
            return error?.faults.first
        }
        #expect(reasons[0]?.what == "the configuration cannot be read: Is a directory")
        #expect(reasons[1]?.what == "the configuration cannot be read: it has more than 1MiB")
        #expect(reasons[2]?.code == .notYAML)
        #expect(reasons[2]?.origin == .file(noise, line: 2))
    }

    /// A folder that goes away with the test.
    final class Folder {
        let path: String

        init() throws {
            let url = FileManager.default.temporaryDirectory.appendingPathComponent("gohub-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            path = url.path
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws -> String {
            let file = "\(path)/\(name)"
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            return file
        }
    }
}
