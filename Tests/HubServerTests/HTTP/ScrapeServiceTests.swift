// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubMetrics
import HubServer
import HubTesting
import HubWire
import Synchronization
import Testing

@Suite("Pages in memory")
struct ScrapeServiceTests {
    @Test(
        "when no loop ends what it was told to end, all are refused at the bound until a page is taken",
        arguments: [1, 3]
    )
    func bound(limit: Int) async throws {
        let clock = VirtualClock()
        let service = ScrapeService(Registry(), limit: limit, clock: clock)
        let told = Atomic<Int>(0)
        var untaken: [AnyObject] = []

        /// The status of a scrape by an address of its own, whose socket takes nothing.
        func scrape(_ number: Int) async throws -> Int {
            clock.advance(by: .seconds(1))
            let answer = await withCheckedContinuation { answered in
                service.scrape(HTTPRequestHead(), from: "address \(number)") { answered.resume(returning: $0) }
            }
            guard answer.status == 200 else { return answer.status }
            let hold = try #require(answer.hold)
            untaken.append(hold { told.add(1, ordering: .relaxed) })
            return 200
        }

        let bound = 16 * limit
        for number in 0..<bound { #expect(try await scrape(number) == 200) }
        #expect(service.pagesInMemory == bound)
        #expect(told.load(ordering: .relaxed) >= bound / 4)
        for number in bound..<(bound + 5) { #expect(try await scrape(number) == 503) }
        #expect(service.pagesInMemory == bound)
        untaken.removeFirst()
        #expect(try await scrape(bound + 5) == 200)
        #expect(try await scrape(bound + 6) == 503)
        untaken = []
        #expect(try await scrape(bound + 7) == 200)
        #expect(service.pagesInMemory <= 2)
    }
}
