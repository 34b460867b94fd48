// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubNATS

@Suite("How many messages were asked for")
struct PullCreditTests {
    /// The same, by lists: each request with what it may still bring.
    private struct Model {
        let batch: Int
        var requests: [(number: UInt64, left: Int)] = []

        var count: Int { requests.reduce(0) { $0 + $1.left } }

        mutating func messageCame() {
            guard !requests.isEmpty else { return }
            requests[0].left -= 1
            if requests[0].left == 0 { requests.removeFirst() }
        }

        mutating func ended(_ number: UInt64) { requests.removeAll { $0.number <= number } }
    }

    @Test("random histories are as a plain model has them", arguments: [1, 2, 3, 5, 16, 256])
    func histories(batch: Int) {
        var random = SplitMix64(seed: UInt64(batch))
        for _ in 0..<200 {
            var credit = PullCredit(batch: batch)
            var model = Model(batch: batch)
            var last: UInt64 = 0
            for _ in 0..<200 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    let number = credit.nextRequest()
                    #expect((number != nil) == (model.count <= batch / 2))
                    guard let number else { break }
                    #expect(number == last + 1)
                    last = number
                    model.requests.append((number, batch))
                case 4..<8:
                    for _ in 0..<Int.random(in: 0...batch, using: &random) {
                        credit.messageCame()
                        model.messageCame()
                    }
                case 8:
                    // Of one under way, of one that is over, of one that was never sent.
                    let number = UInt64.random(in: 0...(last + 3), using: &random)
                    credit.ended(number)
                    model.ended(number)
                default:
                    guard Int.random(in: 0..<4, using: &random) == 0 else { break }
                    credit.lost()
                    model.requests = []
                }
                #expect(credit.count == model.count)
                #expect(credit.count >= 0 && credit.count <= batch + batch / 2)
            }
        }
    }

    private func expect(_ number: UInt64?, _ expected: UInt64?, at location: SourceLocation = #_sourceLocation) {
        #expect(number == expected, sourceLocation: location)
    }

    @Test("asks for the first two batches, and for another once half of one is left")
    func pace() {
        var credit = PullCredit(batch: 10)
        expect(credit.nextRequest(), 1)
        expect(credit.nextRequest(), nil)
        for _ in 0..<4 { credit.messageCame() }
        expect(credit.nextRequest(), nil)
        credit.messageCame()
        expect(credit.nextRequest(), 2)
        #expect(credit.count == 15)
        expect(credit.nextRequest(), nil)
    }

    @Test("the end of a request is that of those before it, and of no later one")
    func ends() {
        var credit = PullCredit(batch: 2)
        expect(credit.nextRequest(), 1)
        credit.messageCame()
        expect(credit.nextRequest(), 2)
        credit.ended(1)
        #expect(credit.count == 2)
        credit.ended(1)
        credit.ended(0)
        #expect(credit.count == 2)
        credit.ended(7)
        #expect(credit.count == 0)
        // What comes all the same is of a request that counts no more.
        credit.messageCame()
        #expect(credit.count == 0)
        expect(credit.nextRequest(), 3)
        credit.lost()
        #expect(credit.count == 0)
    }
}
