// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// The subscriptions of one connection: one for a name, one for names that begin alike, and none for what another one has.
final class NATSInterests {
    private let connection: NATSConnection
    private let encoding: SubjectEncoding
    /// Takes a message and its name; borrowed.
    private let receive: (UnsafeRawBufferPointer, OpaquePointer) -> Void
    private var names: [BusTopic: NATSSubscription] = [:]
    private var prefixes: [String: NATSSubscription] = [:]
    /// A name that was read of a subject, in memory that is used again.
    private var name: [UInt8] = []

    init(
        _ connection: NATSConnection,
        _ encoding: SubjectEncoding,
        receive: @escaping (UnsafeRawBufferPointer, OpaquePointer) -> Void
    ) {
        self.connection = connection
        self.encoding = encoding
        self.receive = receive
    }

    /// Takes one step of a change.
    func take(_ step: InterestChange.Step) throws(NATSError) {
        switch step {
        case .add(let topic):
            guard names[topic] == nil, !isCovered(topic) else { return }
            try subscribe(topic)
        case .addPrefix(let prefix):
            guard prefixes[prefix] == nil else { return }
            try subscribe(prefix: prefix)
        case .remove(let topic): names.removeValue(forKey: topic).map { connection.unsubscribe($0) }
        }
    }

    /// Forgets the subscription to a name that the server has refused.
    ///
    /// - Returns: The name; nil when it is wanted no more.
    func refused(_ subject: QuotedSubject) -> BusTopic? {
        guard let topic = topic(of: subject), let subscription = names.removeValue(forKey: topic) else { return nil }
        connection.unsubscribe(subscription)
        return topic
    }

    private func topic(of subject: QuotedSubject) -> BusTopic? {
        guard subject.isWhole else { return names.keys.first { subject.matches(encoding.subject(of: $0)) } }
        guard !subject.bytes.contains(0), encoding.read(Subject(subject.bytes).cString, into: &name) else { return nil }
        return name.withUnsafeBytes { BusTopic($0) }
    }

    private func isCovered(_ topic: BusTopic) -> Bool {
        // By one for `unicast/`, if by any; names are many, prefixes are not.
        prefixes.keys.contains { topic.name.utf8.starts(with: $0.utf8) }
    }

    private func subscribe(_ topic: BusTopic) throws(NATSError) {
        let bytes = Array(topic.name.utf8)
        names[topic] = try connection.subscribe(encoding.subject(of: topic), .messages) { [unowned self] message in
            bytes.withUnsafeBytes { receive($0, message) }
        }
    }

    private func subscribe(prefix: String) throws(NATSError) {
        let beginning = Array(prefix.utf8)
        let subject = encoding.subject(ofNamesWith: prefix)
        prefixes[prefix] = try connection.subscribe(subject, .messages) { [unowned self] message in
            takeWildcard(message, beginningWith: beginning)
        }
        // What the wildcard brings must not come a second time.
        for topic in names.keys where isCovered(topic) {
            names.removeValue(forKey: topic).map { connection.unsubscribe($0) }
        }
    }

    private func takeWildcard(_ message: OpaquePointer, beginningWith beginning: [UInt8]) {
        guard let subject = NATSMessage.subject(of: message), encoding.read(subject, into: &name) else {
            // Not one of ours, but below our prefix: told as it stands, so that it is counted.
            return NATSMessage.withSubject(of: message) { receive($0, message) }
        }
        guard name.starts(with: beginning) else { return }
        name.withUnsafeBytes { receive($0, message) }
    }
}
