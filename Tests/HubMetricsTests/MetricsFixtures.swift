// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

enum Transport: String, MetricLabel {
    case ws, sse
    static var labelName: String { "transport" }
}

enum Scope: String, MetricLabel {
    case room, user, broadcast
    static var labelName: String { "scope" }
}

enum Only: String, MetricLabel {
    case one
    static var labelName: String { "only" }
}

extension Registry {
    /// The page as text.
    func page(_ format: ExpositionFormat) -> String {
        var buffer = ExpositionBuffer(capacity: 64)
        render(format, into: &buffer)
        return buffer.text
    }

    /// The page as the strict reader sees it; throws all that is wrong with it.
    func read(_ format: ExpositionFormat) throws -> Exposition {
        try Exposition(parsing: page(format), as: format == .text004 ? .text : .openMetrics)
    }

    /// The sample lines of a page, without comments.
    func samples(_ format: ExpositionFormat = .text004) -> [String] {
        page(format).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }
}

/// Runs `body` on as many threads at once and waits for them.
func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let threads = (0..<count).map { index in TestThread { body(index) } }
    for thread in threads { thread.join() }
}
