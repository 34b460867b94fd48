// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a process has written so far to one of its outputs, up to 16 MiB of it.
package final class CapturedOutput: Sendable {
    private static let limit = 16 << 20

    private struct State {
        var bytes: [UInt8] = []
        var isComplete = false
    }

    private let state = Mutex(State())

    /// What was written; bytes that are not UTF-8 are replaced.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package var bytes: [UInt8] { state.withLock(\.bytes) }

    package var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// Whether the process and its children have closed the output.
    package var isComplete: Bool { state.withLock(\.isComplete) }

    /// The last lines, for the message of a failure.
    package func tail(_ count: Int = 20) -> String {
        text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }

    /// Reads the descriptor to its end and closes it, on a thread of its own.
    func capture(_ descriptor: Int32) {
        Blocking.detach { [self] in
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { break }
                state.withLock { state in
                    // Beyond the limit it is read and dropped, so that the process is never held up.
                    state.bytes += chunk[..<min(count, Self.limit - state.bytes.count)]
                }
            }
            close(descriptor)
            state.withLock { $0.isComplete = true }
        }
    }
}
