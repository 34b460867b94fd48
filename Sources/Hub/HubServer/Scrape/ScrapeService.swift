// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch
package import HubLoop
package import HubMetrics
package import HubWire
import Synchronization

/// Serves `/metrics` on a thread of its own, so that no loop waits for a page.
///
/// One page is made at a time, and all who wait for its kind share it; for half a second it answers others at once. An
/// address may leave so many answers untaken, as each may hold a page: it is answered 503 beyond that, while others are
/// served. When many pages wait for slow readers, those of the oldest are ended in favour of who asks now. Those whose
/// deadline has passed are answered 503 too: Prometheus then shows the target as down rather than half a page.
package final class ScrapeService: Sendable {
    /// How long a page is given to those who ask, counted from when it began to be made.
    package static let freshness: Duration = .milliseconds(500)
    /// How many times the limit of one address all pages together may be that are in memory.
    static let maxPagesFactor = 16

    private struct Kind: Hashable {
        let format: ExpositionFormat
        let isCompressed: Bool
    }

    private struct Request {
        let kind: Kind
        let address: String
        let arrived: MonotonicTime
        let deadline: MonotonicTime
        let reply: @Sendable (HTTPAnswer) -> Void
    }

    private struct WeakPage {
        weak var page: ScrapedPage?
    }

    private struct State {
        var waiting: [Request] = []
        var isServing = false
        /// The last page of each kind.
        var pages: [Kind: ScrapedPage] = [:]
        /// Pages in the order in which they were made; those that are gone are taken out when one is added.
        var made: [WeakPage] = []
        /// How many answers each address has not taken yet.
        var untaken: [String: Int] = [:]
    }

    /// What only the service's thread touches.
    private struct Workshop: ~Copyable {
        var buffer = ExpositionBuffer()
        var gzip = GzipStream()
        var compressed: [UInt8] = []
    }

    private let registry: Registry
    private let limit: Int
    private let clock: any MonotonicClock
    private let pageCount = PageCount()
    private let state = Mutex(State())
    private let workshop = Mutex(Workshop())
    private let queue = DispatchQueue(label: "gohub.scrape")

    /// Makes the service of a registry.
    ///
    /// - Parameter limit: How many answers one address may leave untaken.
    /// - Parameter clock: Tells how old a page is, and when a reader has given up.
    package init(_ registry: Registry, limit: Int, clock: any MonotonicClock = SystemClock()) {
        self.registry = registry
        self.limit = limit
        self.clock = clock
    }

    /// Answers a scrape, from the service's thread or at once.
    ///
    /// - Parameter address: Whose it is; the limit is by address.
    package func scrape(
        _ head: HTTPRequestHead,
        from address: String,
        _ reply: @escaping @Sendable (HTTPAnswer) -> Void
    ) {
        let arrived = clock.now()
        let request = Request(
            kind: Kind(
                format: ExpositionFormat.negotiate(accept: head.headers["accept"]),
                isCompressed: ContentCoding.allowsGzip(acceptEncoding: head.headers["accept-encoding"])
            ),
            address: address,
            arrived: arrived,
            deadline: arrived + Self.patience(head.headers["x-prometheus-scrape-timeout-seconds"]),
            reply: reply
        )
        enum Next { case refuse, answer(ScrapedPage), wait, begin }
        let next: Next = state.withLock { state in
            guard state.untaken[address, default: 0] < limit else { return .refuse }
            if let page = state.pages[request.kind], isFresh(page, at: request.arrived) { return .answer(page) }
            state.waiting.append(request)
            if state.isServing { return .wait }
            state.isServing = true
            return .begin
        }
        switch next {
        case .refuse: reply(Self.overloaded)
        case .answer(let page): reply(answer(page, to: address))
        case .wait: break
        case .begin: queue.async { self.serve() }
        }
    }

    /// How many pages are kept in mind: those in memory, and what has gone since the last one was made.
    package var pagesInMind: Int { state.withLock { $0.made.count } }

    /// How many pages are in memory: the last ones, and those that sockets have not taken yet.
    package var pagesInMemory: Int { pageCount.value }

    private static let overloaded = HTTPAnswer.text(
        503,
        "too many scrapes at once",
        headers: [("Retry-After", "1")]
    )

    /// Half a second less than Prometheus waits; ten seconds when it does not say.
    static func patience(_ header: String?) -> Duration {
        guard let header, let seconds = Double(header), seconds > 0, seconds < 3600 else { return .seconds(10) }
        return max(.milliseconds(100), .seconds(seconds) - .milliseconds(500))
    }

    private func isFresh(_ page: ScrapedPage, at time: MonotonicTime) -> Bool { time <= page.began + Self.freshness }

    /// The page as an answer, which counts against the address for as long as a socket does not take it.
    private func answer(_ page: ScrapedPage, to address: String) -> HTTPAnswer {
        var answer = page.answer
        answer.hold = { [self] giveUp in
            state.withLock { $0.untaken[address, default: 0] += 1 }
            return UntakenPage(page, giveUp: giveUp) { [self] in letGo(address) }
        }
        return answer
    }

    private func letGo(_ address: String) {
        state.withLock { state in
            let left = state.untaken[address, default: 1] - 1
            state.untaken[address] = left > 0 ? left : nil
        }
    }

    // MARK: On the service's thread

    /// Makes pages until nobody waits.
    private func serve() {
        while let (kind, isLate) = next() {
            let page = isLate ? nil : page(of: kind)
            let now = clock.now()
            let requests = state.withLock { state in
                func isServed(_ request: Request) -> Bool {
                    guard request.kind == kind else { return false }
                    // One that came just now is not late because the others were.
                    return isLate ? request.deadline <= now : self.isServed(request, by: page, at: now)
                }
                let served = state.waiting.filter(isServed)
                state.waiting.removeAll(where: isServed)
                return served
            }
            for request in requests {
                guard let page, request.deadline > now else {
                    request.reply(Self.overloaded)
                    continue
                }
                request.reply(answer(page, to: request.address))
            }
        }
    }

    /// What is wanted first, and whether all who wait for it have given up; nil when nobody waits.
    private func next() -> (Kind, isLate: Bool)? {
        let now = clock.now()
        return state.withLock { state in
            guard let kind = state.waiting.first?.kind else {
                state.isServing = false
                return nil
            }
            return (kind, !state.waiting.contains { $0.kind == kind && $0.deadline > now })
        }
    }

    /// Whether a request is answered with the page, or with the refusal if there is none; otherwise it waits for the next.
    private func isServed(_ request: Request, by page: ScrapedPage?, at now: MonotonicTime) -> Bool {
        guard let page else { return true }
        return request.arrived <= page.began || isFresh(page, at: now)
    }

    /// The last page of a kind if it is fresh, or a new one; nil when too many are in memory.
    private func page(of kind: Kind) -> ScrapedPage? {
        let plainKind = Kind(format: kind.format, isCompressed: false)
        let last = state.withLock { $0.pages }
        let now = clock.now()
        if let page = last[kind], isFresh(page, at: now) { return page }
        makeRoom()
        guard pageCount.value < limit * Self.maxPagesFactor else { return nil }
        let plain = last[plainKind].flatMap { isFresh($0, at: now) ? $0 : nil } ?? render(kind.format)
        let page = kind.isCompressed ? compress(plain) : plain
        // Pages that nobody else has any more are let go after the lock.
        _ = state.withLock { state in
            var made = state.made.compactMap(\.page)
            if state.pages[plainKind] !== plain { made.append(plain) }
            if page !== plain { made.append(page) }
            state.made = made.map(WeakPage.init)
            let lastPlain = state.pages.updateValue(plain, forKey: plainKind)
            return (made, lastPlain, state.pages.updateValue(page, forKey: kind))
        }
        return page
    }

    /// Gives up the oldest pages that wait for slow readers, before there are too many for a new one.
    private func makeRoom() {
        let excess = pageCount.value - limit * Self.maxPagesFactor * 3 / 4
        guard excess >= 0 else { return }
        let (pages, last) = state.withLock { state in
            (state.made.compactMap(\.page), Array(state.pages.values))
        }
        let going = pages.count(where: \.isAbandoned)
        let untaken = pages.filter { page in !page.isAbandoned && !last.contains { $0 === page } }
        for page in untaken.prefix(max(0, excess + 1 - going)) { page.abandon() }
    }

    private func render(_ format: ExpositionFormat) -> ScrapedPage {
        let began = clock.now()
        let body = workshop.withLock { workshop in
            registry.render(format, into: &workshop.buffer)
            return workshop.buffer.bytes
        }
        let headers = [("Content-Type", format.contentType), ("Vary", ContentCoding.vary)]
        return ScrapedPage(HTTPAnswer(200, headers: headers, body: body), began: began, count: pageCount)
    }

    private func compress(_ page: ScrapedPage) -> ScrapedPage {
        let body: [UInt8]? = workshop.withLock { workshop in
            let count = page.answer.body.withUnsafeBytes { workshop.gzip.compress($0, into: &workshop.compressed) }
            // A copy without the room that compressing needs.
            return count.map { Array(workshop.compressed[..<$0]) }
        }
        guard let body else { return page }
        let headers = page.answer.headers + [("Content-Encoding", "gzip")]
        return ScrapedPage(HTTPAnswer(200, headers: headers, body: body), began: page.began, count: pageCount)
    }
}
