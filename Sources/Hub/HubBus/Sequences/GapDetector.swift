// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds what is missing, and what came twice, in the streams of other nodes.
///
/// A stream is one incarnation's messages to one topic, in one epoch. The first message that is seen claims nothing about those
/// before it. Holds 100 000 topics, each with 64 streams, and 1024 where every node of a hub has one: `broadcast` and an inbox.
/// All topics together have 400 000 streams. Of topics as of streams the one that was longest not used goes for a new one.
package struct GapDetector {
    /// What a number means.
    package enum Verdict: Equatable, Sendable {
        /// In its place, or the first one.
        case expected
        /// So many before it are missing.
        case gap(UInt64)
        /// It came before, or it counts as lost already.
        case duplicate
    }

    private struct Stream {
        let incarnation: UInt64
        var epoch: UInt32
        var last: UInt64
        /// What the origin said that it had sent, at its last heartbeat.
        var announced: UInt64
        /// Whether ``last`` is a message's; else the origin said so, and what it had sent by then may still come.
        var isSeen = true
        /// The ``GapDetector/uses`` at the last use.
        var used: UInt64
    }

    private var topics: RecentTable<BusTopic, [Stream]>
    private var streamEvictions: UInt64 = 0
    private var uses: UInt64 = 0

    /// Has seen nothing yet.
    package init(capacity: Int = 100_000, streams: Int = 400_000) {
        topics = RecentTable(capacity: capacity, nothing: [], weightLimit: streams, weigh: \.count)
    }

    /// How many topics it holds.
    package var count: Int { topics.count }
    /// How many topics, or streams of one, were forgotten for others.
    package var evictions: UInt64 { topics.evictions + streamEvictions }

    /// Judges a message's number; 0 is always expected.
    package mutating func received(
        _ incarnation: UInt64,
        _ topic: BusTopic,
        _ position: SequenceBook.Position
    ) -> Verdict {
        guard position.sequence > 0 else { return .expected }
        uses &+= 1
        let use = uses
        var evicted = false
        let verdict = topics.use(topic, orInsert: { _ in [] }) { streams -> Verdict in
            guard let index = streams.firstIndex(where: { $0.incarnation == incarnation }) else {
                evicted = Self.insert(
                    Stream(
                        incarnation: incarnation,
                        epoch: position.epoch,
                        last: position.sequence,
                        announced: 0,
                        used: use
                    ),
                    into: &streams,
                    of: topic
                )
                return .expected
            }
            streams[index].used = use
            return Self.judge(&streams[index], position)
        }
        if evicted { streamEvictions += 1 }
        return verdict
    }

    private static func judge(_ stream: inout Stream, _ position: SequenceBook.Position) -> Verdict {
        if position.isLater(than: stream.epoch) {
            stream.epoch = position.epoch
            stream.last = 0
            stream.announced = 0
        } else if position.epoch == stream.epoch, !stream.isSeen, position.sequence <= stream.last {
            stream.last = position.sequence - 1
        }
        stream.isSeen = true
        guard position.epoch == stream.epoch, position.sequence > stream.last else { return .duplicate }
        let missing = position.sequence - stream.last - 1
        stream.last = position.sequence
        return missing == 0 ? .expected : .gap(missing)
    }

    /// Takes what an origin says that it has sent.
    ///
    /// What it had sent at the time of its heartbeat before, and is not here by now, is lost: nothing need follow it to show that.
    ///
    /// - Returns: How many messages are lost.
    package mutating func announced(
        _ incarnation: UInt64,
        _ topic: BusTopic,
        _ head: SequenceBook.Position
    ) -> UInt64 {
        uses &+= 1
        let use = uses
        var evicted = false
        let missing = topics.use(topic, orInsert: { _ in [] }) { streams -> UInt64 in
            guard let index = streams.firstIndex(where: { $0.incarnation == incarnation }) else {
                evicted = Self.insert(
                    Stream(
                        incarnation: incarnation,
                        epoch: head.epoch,
                        last: head.sequence,
                        announced: head.sequence,
                        isSeen: false,
                        used: use
                    ),
                    into: &streams,
                    of: topic
                )
                return 0
            }
            streams[index].used = use
            return Self.compare(&streams[index], head)
        }
        if evicted { streamEvictions += 1 }
        return missing
    }

    private static func compare(_ stream: inout Stream, _ head: SequenceBook.Position) -> UInt64 {
        guard head.epoch == stream.epoch else {
            // A newer stream of which nothing has come yet: judged at the next heartbeat.
            if head.isLater(than: stream.epoch) {
                stream.epoch = head.epoch
                stream.last = 0
                stream.announced = head.sequence
            }
            return 0
        }
        stream.isSeen = true
        defer { stream.announced = head.sequence }
        guard stream.announced > stream.last else { return 0 }
        defer { stream.last = stream.announced }
        return stream.announced - stream.last
    }

    /// Forgets a topic that nobody wants any more: what nobody wanted is no gap.
    package mutating func forget(_ topic: BusTopic) { topics.remove(topic) }

    /// Adds a stream; true when another had to go.
    private static func insert(_ stream: Stream, into streams: inout [Stream], of topic: BusTopic) -> Bool {
        guard streams.count >= (topic.kind == .topic ? 64 : 1024),
            let oldest = streams.indices.min(by: { streams[$0].used < streams[$1].used })
        else {
            streams.append(stream)
            return false
        }
        streams[oldest] = stream
        return true
    }
}
