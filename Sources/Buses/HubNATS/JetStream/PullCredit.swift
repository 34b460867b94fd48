// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// How many messages were asked for and have not come, by the requests that asked.
///
/// The server serves requests in their order; each ends when it has brought what it asked for, or with a word that it brings no
/// more.
struct PullCredit {
    /// How many messages a request asks for.
    let batch: Int
    private var requests = FIFO<UInt64>()
    private var lastNumber: UInt64 = 0
    /// How many messages the first request has brought.
    private var taken = 0
    /// How many messages may still come.
    private(set) var count = 0

    init(batch: Int) { self.batch = batch }

    /// The number of the next request, if it is time for one: while at least half of a batch is under way, the server has enough.
    mutating func nextRequest() -> UInt64? {
        guard count <= batch / 2 else { return nil }
        lastNumber += 1
        requests.append(lastNumber)
        count += batch
        return lastNumber
    }

    /// A message came.
    mutating func messageCame() {
        guard !requests.isEmpty else { return }
        count -= 1
        taken += 1
        if taken == batch { popFirst { _ in true } }
    }

    /// A request brings no more, and neither do those before it.
    mutating func ended(_ number: UInt64) {
        while popFirst(where: { $0 <= number }) {}
    }

    /// The server knows of none of the requests.
    mutating func lost() { ended(.max) }

    @discardableResult
    private mutating func popFirst(where isOver: (UInt64) -> Bool) -> Bool {
        guard requests.popFirst(where: isOver) != nil else { return false }
        count -= batch - taken
        taken = 0
        return true
    }
}
