// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLoop

/// One TCP connection to one Redis server, for commands or for subscriptions, until it ends; it does not reconnect.
///
/// Belongs to its loop's thread. What is sent in a tick is written together: at the tick's end, or by ``flush()``. Commands
/// are answered in their order; who waits for an answer is a number, so that a message costs no closure. Lives, and keeps its
/// handler, from the start until it ends, is closed, or the loop is stopped.
///
/// Nothing is said while the connection is only silent, as it is when the server's machine is gone: whoever supervises it
/// looks at ``lastReceived`` and ``oldestUnanswered``, sends a ``ping(token:)`` and closes it.
package final class RedisConnection: SocketHandler, LoopTimerTarget {
    /// What a connection is for, which decides what its replies mean.
    package enum Role: Sendable {
        /// Commands, each with its answer.
        case commands
        /// Subscriptions and pings only; everything that comes is a message, a confirmation, a pong or an error.
        case subscriptions
    }

    /// What a job holds that the connection holds itself.
    private struct Reference { weak let connection: RedisConnection? }

    enum State { case connecting, handshaking, open, closed }

    /// How much of what has arrived one read takes.
    static let readBytes = 64 << 10
    /// Buffers of this size are kept from tick to tick; larger ones are given back.
    static let keptBytes = 256 << 10

    /// Where the server is.
    package let address: SocketAddress
    /// What the connection is for.
    package let role: Role

    let loop: EventLoop
    let handshake: RedisHandshake
    let options: RedisConnectionOptions
    let filter: (any ByteFilter)?
    var handler: (any RedisConnectionHandler)?
    var state = State.connecting
    /// Kept by the loop while it is at work; it keeps the connection.
    weak var connector: Connector?
    var watch: SocketWatch?
    private(set) lazy var timer = LoopTimer(self)
    /// The steps of the handshake that were not answered yet, the last one first.
    var stepsLeft: [RedisHandshake.Step] = []

    // Reading.
    let reader: RESPReader
    var readBuffer: UnsafeMutableRawBufferPointer
    /// What was read and could not be handed on yet: reading is paused, or the turn was over.
    var held: [UInt8] = []
    package internal(set) var isPaused = false
    /// What a reply was found to be that ends the connection when the reader has let go of it.
    var fault: RedisError?
    /// Whether anything came at all.
    var hasReceived = false
    /// When bytes came last, the connection was made, or reading went on.
    package internal(set) var lastReceived: MonotonicTime

    // Writing.
    /// What this tick has to say.
    var gathered = WriteBuffer()
    /// What is being written.
    var writing = WriteBuffer()
    var isBlocked = false
    var isFull = false
    /// Why nothing can be written any more, or nothing will come; what has come before is still read.
    var pendingFailure: RedisError?
    var isFlushPosted = false
    /// Made once, so that a tick costs no allocation.
    private(set) lazy var flushJob: @Sendable () -> Void = {
        let bound = LoopBound(Reference(connection: self), on: loop)
        return { bound.value.connection?.flush() }
    }()
    var commands = UnansweredCommands()

    /// Begins to connect.
    ///
    /// - Parameter filter: What stands between the socket and the protocol; nil for plain TCP.
    /// - Parameter handler: Told of everything, not within this call.
    package init(
        loop: EventLoop,
        to address: SocketAddress,
        role: Role,
        handshake: RedisHandshake = RedisHandshake(),
        options: RedisConnectionOptions = RedisConnectionOptions(),
        filter: (any ByteFilter)? = nil,
        handler: any RedisConnectionHandler
    ) {
        self.loop = loop
        self.address = address
        self.role = role
        self.handshake = handshake
        self.options = options
        self.filter = filter
        self.handler = handler
        reader = RESPReader(limit: options.maxReply)
        readBuffer = .allocate(byteCount: Self.readBytes, alignment: 16)
        lastReceived = loop.now
        let connector = Connector(loop: loop, to: address, timeout: options.connectTimeout) { self.connected($0) }
        self.connector = connector
    }

    deinit {
        readBuffer.deallocate()
    }

    /// Whether commands may be sent: the handshake is done, and the connection has not ended.
    package var isOpen: Bool { state == .open }

    /// Whether there is room for another command; when there is none, the handler is told when half of it is free again.
    package var hasRoom: Bool { state == .open && !isFull }

    /// How many bytes wait to be written.
    package var unsentBytes: Int { gathered.count + writing.count }

    /// How many commands wait for their answer.
    package var unansweredCount: Int { commands.count }

    /// The tokens of the commands without an answer, in their order; also after the end.
    package var unanswered: [UInt64] { commands.tokens }

    /// When the command was sent that waits longest for its answer; nil when none waits.
    package var oldestUnanswered: MonotonicTime? { commands.first?.sent }

    /// Ends the connection at once, without another word to the handler; what was not written is dropped.
    package func close() {
        guard state != .closed else { return }
        if let filter, let watch, pendingFailure == nil, !isBlocked {
            var output: [UInt8] = []
            filter.finish(output: &output)
            output.withUnsafeBytes { _ = Socket.write(watch.descriptor, $0) }
        }
        _ = end()
    }

    /// Ends the connection and says why.
    func fail(_ error: RedisError) {
        guard let handler = end() else { return }
        handler.connection(self, closed: error)
    }

    /// Lets go of everything; the handler if the connection had not ended before.
    private func end() -> (any RedisConnectionHandler)? {
        guard state != .closed else { return nil }
        state = .closed
        loop.cancel(timer)
        connector?.cancel()
        connector = nil
        watch?.close()
        (held, gathered, writing) = ([], WriteBuffer(), WriteBuffer())
        let handler = handler
        self.handler = nil
        return handler
    }
}
