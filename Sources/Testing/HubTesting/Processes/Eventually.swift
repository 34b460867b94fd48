// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Asks again and again until there is an answer, for things outside of the process, which nobody else can wait for.
///
/// - Parameter what: What is waited for, for the message of the failure.
/// - Parameter limit: How long to go on; be generous, as a slow machine is no failure and a fast one does not wait.
/// - Parameter probe: Returns nil for "not yet"; whatever it throws ends the waiting.
/// - Throws: ``ProcessFault`` `.timedOut`, or what the probe throws.
package func eventually<Answer: Sendable>(
    _ what: String,
    within limit: Duration = .seconds(30),
    _ probe: () async throws -> Answer?
) async throws -> Answer {
    let start = ContinuousClock.now
    var pause = Duration.milliseconds(2)
    while true {
        if let answer = try await probe() { return answer }
        guard ContinuousClock.now - start < limit else {
            throw ProcessFault(.timedOut, "\(what) did not happen within \(limit)")
        }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(50))
    }
}
