// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// Points from a counted event to the trace in which it happened.
///
/// Shown in OpenMetrics only, as `trace_id` and `span_id`: 63 code points of the 128 allowed.
package struct Exemplar: Sendable, Equatable {
    /// The trace's 128 bits, the first half first.
    package var traceID: (high: UInt64, low: UInt64)
    /// The span's 64 bits.
    package var spanID: UInt64

    /// An exemplar of this span.
    package init(traceID: (high: UInt64, low: UInt64), spanID: UInt64) {
        self.traceID = traceID
        self.spanID = spanID
    }

    package static func == (one: Exemplar, other: Exemplar) -> Bool {
        one.traceID == other.traceID && one.spanID == other.spanID
    }
}

/// Holds one exemplar; 64 bytes.
///
/// Whoever finds the slot taken goes on without it: an exemplar is a sample, a lost one no loss. An exemplar is kept for
/// at least 7 s, so that each scrape finds some and a busy bucket is written seldom, and is shown for at most 70 s.
@usableFromInline
struct ExemplarSlot: ~Copyable {
    /// How long an exemplar is kept at least, in milliseconds.
    static let minimumAge: Int64 = 7_000
    /// How long an exemplar is shown at most, in milliseconds.
    static let maximumAge: Int64 = 70_000

    private let taken = Atomic<Bool>(false)
    /// When it was noted, in Unix milliseconds; 0 while empty.
    private let time = Atomic<Int64>(0)
    private let value = Atomic<UInt64>(0)
    private let high = Atomic<UInt64>(0)
    private let low = Atomic<UInt64>(0)
    private let span = Atomic<UInt64>(0)
    private let pad: (UInt64, UInt64) = (0, 0)

    init() {}

    /// Keeps the exemplar unless the one there is younger than the minimum age, or another thread is at it.
    func offer(_ exemplar: Exemplar, value: UInt64, now: Int64) {
        let kept = time.load(ordering: .relaxed)
        if kept != 0, now &- kept < Self.minimumAge, now >= kept { return }
        guard !taken.exchange(true, ordering: .acquiring) else { return }
        self.value.store(value, ordering: .relaxed)
        high.store(exemplar.traceID.high, ordering: .relaxed)
        low.store(exemplar.traceID.low, ordering: .relaxed)
        span.store(exemplar.spanID, ordering: .relaxed)
        time.store(now, ordering: .relaxed)
        taken.store(false, ordering: .releasing)
    }

    /// The exemplar, its value and its time, unless it is too old, there is none or a thread is at it.
    func read(now: Int64) -> (exemplar: Exemplar, value: UInt64, time: Int64)? {
        let noted = time.load(ordering: .relaxed)
        guard noted != 0, now &- noted <= Self.maximumAge else { return nil }
        guard !taken.exchange(true, ordering: .acquiring) else { return nil }
        defer { taken.store(false, ordering: .releasing) }
        let exemplar = Exemplar(
            traceID: (high.load(ordering: .relaxed), low.load(ordering: .relaxed)),
            spanID: span.load(ordering: .relaxed)
        )
        return (exemplar, value.load(ordering: .relaxed), time.load(ordering: .relaxed))
    }

    /// How many bytes ``write(at:unit:to:)`` takes at most.
    static let maximumBytes = 160

    /// Writes ` # {trace_id="…",span_id="…"} value seconds`, if there is one to show.
    func write(at now: Int64, unit: MetricUnit, to cursor: inout ExpositionCursor) {
        guard let (exemplar, value, time) = read(now: now) else { return }
        cursor.append(" # {trace_id=\"")
        cursor.append(hexadecimal: exemplar.traceID.high, digits: 16)
        cursor.append(hexadecimal: exemplar.traceID.low, digits: 16)
        cursor.append("\",span_id=\"")
        cursor.append(hexadecimal: exemplar.spanID, digits: 16)
        cursor.append("\"} ")
        cursor.append(value, scaledFor: unit)
        cursor.append(byte: UInt8(ascii: " "))
        let (seconds, milliseconds) = time.quotientAndRemainder(dividingBy: 1000)
        cursor.append(UInt64(max(seconds, 0)))
        cursor.append(byte: UInt8(ascii: "."))
        cursor.append(decimal: UInt64(max(milliseconds, 0)), digits: 3)
    }
}
