// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics
package import HubWire

/// What one shard counts of its clients' commands.
package struct CommandCounts: Sendable {
    private var received: [UInt64]
    private var bytes: [UInt64]
    private var errors: [UInt64]
    private var durations: [LocalHistogram]
    /// Sizes of the messages that came in, one observation a message.
    private(set) var sizes = LocalHistogram(.sizes)

    /// A command takes microseconds, so these begin lower than others; few, as each kind of command has them.
    static let durationBuckets = Buckets.custom(seconds: [1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 0.001, 0.01, 0.1, 1])

    init() {
        received = Array(repeating: 0, count: CommandKind.allCases.count)
        bytes = received
        errors = Array(repeating: 0, count: CommandKind.allCases.count * ErrorCode.allCases.count)
        durations = Array(repeating: LocalHistogram(Self.durationBuckets), count: CommandKind.allCases.count)
    }

    mutating func count(_ kind: CommandKind, byteCount: Int, nanoseconds: UInt64) {
        let index = Int(kind.rawValue)
        received[index] &+= 1
        bytes[index] &+= UInt64(truncatingIfNeeded: byteCount)
        durations[index].observe(nanoseconds)
        sizes.observe(UInt64(truncatingIfNeeded: byteCount))
    }

    mutating func countError(_ kind: CommandKind, _ code: ErrorCode) {
        errors[Int(kind.rawValue) * ErrorCode.allCases.count + code.ordinal] &+= 1
    }

    /// The counts as values that can be added up.
    var totals: CommandTotals {
        CommandTotals(
            received: received,
            bytes: bytes,
            errors: errors,
            durations: durations.map(\.values),
            sizes: sizes.values
        )
    }
}

/// Commands of one or more shards, at one moment.
package struct CommandTotals: Sendable {
    private var received: [UInt64]
    private var bytes: [UInt64]
    private var errors: [UInt64]
    private var durations: [HistogramValues]
    /// Sizes of the messages that came in.
    package private(set) var sizes: HistogramValues

    fileprivate init(
        received: [UInt64],
        bytes: [UInt64],
        errors: [UInt64],
        durations: [HistogramValues],
        sizes: HistogramValues
    ) {
        self.received = received
        self.bytes = bytes
        self.errors = errors
        self.durations = durations
        self.sizes = sizes
    }

    /// Totals of nothing.
    package init() { self = CommandCounts().totals }

    /// How many came of a kind.
    package func received(_ kind: CommandKind) -> UInt64 { received[Int(kind.rawValue)] }
    /// How many bytes they had.
    package func bytes(_ kind: CommandKind) -> UInt64 { bytes[Int(kind.rawValue)] }
    /// How long they took, nanoseconds.
    package func durations(_ kind: CommandKind) -> HistogramValues { durations[Int(kind.rawValue)] }
    /// How many were refused for a reason.
    package func errors(_ kind: CommandKind, _ code: ErrorCode) -> UInt64 {
        errors[Int(kind.rawValue) * ErrorCode.allCases.count + code.ordinal]
    }

    /// Adds another shard's.
    package mutating func add(_ other: CommandTotals) {
        for index in received.indices {
            received[index] += other.received[index]
            bytes[index] += other.bytes[index]
            durations[index].add(other.durations[index])
        }
        for index in errors.indices { errors[index] += other.errors[index] }
        sizes.add(other.sizes)
    }
}

extension ErrorCode: MetricLabel {
    package static let labelName = "code"

    /// The code's place among all, found without a search.
    fileprivate var ordinal: Int {
        switch self {
        case .badMessage: 0
        case .unknownType: 1
        case .badTopic: 2
        case .tooLarge: 3
        case .clientNotFound: 4
        case .sendBufferFull: 5
        case .tooMany: 6
        case .nodeFull: 7
        case .notAllowed: 8
        case .rateLimited: 9
        case .busUnavailable: 10
        case .internal: 11
        }
    }
}
