// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubServer
import HubTesting
import HubWire
import Synchronization
import Testing

@Suite("Scrapes")
struct ScrapeTests {
    static let openMetrics = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

    @Test(
        "the page is in the format that was asked for, and is right",
        arguments: [
            (nil, Exposition.Format.text), ("*/*", .text), (openMetrics, .openMetrics), ("application/json", .text),
        ]
    )
    func format(accept: String?, format: Exposition.Format) async throws {
        try await withServer { server in
            let reply = try await server.get("/metrics", headers: [patient] + (accept.map { [("Accept", $0)] } ?? []))
            #expect(reply.status == 200)
            #expect(reply["content-type"] == format.contentType)
            #expect(reply["vary"] == "Accept, Accept-Encoding")
            #expect(reply["content-encoding"] == nil)
            let page = try Exposition(parsing: reply.body, as: format)
            #expect(page.value(of: "gohub_event_loops") == 1)
            #expect(page.value(of: "gohub_http_connections") == 1)
        }
    }

    @Test(
        "the page is compressed for those who take gzip",
        arguments: [
            ("gzip", true), ("deflate, gzip;q=0.5", true), ("*", true), ("gzip;q=0", false), ("identity", false),
            ("br", false),
        ]
    )
    func gzip(accept: String, isCompressed: Bool) async throws {
        try await withServer { server in
            for format in Exposition.Format.allCases {
                let reply = try await server.get(
                    "/metrics",
                    headers: [
                        patient, ("Accept-Encoding", accept),
                        ("Accept", format == .text ? "text/plain" : Self.openMetrics),
                    ]
                )
                #expect(reply["content-encoding"] == (isCompressed ? "gzip" : nil))
                #expect(reply["vary"] == "Accept, Accept-Encoding")
                let body = isCompressed ? try #require(Gunzip.decode(reply.body)) : reply.body
                let page = try Exposition(parsing: body, as: format)
                #expect(page.value(of: "gohub_event_loops") == 1)
                if isCompressed { #expect(reply.body.count < body.count / 4) }
            }
        }
    }

    @Test("HEAD tells the length of a page and does not send it")
    func head() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            let reply = try await peer.get("/metrics", method: "HEAD", headers: [patient])
            #expect(reply.status == 200)
            #expect((reply.head.contentLength ?? 0) > 10_000)
            #expect(try await peer.get("/version").status == 200)
        }
    }

    /// Counts the pages that are made.
    private func countPages(_ server: TestServer) -> @Sendable () -> Int {
        let count = Counting()
        server.registry.onScrape { count.add() }
        return { count.value }
    }

    @Test("all who wait for a page share it, however many they are and wherever they come from")
    func shared() async throws {
        try await withServer {
            $0.settings.maxConcurrentScrapes = 2
        } _: { server in
            let blocker = Blocker()
            let pages = countPages(server)
            server.registry.onScrape { blocker.wait() }
            var peers: [Peer] = []
            for number in 0..<30 {
                let peer = try await server.connect(from: "127.0.0.\(1 + number % 3)")
                peer.request("/metrics", headers: [patient])
                peers.append(peer)
            }
            try await server.eventually("all scrapes") { $0.awaitedAnswers == 30 }
            blocker.open()
            var bodies: Set<[UInt8]> = []
            for peer in peers {
                let reply = try await peer.reply()
                #expect(reply.status == 200)
                bodies.insert(reply.body)
            }
            // Those who came while the first page was made may have waited for another one.
            #expect(pages() <= 2)
            #expect(bodies.count == pages())
        }
    }

    @Test("a page is given to those who ask again within half a second, in each format and coding, and then made anew")
    func fresh() async throws {
        let clock = VirtualClock()
        try await withServer {
            $0.clock = clock
        } _: { server in
            let pages = countPages(server)
            let kinds = [[patient], [patient, ("Accept-Encoding", "gzip")], [patient, ("Accept", Self.openMetrics)]]
            for round in 1...10 {
                for _ in 0..<5 {
                    for headers in kinds {
                        let reply = try await server.get("/metrics", headers: headers)
                        #expect(reply.status == 200)
                    }
                    // The gzipped page is the plain one.
                    #expect(pages() == 2 * round)
                    clock.advance(by: .milliseconds(100))
                }
                clock.advance(by: .milliseconds(1))
            }
            #expect(server.server.pagesInMemory == 3)
            #expect(server.server.pagesInMind <= 2 * 3)
        }
    }

    @Test(
        "twenty that scrape without a pause keep nobody from the page, neither others nor their own address",
        arguments: ["127.0.0.1", "127.0.0.2"]
    )
    func busy(source: String) async throws {
        try await withServer { server in
            let isOver = SharedFlag(false)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let peer = try await server.connect(from: source)
                        var refused = 0
                        while !isOver.value {
                            if try await peer.get("/metrics", headers: [patient]).status != 200 { refused += 1 }
                        }
                        return refused
                    }
                }
                for _ in 0..<39 {
                    #expect(
                        try await server.connect(from: "127.0.0.1").get("/metrics", headers: [patient]).status == 200
                    )
                }
                isOver.value = true
                for try await refused in group { #expect(refused == 0) }
            }
        }
    }

    @Test("an address that takes none of its pages is refused more, until it has; others are served")
    func untaken() async throws {
        try await withServer {
            $0.settings.maxConcurrentScrapes = 2
            $0.settings.maxConnectionsPerIP = 0
        } _: { server in
            var stalled: [Peer] = []
            for _ in 0..<2 {
                let peer = try await server.connect(from: "127.0.0.2", receiveBuffer: 4096)
                peer.stall()
                // More than the kernel's buffers hold.
                for _ in 0..<200 { peer.request("/metrics", headers: [patient]) }
                stalled.append(peer)
            }
            _ = try await eventually("a refusal") {
                try await server.connect(from: "127.0.0.2").get("/metrics", headers: [patient]).status == 503
                    ? true : nil
            }
            let refused = try await server.connect(from: "127.0.0.2").get("/metrics", headers: [patient])
            #expect(refused.status == 503)
            #expect(refused["retry-after"] == "1")
            for _ in 0..<10 {
                #expect(try await server.connect(from: "127.0.0.1").get("/metrics", headers: [patient]).status == 200)
            }
            #expect(server.server.pagesInMemory <= 2 + 1)
            stalled.removeLast().reset()
            _ = try await eventually("a free place") {
                try await server.connect(from: "127.0.0.2").get("/metrics", headers: [patient]).status == 200
                    ? true : nil
            }
            stalled.removeLast().reset()
        }
    }

    @Test("pages that nobody takes are bounded for all addresses together, and the oldest make room for who asks now")
    func pagesInMemory() async throws {
        let clock = VirtualClock()
        try await withServer {
            $0.clock = clock
            $0.settings.maxConcurrentScrapes = 1
        } _: { server in
            var stalled: [Peer] = []
            for number in 0..<20 {
                let peer = try await server.connect(from: "127.0.1.\(1 + number)", receiveBuffer: 4096)
                peer.stall()
                let start = await server.snapshot().httpBytesWritten
                for _ in 0..<200 { peer.request("/metrics", headers: [patient]) }
                stalled.append(peer)
                let read = try await eventually("what the socket holds") { () -> Bool? in
                    let before = await server.snapshot().httpBytesWritten
                    try await timePasses(.milliseconds(20))
                    guard before > start else { return nil }
                    return await server.snapshot().httpBytesWritten == before ? true : nil
                }
                #expect(read)
                #expect(server.server.pagesInMemory <= 16)
                clock.advance(by: .seconds(1))
            }
            for _ in 0..<20 {
                #expect(try await server.get("/metrics", headers: [patient]).status == 200)
                clock.advance(by: .seconds(1))
            }
            #expect(server.server.pagesInMemory <= 16)
            let abandoned = try await server.scrape().value(of: "gohub_metrics_readers_ended_total")
            #expect((8...12).contains(abandoned ?? 0))
            // The oldest were ended, the newest are still there, beside the scrape's own connection.
            #expect(await server.snapshot().httpConnections >= 20 - Int(abandoned ?? 0))
            stalled[0].stall(false)
            _ = try await stalled[0].readToEnd()
            stalled[19].stall(false)
            for _ in 0..<200 { #expect(try await stalled[19].reply().status == 200) }
            for peer in stalled { peer.reset() }
            _ = try await eventually("an end") { server.server.pagesInMemory <= 2 ? true : nil }
        }
    }

    @Test("a scrape whose reader has given up is answered 503")
    func deadline() async throws {
        try await withServer { server in
            let blocker = Blocker()
            server.registry.onScrape { blocker.wait() }
            let first = try await server.connect()
            first.request("/metrics", headers: [patient])
            try await blocker.arrival()
            // These wait behind the first one.
            let hasty = try await server.connect()
            hasty.request("/metrics", headers: [("X-Prometheus-Scrape-Timeout-Seconds", "0.6")])
            let last = try await server.connect()
            last.request("/metrics", headers: [patient])
            try await server.eventually("three scrapes") { $0.awaitedAnswers == 3 }
            try await timePasses(.milliseconds(150))
            blocker.open()
            #expect(try await first.reply().status == 200)
            #expect(try await hasty.reply().status == 503)
            #expect(try await last.reply().status == 200)
        }
    }

    @Test("a deadline that is none is as good as no header", arguments: ["", "nan", "-1", "0", "1e300", "soon"])
    func badDeadline(text: String) async throws {
        try await withServer { server in
            let reply = try await server.get("/metrics", headers: [("X-Prometheus-Scrape-Timeout-Seconds", text)])
            #expect(reply.status == 200)
        }
    }

    @Test("the registry's own figures say what a scrape cost")
    func counts() async throws {
        try await withServer { server in
            for _ in 0..<3 { _ = try await server.get("/metrics", headers: [patient]) }
            let page = try await server.scrape()
            #expect(
                page.value(of: "gohub_http_requests_total", ["route": "/metrics", "method": "GET", "status": "2xx"])
                    == 3
            )
            #expect(page.value(of: "gohub_metrics_stale_snapshots_total") == 0)
        }
    }
}

/// A number that several threads raise.
private final class Counting: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.wrappingAdd(1, ordering: .relaxed) }
}
