// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a test starts, and has to stop.
protocol Stoppable {
    /// Stops it; once is enough.
    func stop() async
}

extension Stoppable {
    /// Runs a body, and stops this whatever happens.
    func whileRunning<Result>(_ body: (Self) async throws -> Result) async throws -> Result {
        do {
            let result = try await body(self)
            await stop()
            return result
        } catch {
            await stop()
            throw error
        }
    }
}
