// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A server that says one thing to whoever connects, and then nothing, or that closes at once.
final class ScriptedNATS: Sendable {
    /// What a server says of itself, with some fields more.
    static func info(maxPayload: Int = 1 << 20, _ fields: String = "") -> String {
        #"INFO {"server_id":"x","version":"2.9.10","proto":1,"max_payload":\#(maxPayload),"headers":true\#(fields)}"#
            + "\r\n"
    }

    /// What the thread holds as well.
    private final class State: Sendable {
        let open = Mutex<[Int32]>([])
        let isStopped = Atomic(false)
    }

    let port: Int
    private let listener: Int32
    private let state = State()
    private let thread: TestThread

    /// Listens, and answers each connection with some words.
    ///
    /// - Parameter answer: What it says to the first that it hears.
    /// - Parameter closes: Whether it closes a connection then.
    init(_ words: String, answer: String = "", closes: Bool = false) throws {
        let listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0), reusePort: false)
        self.listener = listener
        port = try Socket.localAddress(listener).port
        thread = TestThread { [state] in
            while !state.isStopped.load(ordering: .acquiring) {
                var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
                guard poll(&entry, 1, 20) == 1, case .accepted(let descriptor, _) = Socket.accept(listener) else {
                    continue
                }
                _ = Array(words.utf8).withUnsafeBytes { Socket.write(descriptor, $0) }
                if !answer.isEmpty {
                    entry.fd = descriptor
                    if poll(&entry, 1, 10_000) == 1 {
                        _ = Array(answer.utf8).withUnsafeBytes { Socket.write(descriptor, $0) }
                    }
                }
                if closes { Socket.close(descriptor) } else { state.open.withLock { $0.append(descriptor) } }
            }
        }
    }

    deinit {
        state.isStopped.store(true, ordering: .releasing)
        thread.join()
        state.open.withLock { $0.forEach(Socket.close) }
        Socket.close(listener)
    }

    /// How many connections came that the other side has not closed.
    var openCount: Int {
        state.open.withLock { open in
            open.filter { descriptor in
                var buffer = [UInt8](repeating: 0, count: 4096)
                while true {
                    switch buffer.withUnsafeMutableBytes({ Socket.read(descriptor, into: $0) }) {
                    case .bytes: continue
                    case .wouldBlock: return true
                    case .closed, .failed: return false
                    }
                }
            }
            .count
        }
    }

    /// How many connections it has taken and kept.
    var acceptedCount: Int { state.open.withLock(\.count) }
}
