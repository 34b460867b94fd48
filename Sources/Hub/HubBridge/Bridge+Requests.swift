// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore

/// What nodes ask each other: to push a frame to a client of theirs.
extension Bridge {
    private static var unicast: StaticString { "unicast" }

    /// Sends a frame to the node, or a few nodes, whose tag a client's id has.
    func forward(
        _ frame: Frame,
        to id: ClientID,
        _ now: UInt64,
        _ completion: @escaping @Sendable (HubError?) -> Void
    ) {
        let (nodes, isAll) = members.nodes(tagged: id.tag)
        if nodes.isEmpty, id.tag == hub.tag { return completion(.clientNotFound) }
        guard link.takesPublications else { return completion(.busUnavailable) }
        guard !nodes.isEmpty else { return completion(.clientNotFound) }
        let deadline = now &+ settings.requestTimeout
        guard let request = requests.open(to: nodes.map(\.incarnation), isAll: isAll, until: deadline, completion)
        else {
            return completion(.busUnavailable)
        }
        if !isAll { memberLog.sharedTag(id.tag) }
        // Nodes of one name have one inbox.
        for node in Set(nodes.map(\.id)) {
            var fields = EnvelopeWriter.Fields(.request, to: .node(node))
            fields.isBinary = frame.isBinary
            fields.publishTime = clock.unixMicroseconds()
            fields.correlation = request
            fields.client = id.bytes
            fields.operation = Self.unicast
            send(fields, frame.content)
        }
    }

    /// Does what another node asks, and answers.
    func answer(_ request: Envelope) {
        guard let correlation = request.extensions.correlation,
            let origin = String(validating: request.origin, as: UTF8.self)
        else { return link.dropped(.decode, request) }
        var fields = EnvelopeWriter.Fields(.answer, to: .node(origin))
        fields.publishTime = clock.unixMicroseconds()
        fields.correlation = correlation
        let outcome = outcome(of: request)
        send(fields, Array(outcome.utf8))
    }

    private func outcome(of request: Envelope) -> String {
        guard request.extensions[.operation]?.elementsEqual("unicast".utf8) == true,
            let client = request.extensions[.client], let id = ClientID(bytes: client), fits(request), isFrame(request)
        else { return "unsupported" }
        let payload = Array(request.payload)
        return push(request.isBinary ? .binary(payload) : .text(payload), to: id)?.code.rawValue ?? "ok"
    }

    /// Takes another node's answer.
    func answered(_ answer: Envelope) {
        guard fits(answer) else { return }
        guard let request = answer.extensions.correlation else { return link.dropped(.decode, answer) }
        let error: HubError? =
            switch String(decoding: answer.payload, as: UTF8.self) {
            case "ok": nil
            case HubError.Code.sendBufferFull.rawValue: .sendBufferFull
            case HubError.Code.clientNotFound.rawValue: .clientNotFound
            default: .busUnavailable
            }
        requests.answered(request, by: answer.incarnation, error)
    }
}
