// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// One direction of a proxied connection: what waits to be passed on, and what holds it up.
///
/// Does no I/O and reads no clock: whoever owns it asks ``next(at:)`` and does as it says.
struct ProxyStream {
    /// What to do now.
    enum Step: Equatable {
        /// Pass on the first so many bytes, and tell by ``wrote(_:at:)`` how many went.
        case write(Int)
        /// Ask again then.
        case wait(until: MonotonicTime)
        /// Ask again when something has changed.
        case rest
        /// Tell the receiver that no more will come.
        case endWriting
        /// Reset the receiver, for the sender was reset.
        case reset
        /// Reset both ends as soon as the receiver has what was passed on.
        case cut
    }

    /// How the sender ended the stream.
    enum Ending { case ended, broken }

    /// How much is taken from the sender before the receiver has taken its part.
    static let capacity = 256 * 1024
    /// How often a second a limited stream passes something on, if only its limit is large enough.
    private static let pulses = 50

    var faults: ProxyFaults
    private var chunks: [(bytes: [UInt8], arrival: MonotonicTime)] = []
    /// The first chunk that was not passed on, and how much of it was.
    private var head = 0
    private var headOffset = 0
    private var buffered = 0
    private var ending: (kind: Ending, arrival: MonotonicTime)?
    /// When a limited stream may pass on more.
    private var nextPulse = MonotonicTime(nanoseconds: 0)
    /// Whether the receiver knows of the end.
    private(set) var hasEnded = false
    private var isDiscarding = false

    init(_ faults: ProxyFaults) {
        self.faults = faults
    }

    /// How many bytes the sender may give now; 0 to leave it unread.
    var room: Int {
        faults.isStopped || isDiscarding || ending != nil ? 0 : max(Self.capacity - buffered, 0)
    }

    /// Takes bytes from the sender.
    mutating func take(_ bytes: UnsafeRawBufferPointer, at now: MonotonicTime) {
        chunks.append((Array(bytes), now))
        buffered += bytes.count
    }

    /// Notes that the sender ended the stream; a break replaces an orderly end.
    mutating func end(_ kind: Ending, at now: MonotonicTime) {
        if kind == .broken || ending == nil { ending = (kind, now) }
        if kind == .broken { hasEnded = false }
    }

    /// Drops all there is and takes no more: the receiver is gone.
    mutating func discard() {
        isDiscarding = true
        chunks = []
        (head, headOffset, buffered) = (0, 0, 0)
    }

    func next(at now: MonotonicTime) -> Step {
        if faults.bytesUntilCut == 0 { return .cut }
        if faults.isStopped || hasEnded { return .rest }
        guard head < chunks.count else {
            guard let ending else { return .rest }
            if now < ending.arrival + faults.delay { return .wait(until: ending.arrival + faults.delay) }
            return ending.kind == .broken ? .reset : .endWriting
        }
        let due = chunks[head].arrival + faults.delay
        if now < due { return .wait(until: due) }
        var count = min(chunks[head].bytes.count - headOffset, faults.bytesUntilCut ?? .max)
        if let rate = faults.bytesPerSecond {
            if rate <= 0 { return .rest }
            if now < nextPulse { return .wait(until: nextPulse) }
            count = min(count, max(rate / Self.pulses, 1))
        }
        return .write(count)
    }

    /// Lends the bytes that a step asked to write.
    func withNext<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        chunks[head].bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[headOffset..<headOffset + count]))
        }
    }

    /// Notes how many bytes the receiver took.
    mutating func wrote(_ count: Int, at now: MonotonicTime) {
        buffered -= count
        headOffset += count
        if headOffset == chunks[head].bytes.count {
            chunks[head].bytes = []
            head += 1
            headOffset = 0
            if head == chunks.count || head > 1024 {
                chunks.removeFirst(head)
                head = 0
            }
        }
        if let left = faults.bytesUntilCut { faults.bytesUntilCut = left - count }
        if let rate = faults.bytesPerSecond, rate > 0 {
            // A timer that was a little late takes nothing away from the rate.
            let earliest = now - .seconds(1) / Self.pulses
            nextPulse = max(nextPulse, earliest) + .nanoseconds(Int64(count) * 1_000_000_000 / Int64(rate))
        }
    }

    /// Notes that the receiver was told of the end.
    mutating func ended() { hasEnded = true }
}
