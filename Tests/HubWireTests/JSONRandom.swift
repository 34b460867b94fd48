// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Makes random documents, the same ones each time for the same seed.
struct JSONRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {  // SplitMix64
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// One of some choices.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[below(choices.count)] }

    /// A document with white space in odd places, escapes in odd forms, and no more than a few levels.
    mutating func document(depth: Int = 4) -> String {
        space() + value(depth: depth) + space()
    }

    /// A text of characters from all over Unicode, those that JSON must escape among them.
    mutating func text() -> String {
        String(String.UnicodeScalarView((0..<below(20)).map { _ in scalar() }))
    }

    private mutating func value(depth: Int) -> String {
        switch below(depth > 0 ? 8 : 5) {
        case 0: return pick(["null", "true", "false"])
        case 1, 2: return number()
        case 3, 4: return string().token
        case 5:
            let elements = (0..<below(5)).map { _ in space() + value(depth: depth - 1) + space() }
            return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
        default:
            let members = (0..<below(5)).map { _ in
                space() + string().token + space() + ":" + space() + value(depth: depth - 1) + space()
            }
            return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
        }
    }

    private mutating func number() -> String {
        let whole = pick(["0", "7", "42", "9007199254740993", "123456789012345678901234567890"])
        let fraction = pick(["", "", ".0", ".50", ".000000000000000000001"])
        return pick(["", "-"]) + whole + fraction + pick(["", "", "e5", "E-7", "e+400"])
    }

    /// A string in one of the many forms that JSON has for it, and the text that it stands for.
    mutating func string() -> (token: String, text: String) {
        var (token, text) = ("", String.UnicodeScalarView())
        for _ in 0..<below(12) {
            let scalar = scalar()
            text.append(scalar)
            token += form(of: scalar)
        }
        return ("\"\(token)\"", String(text))
    }

    private mutating func form(of scalar: Unicode.Scalar) -> String {
        if below(4) == 0 { return codeUnits(of: scalar) }
        switch scalar {
        case "\"", "\\", "/": return "\\" + String(scalar)
        case "\n": return "\\n"
        case "\t": return "\\t"
        default: return scalar.value < 0x20 ? codeUnits(of: scalar) : String(scalar)
        }
    }

    private mutating func codeUnits(of scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16, uppercase: below(2) == 0)
            return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }.joined()
    }

    private mutating func scalar() -> Unicode.Scalar {
        let value =
            switch below(6) {
            case 0: UInt32(below(0x20))
            case 1: UInt32(pick([0x22, 0x5C, 0x2F, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF]))
            case 2: UInt32(below(0x110000))
            default: UInt32(0x20 + below(0x5F))
            }
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    private mutating func space() -> String {
        below(3) == 0 ? String((0..<below(4)).map { _ in pick([" ", "\t", "\n", "\r"] as [Character]) }) : ""
    }
}
