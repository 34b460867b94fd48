// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What a measurement does with its connections.
protocol LoadPoolDelegate: AnyObject {
    /// All connections are open.
    func allOpened()
    /// So many data frames came on a connection.
    func received(_ frames: Int, by connection: LoadConnection)
    /// Whether a measurement goes on without this connection, which has broken.
    func canSpare(_ connection: LoadConnection) -> Bool
}

extension LoadPoolDelegate {
    func received(_ frames: Int, by connection: LoadConnection) {}
    func canSpare(_ connection: LoadConnection) -> Bool { false }
}

/// The connections of a measurement, opened a few at a time.
final class LoadPool: LoadObserver, BenchConnections {
    private(set) var connections: [LoadConnection] = []
    private let run: BenchRun
    private unowned let delegate: any LoadPoolDelegate
    private var opened = 0
    /// How many have still to end, once all are closing.
    private var left: Int?

    init(_ run: BenchRun, count: Int, delegate: any LoadPoolDelegate) {
        self.run = run
        self.delegate = delegate
        connections = (0..<count).map { LoadConnection($0, run.load, observer: self) }
        run.connections = self
    }

    func open() {
        for connection in connections.prefix(run.options.concurrency) { connection.connect() }
    }

    func opened(_ connection: LoadConnection) {
        guard left == nil else { return }
        opened += 1
        let next = opened + run.options.concurrency - 1
        if next < connections.count { connections[next].connect() }
        if opened == connections.count { delegate.allOpened() }
    }

    func received(_ frames: Int, by connection: LoadConnection) { delegate.received(frames, by: connection) }

    func said(_ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { bytes in
            guard let message = try? ClientMessage.parse(bytes, as: .untrusted) else { return false }
            run.heard(message, in: bytes)
            return message.knownType == .message || message.knownType == .published
        }
    }

    func closeAll() {
        // One that is not open ends at once, without a word.
        for connection in connections { connection.close() }
        let left = connections.count { !$0.isEnded }
        self.left = left
        if left == 0 { run.allClosed() }
    }

    func closed(_ connection: LoadConnection) {
        guard let left else { return }
        self.left = left - 1
        if left == 1 { run.allClosed() }
    }

    func failed(_ connection: LoadConnection, _ reason: String) {
        guard !delegate.canSpare(connection) else { return }
        // When the first one fails, it is not for being one of many.
        let place = opened == 0 ? "" : "connection \(connection.number) of \(connections.count): "
        run.end(because: place + reason, connection.hasOpened ? .failure : .unavailable)
    }
}
