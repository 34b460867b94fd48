// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@testable import HubTesting

@Suite("One direction of a proxied connection")
struct ProxyStreamTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func stream(_ change: (inout ProxyFaults) -> Void = { _ in }) -> ProxyStream {
        var faults = ProxyFaults()
        change(&faults)
        return ProxyStream(faults)
    }

    @Test("passes on what came and then its end, once")
    func passes() {
        var stream = stream()
        #expect(stream.next(at: start) == .rest)
        take([1, 2, 3], into: &stream, at: start)
        stream.end(.ended, at: start)
        #expect(stream.room == 0)
        #expect(stream.next(at: start) == .write(3))
        stream.wrote(2, at: start)
        #expect(stream.next(at: start) == .write(1))
        stream.wrote(1, at: start)
        #expect(stream.next(at: start) == .endWriting)
        stream.ended()
        #expect(stream.next(at: start) == .rest)
        stream.end(.broken, at: start)
        #expect(stream.next(at: start) == .reset)
    }

    @Test("holds bytes and end back for as long as the delay is, whenever that is set")
    func delays() {
        var stream = stream { $0.delay = .seconds(2) }
        take(10, into: &stream, at: start)
        stream.end(.ended, at: start + .seconds(1))
        #expect(stream.next(at: start) == .wait(until: start + .seconds(2)))
        stream.faults.delay = .seconds(1)
        #expect(stream.next(at: start + .seconds(1)) == .write(10))
        stream.wrote(10, at: start + .seconds(1))
        #expect(stream.next(at: start + .seconds(1)) == .wait(until: start + .seconds(2)))
        #expect(stream.next(at: start + .seconds(2)) == .endWriting)
    }

    @Test("takes no more than its capacity, and more when some of it has gone")
    func bounded() {
        var stream = stream()
        take(ProxyStream.capacity - 1, into: &stream, at: start)
        #expect(stream.room == 1)
        take(1, into: &stream, at: start)
        #expect(stream.room == 0)
        stream.wrote(5, at: start)
        #expect(stream.room == 5)
        stream.discard()
        #expect(stream.room == 0)
        #expect(stream.next(at: start) == .rest)
    }

    @Test("keeps to its rate, however late it is asked")
    func limits() {
        var stream = stream { $0.bytesPerSecond = 1000 }
        take(10_000, into: &stream, at: start)
        var now = start
        var passed = 0
        while now < start + .seconds(5) {
            switch stream.next(at: now) {
            case .write(let count):
                stream.wrote(count, at: now)
                passed += count
            case .wait(let time): now = time + .milliseconds(9)
            case let step:
                Issue.record("\(step)")
                return
            }
        }
        #expect(abs(passed - 5000) <= 40)
        stream.faults.bytesPerSecond = 0
        #expect(stream.next(at: now) == .rest)
    }

    @Test("a stopped stream takes nothing, passes nothing on and forgets nothing")
    func stops() {
        var stream = stream()
        take(4, into: &stream, at: start)
        stream.faults.isStopped = true
        #expect(stream.room == 0)
        stream.end(.broken, at: start)
        #expect(stream.next(at: start) == .rest)
        stream.faults.isStopped = false
        #expect(stream.next(at: start) == .write(4))
        stream.wrote(4, at: start)
        #expect(stream.next(at: start) == .reset)
    }

    @Test("is cut after just so many bytes")
    func cuts() {
        var stream = stream { $0.bytesUntilCut = 7 }
        take(5, into: &stream, at: start)
        take(5, into: &stream, at: start)
        #expect(stream.next(at: start) == .write(5))
        stream.wrote(5, at: start)
        #expect(stream.next(at: start) == .write(2))
        stream.wrote(2, at: start)
        #expect(stream.next(at: start) == .cut)
    }

    @Test("many small pieces keep their order")
    func manyPieces() {
        var stream = stream()
        for round in 0..<3 {
            for number in 0..<3000 { take([UInt8(truncatingIfNeeded: number)], into: &stream, at: start) }
            for number in 0..<2999 {
                guard case .write(1) = stream.next(at: start) else {
                    Issue.record("no byte \(number) in round \(round)")
                    return
                }
                #expect(stream.withNext(1) { $0[0] } == UInt8(truncatingIfNeeded: number))
                stream.wrote(1, at: start)
            }
            stream.wrote(1, at: start)
        }
        #expect(stream.room == ProxyStream.capacity)
    }

    private func take(_ count: Int, into stream: inout ProxyStream, at now: MonotonicTime) {
        take([UInt8](repeating: 1, count: count), into: &stream, at: now)
    }

    private func take(_ bytes: [UInt8], into stream: inout ProxyStream, at now: MonotonicTime) {
        bytes.withUnsafeBytes { stream.take($0, at: now) }
    }
}
