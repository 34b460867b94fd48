// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Testing

/// Time that the machine took from the process.
@Suite("Lost processor time")
struct LostTimeTests {
    @Test(
        "the wait of a thread is the second number of its schedstat",
        arguments: [
            ("8000 59118 12\n", 59118), ("0 0 0\n", 0), ("8000", nil), ("", nil), ("a b c\n", nil),
            ("1 18446744073709551616 1\n", nil),
        ] as [(String, UInt64?)]
    )
    func schedstat(text: String, wait: UInt64?) {
        #expect(Array(text.utf8).withUnsafeBytes { ThreadDelay.nanoseconds(in: $0) } == wait)
    }

    @Test("a thread that is not there has no wait")
    func noThread() { #expect(ThreadDelay(thread: .max).nanoseconds() == nil) }

    @Test(
        "the throttling of a control group is found wherever its line stands",
        arguments: [
            ("usage_usec 1\nnr_throttled 3\nthrottled_usec 250000\nnr_bursts 0\n", 250_000),
            ("throttled_usec 7", 7), ("usage_usec 1\nuser_usec 1\n", nil), ("", nil), ("throttled_usec \n", nil),
            ("throttled_usec", nil), ("xthrottled_usec 1\n", nil), ("\n\nthrottled_usec 0\n", 0),
        ] as [(String, UInt64?)]
    )
    func throttling(text: String, microseconds: UInt64?) {
        #expect(Array(text.utf8).withUnsafeBytes { ControlGroup.throttledMicroseconds(in: $0) } == microseconds)
    }

    @Test(
        "the group is that of version 2, among those of version 1 too",
        arguments: [
            ("0::/\n", "/"), ("0::/system.slice/gohub.service\n", "/system.slice/gohub.service"),
            ("9:name=systemd:/\n1:cpu:/x\n0::/y\n", "/y"), ("1:cpu:/x\n", nil), ("", nil),
        ] as [(String, String?)]
    )
    func group(text: String, path: String?) {
        #expect(Array(text.utf8).withUnsafeBytes { ControlGroup.path(in: $0) } == path)
    }
}
