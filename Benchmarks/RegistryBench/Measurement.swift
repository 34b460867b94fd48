// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What one way of counting costs.
struct Measurement: Sendable {
    var name: String
    var threads: Int
    /// Thread CPU time of one call in the least of many short runs; of several threads, their mean.
    var nanoseconds: Double
    /// The same in the middle one: threads in each other's way show up here, and in no single run.
    var median: Double
}

/// Measures calls in short runs, so that the least of them was not disturbed.
enum Stopwatch {
    static let callsPerRun = 100_000
    static let runs = 101

    /// The thread's CPU time so far, in nanoseconds.
    static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Calls `run` with the number of calls to make, on one thread or on several at once.
    static func measure(_ name: String, threads: Int = 1, _ run: @escaping @Sendable (Int) -> Void) -> Measurement {
        // Several threads run for long enough to meet, on a busy machine too.
        let ready = Atomic<Int>(0)
        let total = Mutex((least: 0.0, median: 0.0))
        Threads.run(threads) {
            ready.wrappingAdd(1, ordering: .relaxed)
            while ready.load(ordering: .relaxed) < threads { sched_yield() }
            let costs = costs(callsPerRun * (threads == 1 ? 1 : 20), run)
            total.withLock { total in
                total.least += costs[0]
                total.median += costs[costs.count / 2]
            }
        }
        let sums = total.withLock { $0 }
        return Measurement(
            name: name,
            threads: threads,
            nanoseconds: sums.least / Double(threads),
            median: sums.median / Double(threads)
        )
    }

    /// What a call cost in each run, the least first.
    private static func costs(_ calls: Int, _ run: (Int) -> Void) -> [Double] {
        run(calls)
        let costs = (0..<runs).map { _ in
            let start = threadNanoseconds()
            run(calls)
            return Double(threadNanoseconds() - start) / Double(calls)
        }
        return costs.sorted()
    }
}

/// Threads that run one body.
enum Threads {
    private final class Job: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    static func run(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        var threads: [pthread_t] = []
        for _ in 0..<count {
            let context = Unmanaged.passRetained(Job(body)).toOpaque()
            #if canImport(Darwin)
                var thread: pthread_t?
                let status = pthread_create(
                    &thread,
                    nil,
                    { context in
                        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
                        return nil
                    },
                    context
                )
                if status == 0, let thread { threads.append(thread) }
            #else
                var thread = pthread_t()
                let status = pthread_create(
                    &thread,
                    nil,
                    { context in
                        guard let context else { return nil }
                        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
                        return nil
                    },
                    context
                )
                if status == 0 { threads.append(thread) }
            #endif
        }
        precondition(threads.count == count, "a thread did not start")
        for thread in threads { pthread_join(thread, nil) }
    }
}
