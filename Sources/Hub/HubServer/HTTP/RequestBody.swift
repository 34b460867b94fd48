// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// A request's body, which has its room of the node's for as long as somebody keeps it.
///
/// Written on its connection's loop until it is whole, and only read from then on: that is when others first see it.
final class RequestBody: @unchecked Sendable {
    private(set) var bytes: [UInt8]
    private var room = 0
    private let most: Int
    private let budget: BodyBudget?
    private let address: String

    /// An empty body.
    ///
    /// - Parameter most: How many bytes it will have at the most.
    init(most: Int, budget: BodyBudget, address: String) {
        bytes = []
        self.most = most
        self.budget = budget
        self.address = address
    }

    /// A whole body that takes no room of the node's, for tests.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        most = bytes.count
        budget = nil
        address = ""
    }

    deinit { budget?.give(room, of: address) }

    /// Adds what has come.
    ///
    /// Memory follows what has come, never what was announced: it is at most twice that, and one piece.
    /// - Returns: How many bytes belong to the body and its framing; nil when the node has no room.
    func take(
        _ piece: UnsafeRawBufferPointer,
        _ decoder: inout HTTPBodyDecoder
    ) throws(HTTPBodyError) -> Int? {
        let needed = min(bytes.count + piece.count, most)
        if needed > room {
            let wanted = min(max(needed, 2 * room), most)
            guard let budget, budget.take(wanted - room, for: address) else { return nil }
            room = wanted
            bytes.reserveCapacity(wanted)
        }
        return try decoder.feed(piece, into: &bytes)
    }
}
