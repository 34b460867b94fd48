// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

/// Expects a fault that has these words of a server in it.
func expectFault<Result>(_ words: String, _ body: () async throws -> Result) async {
    let fault = await #expect(throws: ProcessFault.self) { _ = try await body() }
    #expect(fault?.message.contains(words) == true, "\(fault.map { "\($0)" } ?? "no fault")")
}
