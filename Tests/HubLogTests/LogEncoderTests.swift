// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Foundation
import HubLog
import Testing

@Suite("Records as lines")
struct LogEncoderTests {
    /// The moment 2026-01-02T03:04:05.678Z.
    static let time = LogTime(nanoseconds: 1_767_323_045_678_999_999)

    static func line(_ format: LogFormat, _ message: String, _ fields: [LogField] = []) -> String {
        var bytes: [UInt8] = []
        LogEncoder.append(
            LogRecord(time: time, level: .warning, message: message, fields: fields),
            as: format,
            to: &bytes
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    static func object(_ message: String, _ fields: [LogField] = []) throws -> [String: Any] {
        let parsed = try JSONSerialization.jsonObject(with: Data(line(.json, message, fields).utf8))
        return try #require(parsed as? [String: Any])
    }

    @Test("a text line has time, level, message and the fields")
    func text() {
        let line = Self.line(.text, "write failed", [.init("client", 7), .init("reason", "broken pipe")])
        #expect(line == "2026-01-02T03:04:05.678Z WARN  write failed client=7 reason=\"broken pipe\"\n")
    }

    @Test("a JSON line has time, level, message and the fields")
    func json() {
        let line = Self.line(.json, "write failed", [.init("client", 7), .init("reason", "broken pipe")])
        #expect(
            line == #"{"time":"2026-01-02T03:04:05.678Z","level":"warning","message":"write failed","#
                + #""client":7,"reason":"broken pipe"}"# + "\n"
        )
    }

    @Test(
        "writes the time as RFC 3339 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399_999_000_000, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
            (Int64.max, "2262-04-11T23:47:16.854Z"),
            (Int64.min, "1677-09-21T00:12:43.145Z"),
        ] as [(Int64, String)]
    )
    func times(nanoseconds: Int64, text: String) {
        let record = LogRecord(time: LogTime(nanoseconds: nanoseconds), level: .info, message: "m", fields: [])
        var bytes: [UInt8] = []
        LogEncoder.append(record, as: .text, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == text + " INFO  m\n")
    }

    @Test(
        "writes every kind of value",
        arguments: [
            (.init("k", -5), "k=-5", "-5"),
            (.init("k", UInt64.max), "k=18446744073709551615", "18446744073709551615"),
            (.init("k", UInt8(3)), "k=3", "3"),
            (.init("k", Int128.max), "k=\(Int128.max)", "\"\(Int128.max)\""),
            (.init("k", 1.5), "k=1.5", "1.5"),
            (.init("k", Double.infinity), "k=inf", "\"inf\""),
            (.init("k", Double.nan), "k=nan", "\"nan\""),
            (.init("k", true), "k=true", "true"),
            (.init("k", ""), "k=\"\"", "\"\""),
            (.init("k", "plain-word.1"), "k=plain-word.1", "\"plain-word.1\""),
            (.init("k", "a=b"), "k=\"a=b\"", "\"a=b\""),
            (.init("k", "he said \"no\""), #"k="he said \"no\"""#, #""he said \"no\"""#),
            (.init("k", "C:\\dir"), #"k="C:\\dir""#, #""C:\\dir""#),
            (.init("k", "grün"), "k=\"grün\"", "\"grün\""),
            (.init("k", Duration.milliseconds(1500)), "k=1.5s", "1.5"),
            (.init("k", Duration.microseconds(12345)), "k=12.3ms", "0.012345"),
            (.init("k", Duration.nanoseconds(250)), "k=250ns", "2.5e-07"),
            (.init("k", Duration.microseconds(7)), "k=7µs", "7e-06"),
            (.init("k", Duration.zero), "k=0s", "0.0"),
            (.init("k", Duration.seconds(-3)), "k=-3s", "-3.0"),
            (.init("k", Duration.seconds(86_400)), "k=86400s", "86400.0"),
        ] as [(LogField, String, String)]
    )
    func values(field: LogField, text: String, json: String) {
        #expect(Self.line(.text, "m", [field]).hasSuffix(" m \(text)\n"))
        #expect(Self.line(.json, "m", [field]).hasSuffix(",\"k\":\(json)}\n"))
    }

    /// Every scalar that could end a line, move the cursor or turn the text around.
    static let hostile: [UInt32] =
        Array(0..<0x20) + Array(0x7F..<0xA0) + [0x2028, 0x2029] + Array(0x202A...0x202E) + Array(0x2066...0x2069)

    @Test("no value and no message can start a line or steer a terminal", arguments: [LogFormat.text, .json])
    func cannotForge(format: LogFormat) throws {
        for value in Self.hostile {
            let scalar = try #require(Unicode.Scalar(value))
            let text = "before\(Character(scalar))after"
            let line = Self.line(format, text, [.init("k", text)])
            let raw = line.dropLast().unicodeScalars.filter { Self.hostile.contains($0.value) }
            #expect(raw.isEmpty, "U+\(String(value, radix: 16))")
            #expect(line.hasSuffix("\n"))
        }
    }

    @Test("a JSON line is one object from which the text comes back whole")
    func roundTrip() throws {
        let text =
            String(String.UnicodeScalarView(Self.hostile.compactMap(Unicode.Scalar.init))) + "\"\\/ü€😀\u{2030}\u{A0}"
        let object = try Self.object(text, [.init("k", text), .init("n", 3), .init("d", Double.nan)])
        #expect(object["message"] as? String == text)
        #expect(object["k"] as? String == text)
        #expect(object["n"] as? Int == 3)
        #expect(object["d"] as? String == "nan")
    }

    @Test("keys of the record and repeated keys get an underscore, so that no key stands twice")
    func keys() throws {
        let fields: [LogField] = [.init("message", "f"), .init("time", 1), .init("k", 1), .init("k", 2)]
        let object = try Self.object("m", fields)
        #expect(object["message"] as? String == "m")
        #expect(object["message_"] as? String == "f")
        #expect(object["time_"] as? Int == 1)
        #expect(object["k"] as? Int == 1)
        #expect(object["k_"] as? Int == 2)
    }

    @Test("a key of one scalar and a key with quotes are written")
    func oddKeys() throws {
        let object = try Self.object("m", [LogField("a\"b", 1), LogField(StaticString(unicodeScalarLiteral: "é"), 2)])
        #expect(object["a\"b"] as? Int == 1)
        #expect(object["é"] as? Int == 2)
    }

    @Test("a long text is cut at a character and says how much is missing", arguments: [LogFormat.text, .json])
    func cuts(format: LogFormat) {
        let text = "x" + String(repeating: "é", count: LogEncoder.valueLimit)
        let line = Self.line(format, "m", [.init("k", text)])
        #expect(line.utf8.count < LogEncoder.valueLimit + 200)
        #expect(line.contains("é…(2050 bytes more)"))
        #expect(!Self.line(format, String(repeating: "x", count: LogEncoder.valueLimit)).contains("…"))
    }
}
