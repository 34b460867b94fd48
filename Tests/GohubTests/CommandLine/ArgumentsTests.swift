// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import gohub

@Suite("Command lines")
struct ArgumentsTests {
    private static let flags = [
        Arguments.Flag(name: "url", value: "URL", purpose: "where"),
        Arguments.Flag(name: "in-flight", value: "N", purpose: "how many"),
        Arguments.Flag(name: "json", value: nil, purpose: "how"),
    ]

    private func parse(_ arguments: [String]) throws(Arguments.Fault) -> Arguments {
        try Arguments(arguments, flags: Self.flags)
    }

    struct Good: Sendable, CustomTestStringConvertible {
        let line: [String]
        var values: [String: String] = [:]
        var switches: Set<String> = []
        var rest: [String] = []
        var testDescription: String { line.joined(separator: " ") }
    }

    @Test(
        "are taken apart",
        arguments: [
            Good(line: []),
            Good(line: ["a", "b"], rest: ["a", "b"]),
            Good(line: ["--url", "x"], values: ["url": "x"]),
            Good(line: ["--url=x"], values: ["url": "x"]),
            Good(line: ["--url="], values: ["url": ""]),
            Good(line: ["--url", ""], values: ["url": ""]),
            Good(line: ["--url=a=b"], values: ["url": "a=b"]),
            Good(line: ["--url", "-"], values: ["url": "-"]),
            Good(line: ["--url", "-1"], values: ["url": "-1"]),
            Good(line: ["--json"], switches: ["json"]),
            Good(
                line: ["a", "--json", "b", "--url", "x", "c"],
                values: ["url": "x"],
                switches: ["json"],
                rest: ["a", "b", "c"]
            ),
            Good(line: ["-"], rest: ["-"]),
            Good(line: ["a", "-"], rest: ["a", "-"]),
            Good(line: [""], rest: [""]),
            Good(line: ["--"]),
            Good(line: ["--", "--url", "-x", "--"], rest: ["--url", "-x", "--"]),
            Good(line: ["--json", "--", "--json"], switches: ["json"], rest: ["--json"]),
            Good(line: ["--in-flight", "7"], values: ["in-flight": "7"]),
            Good(line: ["é", "--url", "日本"], values: ["url": "日本"], rest: ["é"]),
        ]
    )
    func good(_ line: Good) throws {
        let arguments = try parse(line.line)
        #expect(arguments.values == line.values)
        #expect(arguments.switches == line.switches)
        #expect(arguments.rest == line.rest)
    }

    @Test(
        "are refused with what is wrong",
        arguments: [
            (["--nonsense"], "unknown flag --nonsense"),
            (["--ur"], "unknown flag --ur (did you mean --url?)"),
            (["--urls"], "unknown flag --urls (did you mean --url?)"),
            (["--inflight", "3"], "unknown flag --inflight (did you mean --in-flight?)"),
            (["--URL=x"], "unknown flag --URL (did you mean --url?)"),
            (
                ["-u", "x"],
                "unknown flag -u: flags begin with two dashes; -- goes before an argument that begins with one"
            ),
            (["-json"], "unknown flag -json (did you mean --json?)"),
            (["--url"], "--url needs a value"),
            (["a", "--in-flight"], "--in-flight needs a value"),
            (["--url", "x", "--url", "y"], "--url is given twice"),
            (["--url=x", "--url=x"], "--url is given twice"),
            (["--json", "--json"], "--json is given twice"),
            (["--json=yes"], "--json takes no value"),
            (["--json="], "--json takes no value"),
        ]
    )
    func bad(line: [String], message: String) {
        #expect(throws: Arguments.Fault(message: message)) { try parse(line) }
    }

    @Test(
        "of a command with a configuration are answered with the right spelling",
        arguments: [
            ("--port 9000", "--port (did you mean --server-addr :9000?)"),
            ("--port=9000", "--port (did you mean --server-addr :9000?)"),
            ("-p 9000", "-p (did you mean --server-addr :9000?)"),
            ("--port", "--port (did you mean --server-addr?)"),
            ("--port 70000", "--port (did you mean --server-addr?)"),
            ("--adress :80", "--adress (did you mean --server-addr?)"),
            ("--addr :80", "--addr (did you mean --server-addr?)"),
            ("--max-connections 5", "--max-connections (did you mean --server-max-connections?)"),
            ("-c a.yaml", "-c (did you mean --config?)"),
            ("-config a.yaml", "-config (did you mean --config?)"),
            ("--zebra", "--zebra"),
        ]
    )
    func spelling(line: String, answer: String) {
        #expect(throws: Arguments.Fault(message: "unknown flag \(answer)")) {
            try Arguments(line.split(separator: " ").map(String.init), flags: ConfigurationFlags.all)
        }
    }

    @Test("the configuration file may stand alone, but only once")
    func file() throws {
        func file(_ line: [String]) throws(Arguments.Fault) -> String? {
            try ConfigurationFlags.file(Arguments(line, flags: ConfigurationFlags.all))
        }
        #expect(try file([]) == nil)
        #expect(try file(["a.yaml"]) == "a.yaml")
        #expect(try file(["--config", "a.yaml"]) == "a.yaml")
        #expect(throws: Arguments.Fault(message: "one configuration file is enough: a, b")) { try file(["a", "b"]) }
        #expect(throws: Arguments.Fault(message: "one configuration file is enough: b, a")) {
            try file(["a", "--config", "b"])
        }
    }

    @Test(
        "numbers are whole and within their range",
        arguments: [
            ("1", 1), ("100", 100), ("007", 7), ("+5", 5), ("0", nil), ("101", nil), ("-1", nil), ("1.0", nil),
            ("", nil),
            ("1e2", nil), (" 1", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)]
    )
    func numbers(text: String, number: Int?) throws {
        let arguments = try parse(["--in-flight", text])
        if let number {
            #expect(try arguments.integer("in-flight", in: 1...100) == number)
        } else {
            let message = "--in-flight is \"\(text)\", but must be a whole number from 1 to 100"
            #expect(throws: Arguments.Fault(message: message)) { try arguments.integer("in-flight", in: 1...100) }
        }
    }

    @Test("a number without an upper bound is refused without naming one")
    func unbounded() throws {
        let arguments = try parse(["--in-flight", "0"])
        let message = "--in-flight is \"0\", but must be a whole number of at least 1"
        #expect(throws: Arguments.Fault(message: message)) { try arguments.integer("in-flight", in: 1...Int.max) }
    }

    @Test("a number that is not given is none")
    func noNumber() throws {
        #expect(try parse([]).integer("in-flight", in: 1...100) == nil)
    }
}
