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
        /// Every value it takes, where these are a closed set.
        var choices: [String] = []
        /// What people call it who know other programs; only to say the right name.
        var alsoCalled: [String] = []
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
            guard argument.hasPrefix("-"), argument != "-" else {
                rest.append(argument)
                continue
            }
            let dashes = argument.hasPrefix("--") ? 2 : 1
            let parts = argument.dropFirst(dashes).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard dashes == 2, let flag = known[name] else {
                let value = parts.count == 2 ? String(parts[1]) : iterator.next()
                throw Fault(message: Self.unknown(argument.prefix(dashes) + name, name, value, among: flags))
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
            let bounds =
                range.upperBound == .max
                ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw Fault(message: "--\(name) is \"\(text)\", but must be a whole number \(bounds)")
        }
        return number
    }

    /// What to say of a flag that is none; the value tells what would be right.
    private static func unknown(
        _ argument: Substring,
        _ name: String,
        _ value: String?,
        among flags: [Flag]
    ) -> String {
        let near =
            flags.first { $0.name == name || $0.alsoCalled.contains(name) }?.name
            ?? Suggestion.nearest(to: name, among: flags.map(\.name))
        if let near { return "unknown flag \(argument) (did you mean --\(near)?)" }
        if let meant = KeySynonym.meant(by: name, given: value), flags.contains(where: { $0.name == meant.key.flag }) {
            return "unknown flag \(argument) (did you mean --\(meant.key.flag)\(meant.value.map { " " + $0 } ?? "")?)"
        }
        if argument.hasPrefix("--") { return "unknown flag \(argument)" }
        return "unknown flag \(argument): flags begin with two dashes; -- goes before an argument that begins with one"
    }
}
