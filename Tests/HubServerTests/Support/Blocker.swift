// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch
import HubCore
import HubLoop
import HubServer
import HubTesting
import HubWire

/// Holds up threads of the server until the test lets them go.
final class Blocker: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    /// Signalled by each thread that is held up.
    private let arrivals = DispatchSemaphore(value: 0)

    /// Blocks the calling thread until ``open()``; not for tasks.
    func wait() {
        arrivals.signal()
        gate.wait()
        gate.signal()
    }

    /// Lets all go, now and later.
    func open() { gate.signal() }

    /// Waits until a thread is held up.
    func arrival() async throws {
        try await Blocking.run { [arrivals] in
            if arrivals.wait(timeout: .now() + 60) == .timedOut {
                throw ProcessFault(.timedOut, "no thread came to be held up")
            }
        }
    }

    deinit { gate.signal() }
}

extension TestServer {
    /// Holds up the first loop until what the peers send has come to its sockets.
    func atOnce(_ send: () -> Void) async throws {
        let blocker = Blocker()
        server.loops[0].post { blocker.wait() }
        try await blocker.arrival()
        send()
        await withCheckedContinuation { sent in peers.loop.post { sent.resume() } }
        blocker.open()
    }
}

/// A handler that hangs the loop of the client that calls it.
struct HangHandler: MessageHandler {
    let blocker: Blocker

    func handle(_ message: Message) throws(MessageError) { blocker.wait() }
}

/// A handler that answers which loop the client is on, by a `pong`.
struct LoopHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        let index = Array(String(message.shard.index).utf8)
        message.reply { timestamp, bytes in
            index.withUnsafeBytes {
                HubMessage.pong(data: $0, messageID: message.messageID, timestamp: timestamp, to: &bytes)
            }
        }
    }
}
