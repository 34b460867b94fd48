// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubWire

/// Looks for the consumers of nodes that are gone without having deleted them, and deletes them.
final class ConsumerSweep {
    private let requests: JetStreamRequests
    private let stream: String
    private let encoding: SubjectEncoding
    private let logger: Logger
    /// Runs what may fail, and ends the connection when it does.
    private let attempt: (() throws(NATSError) -> Void) -> Void
    private var idle = IdleConsumers()
    private let deletions = LogLimit(burst: 16)

    /// No hub has so many nodes; of a longer list no more is read.
    private static let limit = 10_000

    init(
        _ requests: JetStreamRequests,
        stream: String,
        _ encoding: SubjectEncoding,
        logger: Logger,
        attempt: @escaping (() throws(NATSError) -> Void) -> Void
    ) {
        self.requests = requests
        self.stream = stream
        self.encoding = encoding
        self.logger = logger
        self.attempt = attempt
    }

    /// Takes a look.
    ///
    /// - Parameter own: The consumer of this node, which stays.
    func begin(own: String) throws(NATSError) { try list(behind: [], own: own) }

    /// Lists all consumers of the stream, page by page.
    private func list(behind known: [ConsumerInfo], own: String) throws(NATSError) {
        let body = Array(#"{"offset":\#(known.count)}"#.utf8)
        try requests.send("CONSUMER.LIST.\(stream)", body) { [weak self] answer in
            guard let self, case .success(let answer) = answer else { return }
            attempt { () throws(NATSError) in
                let page = answer.tree["consumers"]?.array.map { ConsumerInfo($0) } ?? []
                let known = known + page
                if !page.isEmpty, known.count < Self.limit, known.count < answer.tree["total"]?.count ?? 0 {
                    return try self.list(behind: known, own: own)
                }
                for name in self.idle.look(known, own: own) { try self.deleteUnlessHeard(name) }
            }
        }
    }

    /// Deletes a consumer to which nobody listens: a node that has had no room for long looks like one that is dead.
    private func deleteUnlessHeard(_ name: String) throws(NATSError) {
        try requests.send(to: encoding.presence(of: name)) { [weak self] answer in
            guard let self, case .failure(let failure) = answer, failure.code == 503 else { return }
            attempt { () throws(NATSError) in
                self.logger.log(
                    .info,
                    limit: self.deletions,
                    "deleted the consumer of a node that is gone",
                    [LogField("consumer", name)]
                )
                try self.requests.send("CONSUMER.DELETE.\(self.stream).\(name)") { _ in }
            }
        }
    }
}

extension SubjectEncoding {
    /// To what the node that has a consumer listens as long as it is connected.
    func presence(of consumer: String) -> Subject { subject("consumer.\(consumer)") }
}
