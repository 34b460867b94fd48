// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// Asks JetStream over a connection, and brings each answer to who asked.
final class JetStreamRequests {
    typealias Handler = (Result<JetStreamAnswer, JetStreamAnswer.Failure>) -> Void

    /// How long an answer may take.
    static let limit = Duration.seconds(5)

    private let connection: NATSConnection
    private let replies: ReplySubjects
    private let loop: EventLoop
    private var waiting: [UInt64: (subject: Subject, deadline: MonotonicTime, handler: Handler)] = [:]
    private var lastNumber: UInt64 = 0

    init(_ connection: NATSConnection, _ replies: ReplySubjects, loop: EventLoop) {
        self.connection = connection
        self.replies = replies
        self.loop = loop
    }

    /// Sends a request; it goes out with the next flush.
    ///
    /// - Parameter operation: What stands behind `$JS.API.`.
    /// - Parameter handler: Called once, unless the connection ends before; with `503` when nobody there knows JetStream, `403`
    ///   when the server did not permit to ask, `408` when no answer came in time.
    func send(_ operation: String, _ body: [UInt8] = [], _ handler: @escaping Handler) throws(NATSError) {
        try send(to: Subject("$JS.API.\(operation)".utf8), body, handler)
    }

    /// Sends a request to anybody.
    func send(to subject: Subject, _ body: [UInt8] = [], _ handler: @escaping Handler) throws(NATSError) {
        lastNumber += 1
        waiting[lastNumber] = (subject, loop.now + Self.limit, handler)
        let reply = replies.subject(.request, lastNumber)
        try connection.publish(subject, body, replyTo: reply)
    }

    /// Takes an answer.
    func answered(_ number: UInt64, _ message: OpaquePointer) {
        guard let request = waiting.removeValue(forKey: number) else { return }
        if NATSMessage.isNoResponders(message) {
            return request.handler(
                .failure(
                    .init(
                        code: 503,
                        number: 0,
                        description: "nobody answers for JetStream; was the server started with it (-js)?"
                    )
                )
            )
        }
        let bytes = NATSMessage.bytes(of: message)
        request.handler(Result { () throws(JetStreamAnswer.Failure) in try JetStreamAnswer(bytes) })
    }

    /// The server did not permit a publication: no answer comes to those that were requests.
    func refused(_ subject: QuotedSubject, _ words: String) {
        for (number, request) in waiting where subject.matches(request.subject) {
            waiting[number] = nil
            request.handler(.failure(.init(code: 403, number: 0, description: words)))
        }
    }

    /// Gives up what has waited for too long.
    func tick(_ now: MonotonicTime) {
        for (number, request) in waiting where request.deadline <= now {
            waiting[number] = nil
            request.handler(.failure(.init(code: 408, number: 0, description: "no answer in time")))
        }
    }
}
