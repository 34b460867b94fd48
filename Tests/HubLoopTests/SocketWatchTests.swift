// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A socket watch")
struct SocketWatchTests {
    /// Writes back what it reads, and ends with its stream.
    final class Echo: SocketHandler {
        private(set) var watch: SocketWatch?
        private var pending: [UInt8] = []
        private var hasEnded = false
        var onEnd: () -> Void = {}

        init(loop: EventLoop, descriptor: Int32) throws(LoopError) {
            watch = try SocketWatch(loop: loop, descriptor: descriptor, handler: self)
            watch?.watch(readable: true, writable: false)
        }

        func socketReady(readable: Bool, writable: Bool, failed: Bool) {
            guard let watch else { return }
            if readable { receive(watch.descriptor) }
            while !pending.isEmpty, case .bytes(let count) = write(watch.descriptor, pending) {
                pending.removeFirst(count)
            }
            if failed || (hasEnded && pending.isEmpty) {
                watch.close(onEnd)
            } else {
                watch.watch(readable: !hasEnded && pending.count < 1 << 20, writable: !pending.isEmpty)
            }
        }

        private func receive(_ descriptor: Int32) {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            switch buffer.withUnsafeMutableBytes({ Socket.read(descriptor, into: $0) }) {
            case .bytes(let count): pending += buffer[..<count]
            case .closed, .failed: hasEnded = true
            case .wouldBlock: break
            }
        }
    }

    /// Sends a text and then the end of its stream, and gathers what comes back.
    final class Client: SocketHandler {
        private(set) var watch: SocketWatch?
        private var unsent: ArraySlice<UInt8>
        private(set) var received: [UInt8] = []
        private(set) var isDone = false

        init(loop: EventLoop, descriptor: Int32, sending bytes: [UInt8]) throws(LoopError) {
            unsent = bytes[...]
            watch = try SocketWatch(loop: loop, descriptor: descriptor, handler: self)
            watch?.watch(readable: true, writable: true)
        }

        func socketReady(readable: Bool, writable: Bool, failed: Bool) {
            guard let watch else { return }
            if writable, !unsent.isEmpty {
                if case .bytes(let count) = write(watch.descriptor, Array(unsent.prefix(100_000))) {
                    unsent = unsent.dropFirst(count)
                }
                if unsent.isEmpty { Socket.shutdownWrite(watch.descriptor) }
                watch.watch(readable: true, writable: !unsent.isEmpty)
            }
            guard readable else { return }
            let bytes = read(watch.descriptor)
            received += bytes
            if bytes.isEmpty {
                isDone = true
                watch.close()
            }
        }
    }

    let loop: EventLoop

    init() throws {
        loop = try EventLoop()
    }

    @Test(
        "carries a megabyte there and back over a pair and over TCP, until each end has closed",
        arguments: [true, false]
    )
    func echoes(overTCP: Bool) throws {
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var ended = 0
        var echo: Echo?
        let client: Client
        if overTCP {
            let listener = try ListenSocket(loop: loop, address: SocketTests.anyPort) { [loop] descriptor, _ in
                echo = try? Echo(loop: loop, descriptor: descriptor)
                echo?.onEnd = { ended += 1 }
            }
            client = try Client(loop: loop, descriptor: try Socket.connect(to: listener.address), sending: bytes)
        } else {
            let (left, right) = try Socket.pair()
            echo = try Echo(loop: loop, descriptor: left)
            echo?.onEnd = { ended += 1 }
            client = try Client(loop: loop, descriptor: right, sending: bytes)
        }
        #expect(loop.run { client.isDone && ended == 1 })
        #expect(client.received == bytes)
        #expect(echo?.watch?.isOpen == false)
        loop.stop()
        #expect(loop.join() == nil)
    }

    @Test("reports only what is watched for")
    func watchesWhatIsAsked() throws {
        let (ours, theirs) = try Socket.pair()
        defer { Socket.close(theirs) }
        let probe = Probe()
        let watch = try SocketWatch(loop: loop, descriptor: ours, handler: probe)
        loop.runOnce(wait: false)
        #expect(probe.reports == 0)
        watch.watch(readable: true, writable: false)
        loop.runOnce(wait: false)
        #expect(probe.reports == 0)
        write(theirs, [1])
        loop.runOnce(wait: false)
        loop.runOnce(wait: false)
        #expect(probe.reports == 2, "for as long as bytes are there")
        #expect(probe.wasReadable && !probe.wasWritable)
        watch.watch(readable: true, writable: true)
        loop.runOnce(wait: false)
        #expect(probe.wasWritable)
        watch.watch(readable: false, writable: false)
        loop.runOnce(wait: false)
        #expect(probe.reports == 3)
        watch.watch(readable: false, writable: true)
        loop.runOnce(wait: false)
        #expect(probe.reports == 4)
        loop.stop()
    }

    @Test("closes its descriptor once and tells every closer when it is gone")
    func closesOnce() throws {
        let (ours, theirs) = try Socket.pair()
        var done: [String] = []
        var handlerIsGone = false
        let watch: SocketWatch
        do {
            let probe = Probe { handlerIsGone = true }
            watch = try SocketWatch(loop: loop, descriptor: ours, handler: probe)
        }
        watch.watch(readable: true, writable: true)
        watch.close { done.append("first") }
        // The other end learns of it now; and nothing of ours may close the number again that this one gets.
        #expect(readAll(theirs) == .closed)
        let (reused, other) = try Socket.pair()
        watch.close { done.append("second") }
        #expect(watch.release() == nil)
        watch.watch(readable: true, writable: false)
        #expect(!watch.isOpen)
        #expect(done.isEmpty)
        #expect(!handlerIsGone)
        loop.runOnce(wait: false)
        #expect(done == ["first", "second"])
        #expect(handlerIsGone)
        watch.close { done.append("third") }
        #expect(done == ["first", "second", "third"])
        #expect(fcntl(reused, F_GETFD) >= 0)
        for descriptor in [theirs, reused, other] { Socket.close(descriptor) }
        loop.stop()
    }

    @Test("gives its descriptor away, which another watch takes over")
    func releases() throws {
        let (ours, theirs) = try Socket.pair()
        let first = Probe()
        let second = Probe()
        let watch = try SocketWatch(loop: loop, descriptor: ours, handler: first)
        watch.watch(readable: true, writable: true)
        let descriptor = try #require(watch.release())
        #expect(watch.release() == nil)
        let next = try SocketWatch(loop: loop, descriptor: descriptor, handler: second)
        next.watch(readable: true, writable: false)
        write(theirs, [1])
        #expect(loop.run { second.reports > 0 })
        #expect(first.reports == 0)
        next.close()
        Socket.close(theirs)
        loop.stop()
    }

    @Test("tells another handler from then on, handed over within a report too")
    func handsOver() throws {
        let (ours, theirs) = try Socket.pair()
        defer { Socket.close(theirs) }
        var firstIsGone = false
        let second = Probe()
        let watch: SocketWatch
        do {
            let first = Probe { firstIsGone = true }
            watch = try SocketWatch(loop: loop, descriptor: ours, handler: first)
            first.onReady = { _, _, _ in watch.handOver(to: second) }
        }
        watch.watch(readable: false, writable: true)
        loop.runOnce(wait: false)
        #expect(firstIsGone)
        #expect(second.reports == 0)
        loop.runOnce(wait: false)
        #expect(second.reports == 1)
        watch.close()
        watch.handOver(to: Probe())
        loop.runOnce(wait: false)
        #expect(second.reports == 1)
        loop.stop()
    }

    @Test("refuses what cannot be watched, and leaves it to its owner")
    func refusesFiles() throws {
        #expect(throws: LoopError.self) { try SocketWatch(loop: loop, descriptor: -1, handler: Probe()) }
        let file = open("/dev/null", O_RDONLY)
        #expect(throws: LoopError.self) { try SocketWatch(loop: loop, descriptor: file, handler: Probe()) }
        #expect(fcntl(file, F_GETFD) >= 0)
        close(file)
        loop.stop()
        #expect(loop.join() == nil)
    }

    @Test("reports a broken connection once, whose last bytes can still be read")
    func reportsFailure() throws {
        let listener = try Socket.listen(on: SocketTests.anyPort)
        defer { Socket.close(listener) }
        let client = try Socket.connect(to: Socket.localAddress(listener))
        var server: Int32 = -1
        #expect(
            loop.run {
                if case .accepted(let descriptor, _) = Socket.accept(listener) { server = descriptor }
                if server < 0 { loop.wake() }
                return server >= 0
            }
        )
        let probe = Probe()
        let watch = try SocketWatch(loop: loop, descriptor: client, handler: probe)
        watch.watch(readable: true, writable: false)
        var order: [Bool] = []
        probe.onReady = { _, _, failed in order.append(failed) }
        // Closing with bytes unread breaks the connection at both ends.
        write(client, [1, 2, 3])
        loop.runOnce(wait: false)
        #expect(order.isEmpty)
        write(server, [4])
        var entry = pollfd(fd: server, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 20_000) == 1)
        Socket.close(server)
        #expect(loop.run { probe.hasFailed })
        #expect(order.filter { $0 }.count == 1)
        #expect(read(client) == [4])
        #expect(readAll(client) == .failed(ECONNRESET))
        loop.runOnce(wait: false)
        #expect(order.filter { $0 }.count == 1)
        watch.close()
        loop.stop()
    }

    @Test("closes itself and others within a report, and none of those is told any more")
    func closesWithinReports() throws {
        // All are ready in the same tick; the first that is told closes every other and itself.
        var watches: [SocketWatch] = []
        var others: [Int32] = []
        var reports = 0
        var gone = 0
        for _ in 0..<100 {
            let (ours, theirs) = try Socket.pair()
            let probe = Probe { gone += 1 }
            probe.onReady = { _, _, _ in
                reports += 1
                for watch in watches { watch.close() }
            }
            let watch = try SocketWatch(loop: loop, descriptor: ours, handler: probe)
            watch.watch(readable: true, writable: true)
            watches.append(watch)
            others.append(theirs)
        }
        loop.runOnce(wait: false)
        #expect(reports == 1)
        #expect(gone == 100)
        #expect(others.allSatisfy { readAll($0) == .closed })
        others.forEach(Socket.close)
        loop.stop()
    }

    @Test("many are opened and closed within reports, their descriptors' numbers being used again at once")
    func churns() throws {
        final class Churn {
            let loop: EventLoop
            var opened = 0
            var closed = 0
            var failures = 0

            init(loop: EventLoop) { self.loop = loop }

            /// Opens a pair, one end watched; when it is told of a byte, it closes and opens another pair.
            func open() {
                guard opened < 5000 else { return }
                do throws(LoopError) {
                    let (ours, theirs) = try Socket.pair()
                    opened += 1
                    let probe = Probe()
                    let watch = try SocketWatch(loop: loop, descriptor: ours, handler: probe)
                    probe.onReady = { [unowned self] readable, _, _ in
                        if !readable || read(ours) != [UInt8(truncatingIfNeeded: ours)] { failures += 1 }
                        watch.close { [self] in closed += 1 }
                        Socket.close(theirs)
                        open()
                    }
                    watch.watch(readable: true, writable: false)
                    // A stale event of the number's former watch would find no byte, or the wrong one.
                    write(theirs, [UInt8(truncatingIfNeeded: ours)])
                } catch {
                    failures += 1
                }
            }
        }
        let churn = Churn(loop: loop)
        for _ in 0..<200 { churn.open() }
        #expect(loop.run { churn.closed == 5000 })
        #expect(churn.opened == 5000)
        #expect(churn.failures == 0)
        loop.stop()
        #expect(loop.join() == nil)
    }
}
