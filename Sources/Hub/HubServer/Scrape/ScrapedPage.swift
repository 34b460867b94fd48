// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Synchronization

/// A page of metrics that was made, shared by all who get it.
final class ScrapedPage: Sendable {
    let answer: HTTPAnswer
    /// When it began to be made.
    let began: MonotonicTime
    private let count: PageCount
    private let readers = Mutex(Readers())

    /// Those whose sockets have not taken the page.
    private struct Readers {
        var next: UInt64 = 0
        var waysToEnd: [UInt64: @Sendable () -> Void] = [:]
        var isAbandoned = false
    }

    init(_ answer: HTTPAnswer, began: MonotonicTime, count: PageCount) {
        self.answer = answer
        self.began = began
        self.count = count
        count.change(by: 1)
    }

    deinit { count.change(by: -1) }

    /// Whether all who wait for it were told to end.
    var isAbandoned: Bool { readers.withLock { $0.isAbandoned } }

    /// Ends all who have not taken the page, and those who still come.
    func abandon() {
        let waysToEnd = readers.withLock { readers in
            readers.isAbandoned = true
            defer { readers.waysToEnd = [:] }
            return readers.waysToEnd
        }
        for end in waysToEnd.values { end() }
    }

    fileprivate func add(_ giveUp: @escaping @Sendable () -> Void) -> UInt64 {
        let (number, isLate) = readers.withLock { readers in
            readers.next += 1
            if !readers.isAbandoned { readers.waysToEnd[readers.next] = giveUp }
            return (readers.next, readers.isAbandoned)
        }
        if isLate { giveUp() }
        return number
    }

    fileprivate func remove(_ number: UInt64) {
        // The way to end is let go after the lock, as whatever it holds may end with it.
        _ = readers.withLock { $0.waysToEnd.removeValue(forKey: number) }
    }
}

/// Keeps a page for an answer that waits for its socket, and tells when it is gone.
final class UntakenPage: Sendable {
    private let page: ScrapedPage
    private let number: UInt64
    private let end: @Sendable () -> Void

    /// - Parameter giveUp: Ends the wait for the socket.
    /// - Parameter end: Called when the page is kept no longer.
    init(_ page: ScrapedPage, giveUp: @escaping @Sendable () -> Void, end: @escaping @Sendable () -> Void) {
        self.page = page
        self.end = end
        number = page.add(giveUp)
    }

    deinit {
        page.remove(number)
        end()
    }
}

/// How many pages are in memory.
final class PageCount: Sendable {
    private let pages = Atomic<Int>(0)

    var value: Int { pages.load(ordering: .relaxed) }

    func change(by difference: Int) { pages.wrappingAdd(difference, ordering: .relaxed) }
}
