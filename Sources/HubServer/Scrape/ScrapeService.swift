// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch
package import HubMetrics
package import HubWire
import Synchronization

/// Serves `/metrics` on a thread of its own, so that no loop waits for a page.
///
/// Scrapes that wait together share one page of their format. Beyond a limit they are answered 503, and so are
/// those whose deadline has passed: Prometheus then shows the target as down rather than half a page.
package final class ScrapeService: Sendable {
    private struct Request {
        let format: ExpositionFormat
        let isCompressed: Bool
        let deadline: DispatchTime
        let reply: @Sendable (HTTPAnswer) -> Void
    }

    private struct State {
        var waiting: [Request] = []
        var inFlight = 0
    }

    private struct Page: ~Copyable {
        var buffer = ExpositionBuffer()
        var gzip = GzipStream()
    }

    private let registry: Registry
    private let limit: Int
    private let state = Mutex(State())
    private let page = Mutex(Page())
    private let queue = DispatchQueue(label: "gohub.scrape")

    /// Makes the service of a registry.
    ///
    /// - Parameter limit: How many scrapes may wait or be served at once.
    package init(_ registry: Registry, limit: Int) {
        self.registry = registry
        self.limit = limit
    }

    /// Answers a scrape, from the service's thread or at once.
    package func scrape(_ head: HTTPRequestHead, _ reply: @escaping @Sendable (HTTPAnswer) -> Void) {
        let request = Request(
            format: ExpositionFormat.negotiate(accept: head.headers["accept"]),
            isCompressed: ContentCoding.allowsGzip(acceptEncoding: head.headers["accept-encoding"]),
            deadline: .now() + Self.patience(head.headers["x-prometheus-scrape-timeout-seconds"]),
            reply: reply
        )
        let isAdmitted = state.withLock { state in
            guard state.inFlight < limit else { return false }
            state.inFlight += 1
            state.waiting.append(request)
            return true
        }
        guard isAdmitted else { return reply(Self.overloaded) }
        queue.async { self.serve() }
    }

    private static let overloaded = HTTPAnswer.text(
        503,
        "too many scrapes at once",
        headers: [("Retry-After", "1")]
    )

    /// Half a second less than Prometheus waits; ten seconds when it does not say.
    static func patience(_ header: String?) -> DispatchTimeInterval {
        guard let header, let seconds = Double(header), seconds > 0, seconds < 3600 else { return .seconds(10) }
        return .milliseconds(max(100, Int(seconds * 1000) - 500))
    }

    /// Serves all that wait, a page for each way of writing it.
    private func serve() {
        var requests = state.withLock { state in
            let requests = state.waiting
            state.waiting = []
            return requests
        }
        while let first = requests.first {
            let alike = requests.filter { $0.format == first.format && $0.isCompressed == first.isCompressed }
            requests.removeAll { $0.format == first.format && $0.isCompressed == first.isCompressed }
            let now = DispatchTime.now()
            let answer =
                alike.contains { $0.deadline > now } ? write(first.format, first.isCompressed) : Self.overloaded
            state.withLock { $0.inFlight -= alike.count }
            let done = DispatchTime.now()
            for request in alike { request.reply(request.deadline > done ? answer : Self.overloaded) }
        }
    }

    private func write(_ format: ExpositionFormat, _ isCompressed: Bool) -> HTTPAnswer {
        page.withLock { page in
            registry.render(format, into: &page.buffer)
            var headers = [("Content-Type", format.contentType), ("Vary", ContentCoding.vary)]
            guard isCompressed else { return HTTPAnswer(200, headers: headers, body: page.buffer.bytes) }
            var compressed: [UInt8] = []
            let isDone = page.buffer.withUnsafeBytes { page.gzip.compress($0, into: &compressed) }
            guard isDone else { return HTTPAnswer(200, headers: headers, body: page.buffer.bytes) }
            headers.append(("Content-Encoding", "gzip"))
            return HTTPAnswer(200, headers: headers, body: compressed)
        }
    }
}
