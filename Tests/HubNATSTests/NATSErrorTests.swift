// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats
import HubBus
import Testing

@testable import HubNATS

@Suite("What the library says went wrong")
struct NATSErrorTests {
    @Test(
        "each status has a code, a reason for the link and one for a publication",
        arguments: [
            (NATS_CONNECTION_AUTH_FAILED, .authFailed, .refused, .failed),
            (NATS_PROTOCOL_ERROR, .badReply, .badReply, .failed), (NATS_LINE_TOO_LONG, .badReply, .badReply, .failed),
            (NATS_IO_ERROR, .closed, .closed, .disconnected),
            (NATS_CONNECTION_CLOSED, .closed, .closed, .disconnected),
            (NATS_CONNECTION_DISCONNECTED, .closed, .closed, .disconnected),
            (NATS_NO_SERVER, .connectFailed, .unreachable, .failed),
            (NATS_ADDRESS_MISSING, .connectFailed, .unreachable, .failed),
            (NATS_NOT_PERMITTED, .notPermitted, .refused, .rejected), (NATS_ERR, .refused, .refused, .rejected),
            (NATS_TIMEOUT, .timedOut, .timeout, .timeout), (NATS_STALE_CONNECTION, .timedOut, .timeout, .timeout),
            (NATS_SSL_ERROR, .tls, .tls, .failed), (NATS_SECURE_CONNECTION_WANTED, .tls, .tls, .failed),
            (NATS_SECURE_CONNECTION_REQUIRED, .tls, .tls, .failed),
            (NATS_MAX_PAYLOAD, .tooLarge, .badReply, .tooLarge), (NATS_SLOW_CONSUMER, .full, .closed, .timeout),
            (NATS_NO_MEMORY, .other, .closed, .failed),
        ] as [(natsStatus, NATSError.Code, LinkFault.Reason, BusError.Code)]
    )
    func codes(status: natsStatus, code: NATSError.Code, link: LinkFault.Reason, publication: BusError.Code) {
        let error = NATSError(status, "its words", doing: "try")
        #expect(error.code == code)
        #expect(error.message == "try: its words")
        #expect(LinkFault(error).reason == link)
        #expect(LinkFault(error).message.hasPrefix("try: its words"))
        #expect(BusError(error) == BusError(publication, "try: its words"))
    }

    @Test("a status without words has the library's sentence")
    func sentence() {
        let error = NATSError(NATS_TIMEOUT, doing: "connect")
        #expect(error.message == "connect: Timeout")
        #expect(error.description == "timed_out: connect: Timeout")
    }

    @Test("a fault of TLS names the keys to look at")
    func tls() {
        #expect(LinkFault(NATSError(.tls, "no")).message == "no (see bus.nats.tls)")
        #expect(LinkFault(NATSError(.closed, "no")).message == "no")
    }

    @Test("what the library said last counts only for the status at hand")
    func last() {
        #expect(natsOptions_SetURL(nil, "nats://127.0.0.1") == NATS_INVALID_ARG)
        #expect(NATSError.last(NATS_TIMEOUT, doing: "wait").message == "wait: Timeout")
        #expect(NATSError.last(NATS_INVALID_ARG, doing: "name the server").code == .other)
    }

    @Test("a secret that cannot be had is a refusal without an attempt")
    func secrets() {
        let login = NATSSettings.Login.token { () throws(BusSecretError) in throw BusSecretError("no file there") }
        let error = #expect(throws: NATSError.self) { try NATSLogin(login) }
        #expect(error == NATSError(.authFailed, "no file there"))
    }
}
