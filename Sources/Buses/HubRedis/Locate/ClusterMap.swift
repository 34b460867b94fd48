// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Which node of a cluster has which slots, as one of its nodes says.
struct ClusterMap {
    private var ranges: [(slots: ClosedRange<Int>, master: SocketAddress)] = []

    /// Reads the answer to `CLUSTER SLOTS`.
    ///
    /// - Parameter node: Who answered: it may name itself by no host at all.
    init(_ reply: RESPReply, from node: SocketAddress) throws(RedisError) {
        if let error = reply.error(to: "\(node) answers to CLUSTER SLOTS") {
            let advice = " (is it a node of a cluster? bus.redis.mode: single is for a server that stands alone)"
            throw RedisError(error.code, error.message + advice)
        }
        for index in 0..<reply.count {
            guard let range = reply[index], let first = range[0]?.integer, let last = range[1]?.integer,
                let master = range[2], let port = master[1]?.integer, first <= last
            else { throw RedisError(.badReply, "\(node) describes its cluster in a way that is not understood") }
            let named = master[0]?.text ?? ""
            let host = named.isEmpty || named == "?" ? node.host : named
            ranges.append(
                (Int(clamping: first)...Int(clamping: last), SocketAddress(host: host, port: Int(clamping: port)))
            )
        }
    }

    /// The masters, each once.
    var masters: [SocketAddress] {
        var masters: [SocketAddress] = []
        for range in ranges where !masters.contains(range.master) { masters.append(range.master) }
        return masters
    }

    func owner(of slot: Int) -> SocketAddress? { ranges.first { $0.slots.contains(slot) }?.master }
}
