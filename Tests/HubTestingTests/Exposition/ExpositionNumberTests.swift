// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubTesting

@Suite("Numbers of a scrape body")
struct ExpositionNumberTests {
    @Test(
        "bounds are written as no server would rewrite them",
        arguments: [
            (0, "0.0"), (1, "1.0"), (10, "10.0"), (0.005, "0.005"), (0.00025, "0.00025"), (0.0001, "0.0001"),
            (0.00005, "5e-05"), (1e-6, "1e-06"), (2.5, "2.5"), (-2.5, "-2.5"), (100_000, "100000.0"), (1e6, "1e+06"),
            (1_048_576, "1.048576e+06"), (262_144, "262144.0"), (999_999.5, "999999.5"), (123_456.75, "123456.75"),
            (1e100, "1e+100"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)]
    )
    func canonicalBounds(value: Double, text: String) {
        #expect(ExpositionNumber.canonicalBound(value) == text)
    }

    @Test("canonical bounds read back as the same number, whatever the bits")
    func boundsReadBack() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            #expect(ExpositionNumber(ExpositionNumber.canonicalBound(value)) == .canonical(value))
        }
    }

    @Test(
        "only decimal numbers are read",
        arguments: ["", "-", ".", "e5", "1e", "1e+", "0x1", "1_0", "1 ", "٣", "1.2.3"]
    )
    func refuses(text: String) {
        #expect(ExpositionNumber(text) == .unreadable)
    }
}
