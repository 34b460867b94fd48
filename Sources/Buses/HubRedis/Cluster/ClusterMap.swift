// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Which master of a cluster has which slots, as one of its nodes says.
struct ClusterMap {
    /// How many masters may be named; a cluster of Redis is made for a thousand nodes.
    static let limit = 1024

    /// The masters that have slots, each once.
    private(set) var masters: [SocketAddress] = []
    /// Which of the masters has a slot; `.max` for one that nobody has.
    private var owners = [UInt16](repeating: .max, count: ClusterSlot.count)
    private var indices: [SocketAddress: UInt16] = [:]

    /// Reads the answer to `CLUSTER SLOTS`.
    ///
    /// - Parameter node: Who answered: it may name itself by no host at all.
    init(slots reply: RESPReply, from node: SocketAddress) throws(RedisError) {
        if let error = reply.error(to: "\(node) answers to CLUSTER SLOTS") { throw Self.noCluster(error) }
        for index in 0..<reply.count {
            guard let range = reply[index], let first = range[0]?.integer, let last = range[1]?.integer,
                let master = range[2], let port = master[1]?.integer
            else { throw Self.notUnderstood(node) }
            try add(first, last, of: Self.address(master[0]?.text, port, from: node), from: node)
        }
    }

    /// Reads the answer to `CLUSTER SHARDS`, which no server before Redis 7.0 knows.
    ///
    /// - Parameter isTLS: Which of its ports a master is to be reached at.
    init(shards reply: RESPReply, from node: SocketAddress, isTLS: Bool) throws(RedisError) {
        guard reply.kind == .array else { throw Self.notUnderstood(node) }
        for index in 0..<reply.count {
            guard let shard = reply[index], let slots = shard.member("slots"), let nodes = shard.member("nodes") else {
                throw Self.notUnderstood(node)
            }
            // Such as a master that was replaced and has not come back.
            guard slots.count > 0 else { continue }
            guard let master = Self.master(of: nodes, from: node, isTLS: isTLS) else { throw Self.notUnderstood(node) }
            for pair in 0..<(slots.count + 1) / 2 {
                guard let first = slots[2 * pair]?.integer, let last = slots[2 * pair + 1]?.integer else {
                    throw Self.notUnderstood(node)
                }
                try add(first, last, of: master, from: node)
            }
        }
    }

    /// The master among the nodes of a shard: of two, as after a fail-over, the one that works.
    private static func master(of nodes: RESPReply, from node: SocketAddress, isTLS: Bool) -> SocketAddress? {
        var found: SocketAddress?
        for index in 0..<nodes.count {
            guard let member = nodes[index], member.member("role")?.holds("master") == true,
                let port = isTLS ? tlsPort(member) ?? plainPort(member) : plainPort(member) ?? tlsPort(member)
            else { continue }
            let address = address(member.member("endpoint")?.text, port, from: node)
            if member.member("health")?.holds("online") == true { return address }
            found = found ?? address
        }
        return found
    }

    private static func plainPort(_ member: RESPReply) -> Int64? { member.member("port")?.integer }

    private static func tlsPort(_ member: RESPReply) -> Int64? { member.member("tls-port")?.integer }

    /// The address of a node that is named in one of the ways that a cluster has for that.
    private static func address(_ host: String?, _ port: Int64, from node: SocketAddress) -> SocketAddress {
        let named = host ?? ""
        return SocketAddress(host: named.isEmpty || named == "?" ? node.host : named, port: Int(clamping: port))
    }

    private mutating func add(
        _ first: Int64,
        _ last: Int64,
        of master: SocketAddress,
        from node: SocketAddress
    ) throws(RedisError) {
        guard first >= 0, first <= last, last < ClusterSlot.count else { throw Self.notUnderstood(node) }
        let index = indices[master] ?? UInt16(masters.count)
        if Int(index) == masters.count {
            guard masters.count < Self.limit else {
                throw RedisError(.badReply, "\(node) names more than \(Self.limit) masters of its cluster")
            }
            masters.append(master)
            indices[master] = index
        }
        for slot in Int(first)...Int(last) { owners[slot] = index }
    }

    private static func notUnderstood(_ node: SocketAddress) -> RedisError {
        RedisError(.badReply, "\(node) describes its cluster in a way that is not understood")
    }

    /// Which of the masters has a slot; nil when none has.
    func index(of slot: Int) -> Int? { owners[slot] == .max ? nil : Int(owners[slot]) }

    /// Who has a slot; nil when nobody has.
    func owner(of slot: Int) -> SocketAddress? { index(of: slot).map { masters[$0] } }

    /// A slot that nobody has; nil when each has its master.
    var unserved: Int? { owners.firstIndex(of: .max) }

    /// What a server that belongs to no cluster answered with, and what to do about it.
    static func noCluster(_ error: RedisError) -> RedisError {
        let advice = " (is it a node of a cluster? bus.redis.mode: single is for a server that stands alone)"
        return RedisError(error.code, error.message + advice)
    }
}
