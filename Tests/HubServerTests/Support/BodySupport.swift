// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Synchronization

extension Route {
    /// A route that answers with the body that it got.
    static func echo(
        _ path: String = "/echo",
        methods: HTTPMethods = .post,
        on listeners: Listeners = .clients,
        maxBodyBytes: Int = 100_000,
        admit: (@Sendable (RouteRequest) -> HTTPAnswer?)? = nil
    ) -> Route {
        Route(
            path,
            RouteLabel("/echo"),
            "answers with what it gets",
            methods: methods,
            on: listeners,
            maxBodyBytes: maxBodyBytes,
            admit: admit,
            .answer { request in HTTPAnswer(200, body: request.body) }
        )
    }
}

/// What a route was asked, for the test to answer when it likes.
final class PendingAnswers: Sendable {
    private let waiting = Mutex<[@Sendable (HTTPAnswer) -> Void]>([])
    private let kept = Mutex<[RouteRequest]>([])

    /// A route whose requests wait for ``answer(_:)``, kept meanwhile.
    func route(_ path: String = "/later", maxBodyBytes: Int = 100_000) -> Route {
        Route(
            path,
            RouteLabel("/later"),
            "answers later",
            methods: [.get, .post],
            maxBodyBytes: maxBodyBytes,
            .answerLater { [self] request, reply in
                kept.withLock { $0.append(request) }
                waiting.withLock { $0.append(reply) }
            }
        )
    }

    /// How many requests wait.
    var count: Int { waiting.withLock { $0.count } }

    /// Lets go of the requests, whether they were answered or not.
    func forgetRequests() {
        let requests = kept.withLock { kept in
            defer { kept = [] }
            return kept
        }
        _ = requests.count
    }

    /// Answers all that wait, from the calling thread, each with the body that came and a number.
    func answer(_ status: Int = 200) {
        let replies = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        let requests = kept.withLock { $0 }
        for (reply, request) in zip(replies, requests.suffix(replies.count)) {
            reply(HTTPAnswer(status, body: request.body))
        }
        forgetRequests()
    }
}

extension TestServer {
    /// Waits until no body is in memory: a loop may let go of one just after its answer.
    func noBodies() async throws {
        _ = try await HubTesting.eventually("no body in memory") { server.bodyBytes == 0 ? true : nil }
    }
}

extension Peer {
    /// Sends a request with a body of a length that is told.
    func post(_ target: String, _ body: String, method: String = "POST", headers: [(String, String)] = []) {
        let fields = headers.map { "\($0): \($1)\r\n" }.joined()
        send("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Waits for so many bytes and takes them, whatever they are.
    func text(_ count: Int) async throws(PeerFault) -> String {
        let bytes = try await read("\(count) bytes") { (input) throws(PeerFault) -> [UInt8]? in
            input.count >= count ? input.take(count) : nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
