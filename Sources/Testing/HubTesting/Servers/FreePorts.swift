// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds ports for servers that cannot be told to listen on any.
enum FreePorts {
    /// How often a server is started anew when another was faster to take its port.
    static let attempts = 10

    /// So many ports of 127.0.0.1 on which nobody listens, all of them different.
    ///
    /// They are free when this returns, and anybody's: a server that finds its port taken has to be given another.
    static func take(_ count: Int) throws(FileFault) -> [Int] {
        var taken: [(socket: LoopbackSocket, port: Int)] = []
        // All are held until the last was found.
        for _ in 0..<count { taken.append(try LoopbackSocket.bound()) }
        return withExtendedLifetime(taken) { taken.map(\.port) }
    }

    /// Whether a server's end says that its port was taken.
    static func wereTaken(_ fault: any Error) -> Bool {
        guard let fault = fault as? ProcessFault, fault.code == .ended else { return false }
        return fault.message.contains("Address already in use")
    }
}
