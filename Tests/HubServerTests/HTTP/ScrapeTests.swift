// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubServer
import HubTesting
import HubWire
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

    @Test("scrapes above the limit are answered 503 at once, the others when their page is there")
    func limit() async throws {
        try await withServer {
            $0.settings.maxConcurrentScrapes = 2
        } _: { server in
            let blocker = Blocker()
            server.registry.onScrape { blocker.wait() }
            let first = try await server.connect()
            first.request("/metrics", headers: [patient])
            try await blocker.arrival()
            let second = try await server.connect()
            second.request("/metrics", headers: [patient, ("Accept", Self.openMetrics)])
            try await server.eventually("two scrapes") { $0.awaitedAnswers == 2 }
            let refused = try await server.get("/metrics")
            #expect(refused.status == 503)
            #expect(refused["retry-after"] == "1")
            blocker.open()
            #expect(try await first.reply().status == 200)
            #expect(try await second.reply().status == 200)
            #expect(try await server.get("/metrics", headers: [patient]).status == 200)
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
