// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The sockets of a loop that are ready and wait, in two lines: those whose last turn was short, and the others.
///
/// Each socket stands in one of them once. A short turn costs the others little, so the short line is served first; the
/// long one gets a part of each tick.
struct SocketTurns {
    private var light = Line()
    private var heavy = Line()

    var isEmpty: Bool { light.isEmpty && heavy.isEmpty }
    var hasLight: Bool { !light.isEmpty }
    var lightCount: Int { light.count }
    var heavyCount: Int { heavy.count }

    /// Puts a socket at the end of its line, unless it stands in one.
    mutating func append(_ socket: SocketWatch) {
        guard !socket.isWaiting else { return }
        socket.isWaiting = true
        if socket.isHeavy { heavy.append(socket) } else { light.append(socket) }
    }

    mutating func popLight() -> SocketWatch? { light.popFirst() }
    mutating func popHeavy() -> SocketWatch? { heavy.popFirst() }

    mutating func removeAll() {
        light = Line()
        heavy = Line()
    }

    /// First in, first out; what has gone is cleared away when it is more than half.
    private struct Line {
        private var sockets: [SocketWatch?] = []
        private var first = 0

        var isEmpty: Bool { first == sockets.count }
        var count: Int { sockets.count - first }

        mutating func append(_ socket: SocketWatch) { sockets.append(socket) }

        mutating func popFirst() -> SocketWatch? {
            guard first < sockets.count, let socket = sockets[first] else { return nil }
            sockets[first] = nil
            first += 1
            if isEmpty {
                sockets.removeAll(keepingCapacity: sockets.count <= 1024)
                first = 0
            } else if first >= 1024, first > sockets.count / 2 {
                sockets.removeFirst(first)
                first = 0
            }
            socket.isWaiting = false
            return socket
        }
    }
}
