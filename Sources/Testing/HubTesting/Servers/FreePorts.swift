// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds ports for servers that cannot be told to listen on any.
enum FreePorts {
    /// How often a server is started anew when another was faster to take its port.
    private static let attempts = 10

    /// So many ports of 127.0.0.1 on which nobody listens, all of them different.
    ///
    /// They are free when this returns, and anybody's: a server that finds its port taken has to be given another.
    static func take(_ count: Int) throws(FileFault) -> [Int] {
        var taken: [(socket: LoopbackSocket, port: Int)] = []
        // All are held until the last was found.
        for _ in 0..<count { taken.append(try LoopbackSocket.bound()) }
        return withExtendedLifetime(taken) { taken.map(\.port) }
    }

    /// Starts something on free ports, and again on others while one of them is taken before it can listen.
    static func take<Started>(_ count: Int, _ start: ([Int]) async throws -> Started) async throws -> Started {
        var attempt = 1
        while true {
            do {
                return try await start(try take(count))
            } catch {
                guard wereTaken(error), attempt < attempts else { throw error }
                attempt += 1
            }
        }
    }

    /// Whether a server's end says that its port was taken.
    static func wereTaken(_ fault: any Error) -> Bool {
        guard let fault = fault as? ProcessFault, fault.code == .ended else { return false }
        return fault.message.lowercased().contains("address already in use")
    }
}
