// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Threads for calls that block, which must not hold up the tests that share the pool.
package enum Blocking {
    /// Runs `body` on a thread of its own, which nobody joins.
    package static func detach(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Job(body))
        #if canImport(Darwin)
            var thread: pthread_t?
            let failed = pthread_create(&thread, nil, runJob, box.toOpaque())
            if let thread { pthread_detach(thread) }
        #else
            var thread = pthread_t()
            let failed = pthread_create(&thread, nil, runJob, box.toOpaque())
            if failed == 0 { pthread_detach(thread) }
        #endif
        // Without a thread the caller has to bear it: slow is better than stuck.
        if failed != 0 { box.takeRetainedValue().body() }
    }

    /// Runs `body` on a thread of its own and waits for what it returns, without holding a thread of the pool.
    package static func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        let order = Order()
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<Result, any Error>, Never>) in
            detach {
                let result = Swift.Result(catching: body)
                order.lock.withLock { _ in }
                continuation.resume(returning: result)
            }
        }
        order.lock.withLock { _ in }
        return try result.get()
    }

    /// Shows the thread sanitizer that what the thread wrote comes before what the caller reads.
    ///
    /// It does not see that of a continuation which is resumed before anybody waits for it.
    private final class Order: Sendable {
        let lock = Mutex(())
    }

    fileprivate final class Job: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}

#if canImport(Darwin)
    private func runJob(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Blocking.Job>.fromOpaque(context).takeRetainedValue().body()
        return nil
    }
#else
    private func runJob(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let context { Unmanaged<Blocking.Job>.fromOpaque(context).takeRetainedValue().body() }
        return nil
    }
#endif
