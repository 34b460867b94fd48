// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A loop's error")
struct LoopErrorTests {
    @Test("has the reason that fits the system's number, positive or negated")
    func hasReason() {
        let reasons: [(Int32, LoopError.Code)] = [
            (EADDRINUSE, .addressInUse), (EACCES, .notPermitted), (EMFILE, .outOfDescriptors),
            (ENFILE, .outOfDescriptors), (ENOBUFS, .outOfMemory), (ECONNREFUSED, .refused), (ECONNRESET, .reset),
            (ETIMEDOUT, .timedOut), (EHOSTUNREACH, .unreachable), (EADDRNOTAVAIL, .addressNotAvailable),
            (EBUSY, .stillOpen), (EXDEV, .other),
        ]
        for (number, code) in reasons {
            #expect(LoopError(errno: number, doing: "test").code == code)
            let error = LoopError(errno: -number, doing: "test")
            #expect(error.code == code)
            #expect(error.errno == number)
        }
        #expect(
            LoopError(errno: EADDRINUSE, doing: "listen").description == "listen: address already in use (EADDRINUSE)"
        )
    }

    @Test("survives numbers that no system knows", arguments: [0, 99_999, Int32.max, Int32.min, -4095])
    func survivesAnyNumber(number: Int32) {
        #expect(LoopError(errno: number, doing: "test").message.hasPrefix("test: "))
    }

    @Test("has a label for every reason, each different")
    func hasLabels() {
        let labels = LoopError.Code.allCases.map(\.description)
        #expect(Set(labels).count == labels.count)
        #expect(labels.allSatisfy { $0.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7a) || $0 == 0x5f } })
    }
}
