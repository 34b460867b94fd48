// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Opens once, from any thread; a task waits for it, though not for ever.
final class Gate: Sendable {
    private let opened = AsyncStream.makeStream(of: Void.self)

    func open() { opened.continuation.finish() }

    func wait(atMost limit: Duration) async {
        let guardian = Task {
            // Only a fault waits it out: the time after which a test is told that nothing came.
            try? await Task.sleep(for: limit)
            open()
        }
        for await _ in opened.stream {}
        guardian.cancel()
    }
}
