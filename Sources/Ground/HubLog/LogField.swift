// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// One named value of a record.
///
/// Keys are constants in lower case with underscores. The keys `time`, `level` and `message` belong to the record itself; a
/// field that takes one of them, or a key of an earlier field, gets an underscore after it in JSON.
@usableFromInline
package struct LogField: Sendable {
    /// The name under which the value is found again.
    package let key: StaticString
    /// The value.
    package let value: LogValue

    /// Names a value of any kind.
    package init(_ key: StaticString, _ value: LogValue) {
        self.key = key
        self.value = value
    }

    /// Names a text; past ``LogEncoder/valueLimit`` bytes it is cut.
    package init(_ key: StaticString, _ value: String) { self.init(key, .string(value)) }

    /// Names a whole number; one beyond 64 bits is written as text.
    package init(_ key: StaticString, _ value: some BinaryInteger) { self.init(key, LogValue(value)) }

    /// Names a number; one that is not finite is written as text.
    package init(_ key: StaticString, _ value: Double) { self.init(key, .double(value)) }

    /// Names a truth.
    package init(_ key: StaticString, _ value: Bool) { self.init(key, .bool(value)) }

    /// Names a span of time: `1.5s` in text, a number of seconds in JSON.
    package init(_ key: StaticString, _ value: Duration) { self.init(key, .duration(value)) }
}

/// What a field can hold.
package enum LogValue: Sendable, Equatable {
    case string(String)
    case int(Int64)
    case unsigned(UInt64)
    case double(Double)
    case bool(Bool)
    case duration(Duration)

    init(_ value: some BinaryInteger) {
        if let signed = Int64(exactly: value) {
            self = .int(signed)
        } else if let unsigned = UInt64(exactly: value) {
            self = .unsigned(unsigned)
        } else {
            self = .string(String(value))
        }
    }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
