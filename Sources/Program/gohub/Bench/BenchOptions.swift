// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// What to measure, taken from the command line.
struct BenchOptions: Sendable {
    /// What is measured.
    enum Mode: String, Sendable, CaseIterable {
        case fanout, unicast, connect, idle
    }

    /// How the server wants to be spoken to.
    enum Dialect: String, Sendable, CaseIterable {
        /// Binary publishes of client protocol v1.
        case binary
        /// JSON messages of client protocol v1.
        case json
        /// Any server that sends each binary message to every client.
        case raw
        /// JSON of the centrifuge library's first protocol, whose frames hold one message a line.
        case centrifuge

        /// Whether messages are addressed to topics, and the publisher is no subscriber.
        var hasTopics: Bool { self != .raw }
    }

    let mode: Mode
    let url: HubURL
    let clients: Int
    let inFlight: Int
    let size: Int
    let topics: Int
    let subscribersPerTopic: Int
    let stalled: Int
    let seconds: Int
    let concurrency: Int
    let dialect: Dialect
    let serverPID: Int?
    let isJSON: Bool

    static let flags: [Arguments.Flag] = [
        HubURL.flag,
        Arguments.Flag(name: "clients", value: "N", purpose: "connections (default: 1000)"),
        Arguments.Flag(
            name: "in-flight",
            value: "N",
            purpose: "fanout, unicast: messages sent together before waiting for all (default: 1)"
        ),
        Arguments.Flag(name: "size", value: "BYTES", purpose: "fanout, unicast: payload of a message (default: 64)"),
        Arguments.Flag(name: "topics", value: "N", purpose: "fanout: topics, published to in turn (default: 1)"),
        Arguments.Flag(
            name: "subscribers",
            value: "N",
            purpose: "fanout: subscribers of each topic (default: all clients)"
        ),
        Arguments.Flag(
            name: "stalled",
            value: "N",
            purpose: "fanout: how many more subscribers never read (default: 0)"
        ),
        Arguments.Flag(
            name: "duration",
            value: "SECONDS",
            purpose: "fanout, unicast, idle: how long to measure (default: 5)"
        ),
        Arguments.Flag(
            name: "concurrency",
            value: "N",
            purpose: "fanout, connect, idle: handshakes under way at once (default: 64)"
        ),
        Arguments.Flag(
            name: "dialect",
            value: "NAME",
            purpose: "binary, json, raw for any server that broadcasts, or centrifuge (default: binary)",
            choices: Dialect.allCases.map(\.rawValue)
        ),
        Arguments.Flag(name: "server-pid", value: "PID", purpose: "measure this process's processor time and memory"),
        Arguments.Flag(name: "json", value: nil, purpose: "print JSON"),
    ]

    /// What the flags are for that do not go with every mode.
    private static let modes: KeyValuePairs<String, [Mode]> = [
        "in-flight": [.fanout, .unicast], "size": [.fanout, .unicast], "topics": [.fanout], "subscribers": [.fanout],
        "stalled": [.fanout], "duration": [.fanout, .unicast, .idle], "concurrency": [.fanout, .connect, .idle],
    ]

    init(_ arguments: Arguments) throws(Arguments.Fault) {
        guard arguments.rest.count == 1, let mode = Mode(rawValue: arguments.rest[0]) else {
            throw Arguments.Fault(
                message: "bench needs one of: \(Mode.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        self.mode = mode
        for (flag, modes) in Self.modes where arguments.values[flag] != nil && !modes.contains(mode) {
            let names = modes.map(\.rawValue).joined(separator: ", ")
            throw Arguments.Fault(message: "--\(flag) means nothing to bench \(mode.rawValue): it is for \(names)")
        }
        url = try HubURL(arguments.values["url"] ?? HubURL.default)
        clients = try arguments.integer("clients", in: 1...1_000_000) ?? 1000
        inFlight = try arguments.integer("in-flight", in: 1...100_000) ?? 1
        size = try arguments.integer("size", in: 1...16 << 20) ?? 64
        topics = try arguments.integer("topics", in: 1...1_000_000) ?? 1
        subscribersPerTopic = try arguments.integer("subscribers", in: 1...1_000_000) ?? clients
        stalled = try arguments.integer("stalled", in: 0...100_000) ?? 0
        seconds = try arguments.integer("duration", in: 1...86_400) ?? 5
        concurrency = try arguments.integer("concurrency", in: 1...10_000) ?? 64
        serverPID = try arguments.integer("server-pid", in: 1...Int.max)
        isJSON = arguments.switches.contains("json")
        guard let dialect = Dialect(rawValue: arguments.values["dialect"] ?? Dialect.binary.rawValue) else {
            throw Arguments.Fault(message: "--dialect is binary, json, raw or centrifuge")
        }
        self.dialect = dialect
        guard subscribersPerTopic <= clients else {
            throw Arguments.Fault(message: "--subscribers must not exceed --clients")
        }
        guard dialect != .raw || (topics == 1 && stalled == 0 && mode != .unicast) else {
            throw Arguments.Fault(message: "--dialect raw has no topics and no unicast")
        }
        guard dialect != .centrifuge || mode != .unicast else {
            throw Arguments.Fault(message: "--dialect centrifuge has no unicast")
        }
    }
}
