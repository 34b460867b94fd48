// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// Jobs that wait until a test runs them: stands for a thread, or a loop, that the test moves itself.
package final class JobQueue: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])

    /// Makes an empty one.
    package init() {}

    /// Adds a job.
    package func post(_ job: @escaping @Sendable () -> Void) { jobs.withLock { $0.append(job) } }

    /// Runs the jobs that wait, not those that they add; false when there was none.
    @discardableResult
    package func run() -> Bool {
        let taken = jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in taken { job() }
        return !taken.isEmpty
    }
}
