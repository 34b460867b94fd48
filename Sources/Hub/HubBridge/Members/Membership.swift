// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The other nodes, as they say of themselves; gone are those that say so, or nothing for a while.
///
/// No I/O, no clock.
struct Membership {
    /// What a record tells of its node.
    enum Change: Equatable {
        case joined
        case stayed
        case left
        /// There are as many as there may be.
        case tooMany
    }

    /// How many nodes there may be.
    static let limit = 1024
    /// How many nodes of one tag are asked for a client.
    static let askedLimit = 4

    private var members: [UInt64: (record: NodeRecord, seen: UInt64)] = [:]
    /// In the order in which they came to have the tag.
    private var byTag: [UInt16: [UInt64]] = [:]
    /// Those that are overdue with their word; whatever else comes of them shows that they live.
    private var overdue: Set<UInt64> = []

    /// How many there are, those that start included.
    var count: Int { members.count }
    /// What they say, in no order.
    var records: [NodeRecord] { members.values.map(\.record) }

    func record(of incarnation: UInt64) -> NodeRecord? { members[incarnation]?.record }

    /// The nodes to ask for a client whose id ends with a tag, several after a partition, and whether these are all that have it.
    ///
    /// Those that have had it for longest: whoever comes later puts none of them out of its place.
    func nodes(tagged tag: UInt16) -> (asked: [NodeRecord], isAll: Bool) {
        let tagged = byTag[tag] ?? []
        let asked = tagged.prefix(Self.askedLimit)
        return (asked.compactMap { members[$0]?.record }, asked.count == tagged.count)
    }

    /// Whether a tag is in use.
    func uses(_ tag: UInt16) -> Bool { byTag[tag] != nil }

    /// A random tag that no node uses; should a thousand in a row be in use, any.
    func freeTag(using random: inout some RandomNumberGenerator) -> UInt16 {
        for _ in 0..<1000 {
            let tag = UInt16.random(in: .min ... .max, using: &random)
            if !uses(tag) { return tag }
        }
        return UInt16.random(in: .min ... .max, using: &random)
    }

    mutating func received(_ record: NodeRecord, _ now: UInt64) -> Change {
        let known = members[record.incarnation] != nil
        if record.phase == .leaving {
            remove(record.incarnation)
            return known ? .left : .stayed
        }
        guard known || members.count < Self.limit else { return .tooMany }
        if members[record.incarnation]?.record.tag != record.tag {
            untag(record.incarnation)
            if let tag = record.tag { byTag[tag, default: []].append(record.incarnation) }
        }
        // The heads count when they come; those of all nodes would be a node's heads for each node.
        var kept = record
        kept.heads = [:]
        members[record.incarnation] = (kept, now)
        overdue.remove(record.incarnation)
        return known ? .stayed : .joined
    }

    /// Leaves a time out of everybody's silence, as nobody could be heard.
    mutating func forgive(_ duration: UInt64, _ now: UInt64) {
        members = members.mapValues { ($0.record, min($0.seen &+ duration, now)) }
    }

    /// Whether somebody is overdue: then ``heard(_:_:)`` is to be told of all that comes.
    var isSomebodyOverdue: Bool { !overdue.isEmpty }

    /// Something came of a node that is no word about itself.
    mutating func heard(_ incarnation: UInt64, _ now: UInt64) {
        if overdue.remove(incarnation) != nil { members[incarnation]?.seen = now }
    }

    /// Takes out those that were not heard of since a moment.
    ///
    /// - Parameter due: By when all should have said something; later than the moment.
    mutating func expire(before moment: UInt64, due: UInt64) -> [NodeRecord] {
        var gone: [NodeRecord] = []
        for (incarnation, member) in members where member.seen < due {
            if member.seen < moment { gone.append(member.record) } else { overdue.insert(incarnation) }
        }
        for record in gone { remove(record.incarnation) }
        return gone
    }

    private mutating func remove(_ incarnation: UInt64) {
        untag(incarnation)
        members[incarnation] = nil
        overdue.remove(incarnation)
    }

    private mutating func untag(_ incarnation: UInt64) {
        guard let tag = members[incarnation]?.record.tag else { return }
        byTag[tag]?.removeAll { $0 == incarnation }
        if byTag[tag]?.isEmpty == true { byTag[tag] = nil }
    }
}
