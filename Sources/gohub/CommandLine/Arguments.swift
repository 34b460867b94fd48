// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig

/// A command line taken apart: flags with their values, switches, and the rest.
struct Arguments: Sendable {
    /// A flag that a command takes.
    struct Flag: Sendable {
        /// The name without dashes.
        let name: String
        /// What stands for its value in the help; nil for a switch.
        let value: String?
        /// What it does, in a few words.
        let purpose: String
        /// Whether the help lists it.
        var isListed = true
    }

    /// Why a command line cannot be understood.
    struct Fault: Error, Equatable {
        let message: String
    }

    private(set) var values: [String: String] = [:]
    private(set) var switches: Set<String> = []
    private(set) var rest: [String] = []

    /// Reads `--name value`, `--name=value`, `--switch`; everything behind `--` is taken as it stands.
    init(_ arguments: some Sequence<String>, flags: [Flag]) throws(Fault) {
        let known = Dictionary(flags.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var iterator = arguments.makeIterator()
        while let argument = iterator.next() {
            if argument == "--" {
                while let next = iterator.next() { rest.append(next) }
                return
            }
            guard argument.hasPrefix("--") else {
                guard argument == "-" || !argument.hasPrefix("-") else {
                    throw Fault(
                        message: "unknown flag \(argument): flags have two dashes; what is none goes behind --"
                    )
                }
                rest.append(argument)
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let flag = known[name] else {
                throw Fault(message: "unknown flag --\(name)\(Self.suggestion(for: name, among: flags))")
            }
            guard values[name] == nil, !switches.contains(name) else {
                throw Fault(message: "--\(name) is given twice")
            }
            guard flag.value != nil else {
                guard parts.count == 1 else { throw Fault(message: "--\(name) takes no value") }
                switches.insert(name)
                continue
            }
            guard let value = parts.count == 2 ? String(parts[1]) : iterator.next() else {
                throw Fault(message: "--\(name) needs a value")
            }
            values[name] = value
        }
    }

    /// A whole number out of a range; nil when the flag is not given.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Fault) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Fault(
                message:
                    "--\(name) is \"\(text)\", but must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    private static func suggestion(for name: String, among flags: [Flag]) -> String {
        Suggestion.nearest(to: name, among: flags.map(\.name))
            .map { " (did you mean --\($0)?)" } ?? ""
    }
}
