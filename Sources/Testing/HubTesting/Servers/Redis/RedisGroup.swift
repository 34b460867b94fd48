// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Starts and stops several servers at a time.
enum RedisGroup {
    static func start(_ all: [RedisServer.Options], as kind: RedisServer.Kind) async throws -> [RedisServer] {
        try await withThrowingTaskGroup(of: (Int, RedisServer).self) { group in
            for (index, options) in all.enumerated() {
                group.addTask { (index, try await RedisServer(options, as: kind)) }
            }
            var servers: [(Int, RedisServer)] = []
            for try await server in group { servers.append(server) }
            return servers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    static func restart(_ servers: [RedisServer]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { try await server.restart() } }
            try await group.waitForAll()
        }
    }

    static func stop(_ servers: [RedisServer]) async {
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.stop() } }
        }
    }
}
