// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread that a test starts and waits for.
package final class TestThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Nil if it could not be started, which ends the tests.
    private let thread: UncheckedThread?

    /// Starts a thread.
    package init(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run)).toOpaque()
        #if canImport(Glibc)
            var thread = pthread_t()
            let status = pthread_create(
                &thread,
                nil,
                { context in
                    if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                },
                body
            )
            self.thread = status == 0 ? UncheckedThread(thread: thread) : nil
        #else
            var thread: pthread_t?
            let status = pthread_create(
                &thread,
                nil,
                { context in
                    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                },
                body
            )
            self.thread = status == 0 ? thread.map(UncheckedThread.init) : nil
        #endif
        precondition(status == 0, "a thread did not start")
    }

    /// Waits until it has ended; to be called once.
    package func join() {
        if let thread { pthread_join(thread.thread, nil) }
    }
}

/// The system's name of a thread is only a number or a pointer that nobody follows.
private struct UncheckedThread: @unchecked Sendable {
    let thread: pthread_t
}
