// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What is wrong with one value.
struct ValueProblem: Error {
    let code: ConfigurationFault.Code
    let what: String
    /// What to do, or what is allowed there.
    var hint = ""
    /// The value that was probably meant, in quotes or not as `meantNote` says; told only if the key takes it.
    var meant: String?
    var meantNote = ""
    /// Whether the hint goes on with an example.
    var wantsExample = false
    /// The line, when it is not the line of the whole value.
    var line: Int?
}

/// The values that a key takes: how they are read, checked, written and described.
struct Domain<Value: Sendable>: Sendable {
    /// The kind of value, for tables: `duration`.
    let type: String
    /// The range or the choices, for tables and messages: `100ms to 24h`.
    let allowed: String
    let read: @Sendable (Scalar) throws(ValueProblem) -> Value
    /// Writes a value as YAML takes it.
    let write: @Sendable (Value) -> String
    /// Every value, where these are a closed set.
    var choices: [String] = []
}

extension Domain<Bool> {
    /// True or false.
    static let truth = Domain(
        type: "switch",
        allowed: "true or false",
        read: { scalar throws(ValueProblem) in
            if scalar.style != .quoted, scalar.text == "true" { return true }
            if scalar.style != .quoted, scalar.text == "false" { return false }
            let meant: [String: String] = [
                "yes": "true", "on": "true", "1": "true", "true": "true",
                "no": "false", "off": "false", "0": "false", "false": "false",
            ]
            throw ValueProblem(
                code: .wrongType,
                what: "\(scalar.shown) is neither true nor false",
                meant: meant[scalar.text.lowercased()],
                meantNote: scalar.style == .quoted ? ", without quotes" : ""
            )
        },
        write: \.description,
        choices: ["true", "false"]
    )
}

extension Domain<Int> {
    /// A whole number in a range; `_` may stand between digits.
    ///
    /// - Parameter note: What a special value means.
    static func whole(_ range: ClosedRange<Int>, note: String = "") -> Domain {
        Domain(
            type: "whole number",
            allowed: "\(grouped(range.lowerBound)) to \(grouped(range.upperBound))" + (note.isEmpty ? "" : ", \(note)"),
            read: { scalar throws(ValueProblem) in
                guard scalar.style != .quoted, let value = wholeNumber(scalar.text) else {
                    let meant = wholeNumber(scalar.text) ?? Double(scalar.text).flatMap { Int(exactly: $0) }
                    throw ValueProblem(
                        code: .wrongType,
                        what: "\(scalar.shown) is not a whole number",
                        meant: meant?.description,
                        meantNote: scalar.style == .quoted ? ", without quotes" : ""
                    )
                }
                try check(value, within: range, scalar)
                return value
            },
            write: \.description
        )
    }
}

extension Domain<Duration> {
    /// A duration in a range.
    ///
    /// - Parameter note: What a special value means.
    static func duration(_ range: ClosedRange<Duration>, note: String = "") -> Domain {
        Domain(
            type: "duration",
            allowed: "\(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))"
                + (note.isEmpty ? "" : ", \(note)"),
            read: { scalar throws(ValueProblem) in
                guard let value = DurationText.parse(scalar.text) else {
                    let meant = DurationText.guess(scalar.text)
                    throw ValueProblem(
                        code: meant == nil ? .wrongType : .badUnit,
                        what: "\(scalar.shown) is not a duration",
                        hint: "whole numbers with ms, s, m or h",
                        meant: meant,
                        wantsExample: true
                    )
                }
                try check(value, within: range, scalar)
                return value
            },
            write: DurationText.text
        )
    }
}

extension Domain<ByteCount> {
    /// A size in a range: a number of bytes, or a number with B, KiB, MiB or GiB.
    ///
    /// - Parameter note: What a special value means.
    static func bytes(_ range: ClosedRange<ByteCount>, note: String = "") -> Domain {
        Domain(
            type: "size",
            allowed: "\(range.lowerBound) to \(range.upperBound)" + (note.isEmpty ? "" : ", \(note)"),
            read: { scalar throws(ValueProblem) in
                let digits = scalar.text.prefix { $0.isASCII && ($0.isNumber || $0 == "_" || $0 == "-") }
                let name = scalar.text.dropFirst(digits.count)
                guard let number = wholeNumber(String(digits)) else {
                    throw ValueProblem(
                        code: .wrongType,
                        what: "\(scalar.shown) is not a size",
                        hint: "a whole number of bytes, or one with KiB, MiB or GiB",
                        wantsExample: true
                    )
                }
                guard let unit = ByteCount.units.first(where: { $0.name == (name.isEmpty ? "B" : name) }) else {
                    let initial = name.first { $0 != " " }?.lowercased()
                    let meant = ByteCount.units.first { $0.name.first?.lowercased() == initial }
                    throw ValueProblem(
                        code: .badUnit,
                        what: "\(scalar.shown) has a unit that is not taken",
                        hint: "units are B, KiB, MiB and GiB",
                        meant: meant.map { "\(digits)\($0.name)" }
                    )
                }
                if number < 0 { throw ValueProblem(code: .outOfRange, what: "\(scalar.shown) is too small") }
                let product = number.multipliedReportingOverflow(by: unit.size)
                let value = ByteCount(product.overflow ? .max : product.partialValue)
                try check(value, within: range, scalar)
                return value
            },
            write: \.description
        )
    }
}

extension Domain<String> {
    /// A text that follows a rule.
    static func text(_ rule: TextRule) -> Domain {
        Domain(
            type: rule.type,
            allowed: rule.allowed,
            read: { scalar throws(ValueProblem) in
                if let objection = rule.objection(scalar.text) {
                    throw ValueProblem(
                        code: .notAllowed,
                        what: "\(rule.isShown ? scalar.shown : "this") is not \(rule.noun)",
                        hint: objection.reason,
                        meant: objection.meant
                    )
                }
                return scalar.text
            },
            write: { "\"\($0)\"" }
        )
    }
}

extension Domain where Value: CaseIterable {
    /// One word of a closed set.
    ///
    /// - Parameter word: How each value is written.
    /// - Parameter elsewhere: Words that are no mistake, but that this build has no code for.
    static func word(_ word: @escaping @Sendable (Value) -> String, elsewhere: [String] = []) -> Domain {
        let words = Value.allCases.map(word)
        return Domain(
            type: "word",
            allowed: words.joined(separator: ", "),
            read: { scalar throws(ValueProblem) in
                if let value = Value.allCases.first(where: { word($0) == scalar.text }) { return value }
                if elsewhere.contains(scalar.text) {
                    throw ValueProblem(code: .notInBuild, what: "\(scalar.shown) is not in this build")
                }
                throw ValueProblem(
                    code: .notAllowed,
                    what: "\(scalar.shown) is not known",
                    meant: Suggestion.nearest(to: scalar.text, among: words)
                )
            },
            write: word,
            choices: words
        )
    }
}

private func check<Value: Comparable>(
    _ value: Value,
    within range: ClosedRange<Value>,
    _ scalar: Scalar
) throws(ValueProblem) {
    if value < range.lowerBound { throw ValueProblem(code: .outOfRange, what: "\(scalar.shown) is too small") }
    if value > range.upperBound { throw ValueProblem(code: .outOfRange, what: "\(scalar.shown) is too large") }
}

/// Writes a whole number that is not negative with `_` between thousands.
private func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in number.description.reversed().enumerated() {
        if index > 0, index % 3 == 0 { text.append("_") }
        text.append(digit)
    }
    return String(text.reversed())
}

/// Reads a whole number, with `_` between digits if one likes; nil when it is none.
///
/// One that does not fit into 64 bits becomes the smallest or largest that does: it is a number, only far outside of any range.
private func wholeNumber(_ text: String) -> Int? {
    let isNegative = text.hasPrefix("-")
    let groups = text.dropFirst(isNegative ? 1 : 0).split(separator: "_", omittingEmptySubsequences: false)
    guard groups.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
    return Int((isNegative ? "-" : "") + groups.joined()) ?? (isNegative ? .min : .max)
}
