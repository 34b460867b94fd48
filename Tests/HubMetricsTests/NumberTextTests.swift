// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

@Suite("Numbers on a page")
struct NumberTextTests {
    /// What a gauge of these values shows.
    func shown(_ values: [Double]) -> [String] {
        let registry = Registry()
        let gauge = registry.gauge("t_value", help: "A value.", shown: .diagnostic)
        return values.map { value in
            gauge.set(value)
            return registry.samples().map { String($0.dropFirst("t_value ".count)) }.joined()
        }
    }

    @Test(
        "are written as the shortest digits, whole ones without a point",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (10, "10"), (0.1, "0.1"), (-2.5, "-2.5"), (1e-5, "1e-05"),
            (0.0001, "0.0001"), (123_456_789.125, "123456789.125"), (1_700_000_000.123, "1700000000.123"),
            (0.1 + 0.2, "0.30000000000000004"), (1 / 3.0, "0.3333333333333333"), (2 / 3.0, "0.6666666666666666"),
            (9_007_199_254_740_991, "9007199254740991"), (9_007_199_254_740_992, "9007199254740992"),
            (18_446_744_073_709_551_616, "1.8446744073709552e+19"), (1e22, "1e+22"), (1e23, "1e+23"),
            (.leastNonzeroMagnitude, "5e-324"), (2.2250738585072014e-308, "2.2250738585072014e-308"),
            (1.7976931348623157e308, "1.7976931348623157e+308"), (4.35, "4.35"), (0.3, "0.3"),
            (9_007_199_254_740_993e3, "9.007199254740993e+18"), (1e16, "10000000000000000"),
        ] as [(Double, String)]
    )
    func shortest(value: Double, text: String) {
        #expect(shown([value]) == [text])
    }

    @Test("T4 infinities and NaN are written +Inf, -Inf and NaN")
    func special() {
        #expect(shown([.infinity, -.infinity, .nan, -.nan, .signalingNaN]) == ["+Inf", "-Inf", "NaN", "NaN", "NaN"])
    }

    @Test("read back as the same double, with as few digits as the standard library finds")
    func roundTrip() {
        var draws = SplitMix64(seed: 1)
        var values: [Double] = []
        for _ in 0..<1000 {
            values.append(Double(bitPattern: draws.next()))
            values.append(Double.random(in: 0..<1, using: &draws))
            values.append(Double.random(in: -1e9...1e9, using: &draws))
            values.append(Double(Int.random(in: 0..<1_000_000_000, using: &draws)) / 1e6)
        }
        // Powers of two, where the gap below is half the gap above, and their neighbours.
        for exponent in stride(from: -1074, through: 1023, by: 5) {
            let power = Double(sign: .plus, exponent: exponent, significand: 1)
            values += [power, power.nextUp, power.nextDown]
        }
        values.removeAll { !$0.isFinite }
        for (value, text) in zip(values, shown(values)) {
            #expect(Double(text) == value, "\(value) was written \(text)")
            let digits = significantDigits(text)
            let expected = significantDigits(value.description)
            #expect(digits.count <= expected.count, "\(value) was written \(text)")
        }
    }

    /// The digits without sign, point, exponent and zeros at either end.
    func significantDigits(_ text: String) -> Substring {
        let mantissa = text.split(separator: "e")[0].filter(\.isNumber)
        let trimmed = mantissa.drop { $0 == "0" }
        guard let last = trimmed.lastIndex(where: { $0 != "0" }) else { return "0" }
        return trimmed[...last]
    }

    @Test("whole counts of every length are exact")
    func integers() {
        let registry = Registry()
        let counter = registry.counter("t_total", help: "A count.", shown: .diagnostic)
        var expected: UInt64 = 0
        var values: [UInt64] = []
        for digits in 0..<20 {
            let power = (0..<digits).reduce(UInt64(1)) { power, _ in power * 10 }
            values += [power - 1, power, power + 1]
        }
        values += [99, 100, 101, 12_345, 18_446_744_073_709_551_614, .max]
        for value in values.sorted() {
            counter.increment(by: value - expected)
            expected = value
            #expect(registry.samples() == ["t_total \(value)"])
        }
    }

    @Test(
        "nanoseconds are shown as seconds, exactly",
        arguments: [
            (0, "0"), (1, "0.000000001"), (10, "0.00000001"), (999_999_999, "0.999999999"), (1_000_000_000, "1"),
            (1_000_000_001, "1.000000001"), (1_500_000_000, "1.5"), (60_000_000_000, "60"),
            (9_007_199_254_740_993, "9007199.254740993"), (.max, "18446744073.709551615"),
        ] as [(UInt64, String)]
    )
    func nanoseconds(value: UInt64, text: String) {
        let registry = Registry()
        let counter = registry.secondsCounter("t_seconds_total", help: "A time.", shown: .diagnostic)
        counter.increment(by: value)
        #expect(registry.samples() == ["t_seconds_total \(text)"])
    }
}
