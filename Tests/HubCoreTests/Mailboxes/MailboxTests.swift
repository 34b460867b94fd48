// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Synchronization
import Testing

@testable import HubCore

/// What threads ask of one of them.
@Suite("Mailbox")
struct MailboxTests {
    private struct Item: MailboxCommand {
        var number = 0
        var byteCount = 10
    }

    /// Counts how often somebody is woken.
    private final class Bell: Sendable {
        private let counts = Atomic(0)
        var count: Int { counts.load(ordering: .relaxed) }
        func wakeup() -> Wakeup { Wakeup { [self] in counts.add(1, ordering: .relaxed) } }
    }

    private let reader = Bell()
    private let mailbox: Mailbox<Item>

    init() { mailbox = Mailbox(MailboxLimits(bytes: 100, commands: 8), reader.wakeup()) }

    private func takeAll() -> [Int] {
        var items: [Item] = []
        mailbox.swap(&items)
        return items.map(\.number)
    }

    @Test("its reader is woken for the first of a batch alone")
    func wakes() {
        for number in 0..<3 { mailbox.append(Item(number: number)) }
        #expect(reader.count == 1)
        #expect(takeAll() == [0, 1, 2])
        _ = mailbox.append([Item(number: 3), Item(number: 4)])
        mailbox.append(Item(number: 5))
        #expect(reader.count == 2)
        #expect(takeAll() == [3, 4, 5])
        _ = mailbox.append([])
        #expect(takeAll() == [])
    }

    @Test(
        "is full from its limit of bytes on, or of commands, and refuses nothing",
        arguments: [(10, 8), (30, 4), (1_000, 1), (1, 8)]
    )
    func limits(byteCount: Int, count: Int) {
        for number in 1...count {
            let outcome = mailbox.append(Item(byteCount: byteCount))
            #expect((outcome == .full) == (number == count))
        }
        #expect(mailbox.isFull)
        #expect(mailbox.append(Item(byteCount: byteCount)) == .full)
        #expect(takeAll().count == count + 1)
    }

    @Test("what was taken counts until it is done; those who wait are woken once half is left, each once")
    func room() {
        let (one, two) = (Bell(), Bell())
        let (first, second) = (one.wakeup(), two.wakeup())
        #expect(!mailbox.isFull(waking: first))
        for _ in 0..<8 { mailbox.append(Item()) }
        #expect(mailbox.isFull(waking: first))
        #expect(mailbox.isFull(waking: first))
        #expect(mailbox.isFull(waking: second))
        #expect(takeAll().count == 8)
        #expect(mailbox.append(Item()) == .full)
        mailbox.finish(4, bytes: 40, isBehind: false)
        #expect(one.count == 0)
        #expect(mailbox.append(Item()) == .accepted)
        mailbox.finish(2, bytes: 20, isBehind: false)
        #expect((one.count, two.count) == (1, 1))
        mailbox.finish(2, bytes: 20, isBehind: false)
        #expect((one.count, two.count) == (1, 1))
        #expect(!mailbox.isFull(waking: first))
        #expect(mailbox.byteCount == 20)
    }

    @Test("is full while its reader is behind, whatever it holds")
    func behind() {
        let bell = Bell()
        mailbox.finish(isBehind: true)
        #expect(mailbox.append(Item()) == .full)
        #expect(mailbox.isFull(waking: bell.wakeup()))
        mailbox.finish(isBehind: false)
        #expect(bell.count == 1)
        #expect(mailbox.append(Item()) == .accepted)
    }

    @Test("once closed it takes nothing, gives back what nobody took, and lets nobody wait")
    func closed() {
        let bell = Bell()
        for number in 0..<9 { mailbox.append(Item(number: number)) }
        #expect(mailbox.isFull(waking: bell.wakeup()))
        #expect(mailbox.close().map(\.number) == Array(0..<9))
        #expect(bell.count == 1)
        #expect(mailbox.append(Item()) == .closed)
        #expect(mailbox.append([Item(), Item()]) == .closed)
        #expect(!mailbox.isFull)
        #expect(!mailbox.isFull(waking: bell.wakeup()))
        mailbox.finish(9, bytes: 90, isBehind: true)
        #expect(mailbox.byteCount == 0)
        #expect(mailbox.close().isEmpty)
        #expect(reader.count == 1)
    }

    @Test("nothing that threads add while it is taken, and closed, is lost or there twice")
    func threads() {
        var taken: [Int] = []
        let refused = Mutex<[Int]>([])
        let mailbox = mailbox
        let writers = (0..<4).map { thread in
            TestThread {
                for number in 0..<2_000 {
                    let item = thread * 2_000 + number
                    if mailbox.append(Item(number: item)) == .closed { refused.withLock { $0.append(item) } }
                }
            }
        }
        while taken.count < 4_000 {
            var items: [Item] = []
            mailbox.swap(&items)
            taken += items.map(\.number)
            mailbox.finish(items.count, bytes: items.count * 10, isBehind: false)
        }
        let left = mailbox.close().map(\.number)
        for thread in writers { thread.join() }
        let all = taken + left + refused.withLock { $0 }
        #expect(all.sorted() == Array(0..<8_000))
    }
}
