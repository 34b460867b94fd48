// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop
import HubMetrics
import HubWire

/// A connection that speaks HTTP: requests one after the other, until it ends or becomes a WebSocket.
///
/// Here are its events, what it reads and what it writes; `HTTPConnection+Requests.swift` has what it answers,
/// `HTTPConnection+Bodies.swift` how it takes a body, and `HTTPConnection+Ending.swift` how it ends.
final class HTTPConnection: SocketHandler, LoopTimerTarget {
    enum State {
        /// Waits for a head, or for the rest of one.
        case reading
        /// The body of the request in ``upload`` is coming.
        case receiving
        /// A route will answer.
        case waiting(Exchange)
        /// Answers have to be written before anything more is read.
        case writing
        /// Nothing more is sent; what still comes is thrown away, so that the last answer is not lost by a reset.
        case lingering
        case closed
    }

    /// One request, until its answer is there.
    struct Exchange {
        /// The number of its route's label.
        var route: Int
        var method: MethodLabel
        let isHead: Bool
        var keepAlive: Bool
        let began: UInt64
        var number: UInt64 = 0
    }

    /// How much one read takes; what is kept of pipelined requests is never more, as nothing is read while some is kept.
    private static let readBytes = 8 * 1024
    /// A connection that lingers ends after so long without a byte, which a slow upload may be.
    static let lingerSilence: Duration = .seconds(5)
    /// A connection lingers no longer, whatever comes.
    static let lingerLimit: Duration = .seconds(30)
    /// The same for a connection beyond a limit.
    static let refusedLimit: Duration = .seconds(1)

    let descriptor: Int32
    let peer: SocketAddress
    let router: Router
    /// Keeps its connections until they are closed, as they keep it.
    let worker: Worker
    var watch: SocketWatch?
    private var timer: LoopTimer?
    var parser: HTTPRequestParser
    var state = State.reading
    /// The request whose body is coming; nil for the many that have none.
    var upload: Upload?
    /// Read, and not served yet: nothing more is read before.
    var early: [UInt8] = []
    /// The peer has ended its side of the stream; what it asked before is still answered.
    var hasPeerEnded = false
    var isServing = false
    /// The socket did not take all that was offered; it has the time of a write.
    var isBlocked = false
    var output = HTTPOutput()
    /// How many large bodies had to wait for the socket.
    private var keptBodies = 0
    var closesAfterWriting = false
    var hasServed = false
    /// Its place among those that are counted; nil for operators, and once a WebSocket has it.
    var place: ConnectionPlace?
    /// Why it was not let in, until it was told so: such a connection may only ask for health.
    var refusal: RejectionReason?
    /// It came by the operators' own listener.
    let isOperator: Bool
    var lingerEnd = MonotonicTime(nanoseconds: 0)

    init(
        _ descriptor: Int32,
        peer: SocketAddress,
        router: Router,
        worker: Worker,
        place: ConnectionPlace?,
        refusal: RejectionReason?
    ) throws(LoopError) {
        self.descriptor = descriptor
        self.peer = peer
        self.router = router
        self.worker = worker
        self.place = place
        self.refusal = refusal
        isOperator = place == nil
        parser = HTTPRequestParser(
            maxHeadBytes: worker.common.settings.maxHeadBytes,
            takesChunked: router.takesBodies
        )
        let watch = try SocketWatch(loop: worker.loop, descriptor: descriptor, handler: self)
        self.watch = watch
        let timer = LoopTimer(self)
        self.timer = timer
        // Operators are few, and are to be answered when clients have the loop busy.
        watch.isUrgent = isOperator
        watch.watch(readable: true, writable: false)
        let headerTimeout = worker.common.settings.headerTimeout
        worker.loop.schedule(timer, after: refusal == nil ? headerTimeout : min(headerTimeout, Self.refusedLimit))
    }

    /// Whether a request waits for its answer, or may be on its way on a connection that is new.
    var isAnswerOwed: Bool {
        switch state {
        case .reading: !hasServed || parser.isMidHead || !early.isEmpty || !output.isEmpty
        case .receiving, .waiting, .writing: true
        case .lingering, .closed: false
        }
    }

    // MARK: Events

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if failed { return broken() }
        if writable { flush() }
        // Writing may have ended the connection.
        if readable, watch != nil, early.isEmpty { read() }
    }

    func timerFired(_ timer: LoopTimer) {
        // What has come is looked at before the peer is judged; a last answer has its time and no more.
        if watch?.isPending == true {
            switch state {
            case .lingering: if worker.loop.now < lingerEnd { return scheduleLinger() }
            // Not twice, as a peer may always have sent something.
            case .receiving: if upload?.takeGrace() == true { return schedule(.seconds(1)) }
            default: return schedule(.seconds(1))
            }
        }
        switch state {
        case .receiving: refuseSlowBody()
        case .reading where refusal != nil: refuseAdmission(nil)
        case .reading where parser.isMidHead: refuseSlowHead()
        case .reading where !hasServed:
            worker.reject(peer, .silent)
            close()
        case .waiting, .closed: break
        default: close()
        }
    }

    private func read() {
        let buffer: UnsafeMutableRawBufferPointer
        if case .lingering = state {
            buffer = worker.readBuffer
        } else {
            buffer = UnsafeMutableRawBufferPointer(rebasing: worker.readBuffer[..<Self.readBytes])
        }
        switch Socket.read(descriptor, into: buffer) {
        case .bytes(let count):
            worker.counts.pointee.bytesRead += UInt64(count)
            // What is only thrown away takes time too.
            _ = worker.loop.hasTimeLeft(after: 1 + count / 4096)
            take(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        case .wouldBlock: break
        case .closed: peerEnded()
        case .failed: broken()
        }
    }

    private func take(_ bytes: UnsafeMutableRawBufferPointer) {
        switch state {
        case .reading, .receiving: serveAll(bytes)
        case .waiting, .writing:
            early.append(contentsOf: bytes)
            look()
        case .lingering: scheduleLinger()
        case .closed: break
        }
    }

    /// Watches for what the state needs: nothing is read while bytes wait to be served.
    func look() {
        let wantsBytes =
            switch state {
            case .reading, .receiving, .waiting: early.isEmpty && !hasPeerEnded
            case .lingering: true
            case .writing, .closed: false
            }
        watch?.watch(readable: wantsBytes, writable: !output.isEmpty)
    }

    // MARK: Pipelined requests

    /// Serves requests one after the other, as many as there is time for in this tick; their answers go out together.
    private func serveAll(_ bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        isServing = true
        repeat {
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[offset...])
            offset += upload == nil ? parse(rest) : receive(UnsafeRawBufferPointer(rest))
        } while offset < bytes.count && mayGoOn
        isServing = false
        switch state {
        case .reading, .receiving, .waiting, .writing: early = Array(bytes[offset...])
        case .lingering, .closed: return
        }
        if output.isEmpty { continueLater() } else { flush() }
    }

    /// Whether bytes that have come are looked at now.
    private var takesBytes: Bool {
        switch state {
        case .reading, .receiving: true
        case .waiting, .writing, .lingering, .closed: false
        }
    }

    private var mayGoOn: Bool {
        guard takesBytes else { return false }
        // A request is some four microseconds of work.
        return worker.loop.hasTimeLeft(after: 4) && !output.isFull
    }

    /// Goes on with what was read in the next tick, when others have had their turn.
    private func continueLater() {
        look()
        if takesBytes, !early.isEmpty { watch?.continueSoon() }
    }

    func socketContinues() {
        guard takesBytes, !early.isEmpty else { return }
        var bytes = early
        early = []
        bytes.withUnsafeMutableBytes { serveAll($0) }
    }

    // MARK: Writing

    /// Adds an answer to what will be written.
    func write(_ answer: HTTPAnswer, keepAlive: Bool, isHead: Bool) {
        closesAfterWriting = !keepAlive
        output.append(answer, keepAlive: keepAlive, isHead: isHead)
        state = keepAlive && !output.isFull ? .reading : .writing
        if !isServing { flush() }
    }

    func flush() {
        let (outcome, count) = output.write(to: descriptor)
        worker.counts.pointee.httpBytesWritten += UInt64(count)
        switch outcome {
        case .failed: close()
        case .blocked:
            if case .reading = state { state = .writing }
            if output.needsHold { keepBody() }
            look()
            // A body's time is not stretched by answers that its peer does not take.
            if case .receiving = state { return }
            // Each time that the socket takes something it has the whole time again.
            if count > 0 || !isBlocked { schedule(worker.common.settings.writeTimeout) }
            isBlocked = true
        case .done:
            isBlocked = false
            answersWritten()
        }
    }

    /// Has the large body kept for the socket, and gives whoever keeps it a way to end this connection.
    private func keepBody() {
        keptBodies &+= 1
        let number = keptBodies
        let address = LoopBound(WeakConnection(connection: self), on: worker.loop)
        output.keepBody {
            _ = address.loop.post { address.value.connection?.giveUpBody(number) }
        }
    }

    /// Ends the connection unless its socket has taken that body meanwhile.
    private func giveUpBody(_ number: Int) {
        guard keptBodies == number, output.isKept else { return }
        worker.counts.pointee.endedReaders += 1
        worker.common.log.debug("ended a reader of /metrics that was too slow", [LogField("peer", peer.description)])
        close()
    }

    private func answersWritten() {
        hasServed = true
        switch state {
        case .waiting: return look()
        case .receiving: return continueLater()
        case .reading, .writing: break
        case .lingering, .closed: return
        }
        if hasPeerEnded { return close() }
        if closesAfterWriting { return linger() }
        state = .reading
        let settings = worker.common.settings
        schedule(early.isEmpty && !parser.isMidHead ? settings.keepAliveTimeout : settings.headerTimeout)
        continueLater()
    }

    // MARK: The timer

    func schedule(_ duration: Duration) {
        if let timer { worker.loop.schedule(timer, after: duration) }
    }

    func schedule(at time: MonotonicTime) {
        if let timer { worker.loop.schedule(timer, at: time) }
    }

    func stopTimer() {
        if let timer { worker.loop.cancel(timer) }
        timer = nil
    }
}

/// A connection that may be gone.
private struct WeakConnection {
    weak var connection: HTTPConnection?
}
