// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Testing

@Suite("A connector")
struct ConnectorTests {
    let loop: EventLoop

    init() throws {
        loop = try EventLoop()
    }

    func outcome(of address: SocketAddress) -> Result<Int32, LoopError>? {
        var outcome: Result<Int32, LoopError>?
        Connector(loop: loop, to: address) { outcome = $0 }
        #expect(outcome == nil, "not within the call")
        #expect(loop.run { outcome != nil })
        return outcome
    }

    @Test(
        "connects to a number and to a name, trying the name's addresses in turn",
        arguments: ["127.0.0.1", ownName]
    )
    func connects(host: String) throws {
        let listener = try Socket.listen(on: SocketTests.anyPort)
        let port = try Socket.localAddress(listener).port
        let descriptor = try #require(try outcome(of: SocketAddress(host: host, port: port))?.get())
        #expect(try Socket.peerAddress(descriptor) == SocketAddress(host: "127.0.0.1", port: port))
        #expect(Socket.noDelay(descriptor))
        Socket.close(descriptor)
        Socket.close(listener)
        loop.stop()
        #expect(loop.join() == nil)
    }

    @Test("tells that nobody listens, that there is no such host, and that the port cannot be")
    func fails() throws {
        let listener = try Socket.listen(on: SocketTests.anyPort)
        let address = try Socket.localAddress(listener)
        Socket.close(listener)
        let expected: [(SocketAddress, LoopError.Code)] = [
            (address, .refused), (SocketAddress(host: noSuchHost, port: 1), .nameNotFound),
            (SocketAddress(host: "127.0.0.1", port: 70_000), .badAddress),
        ]
        for (address, code) in expected {
            guard case .failure(let error) = outcome(of: address) else {
                Issue.record("connected to \(address)")
                continue
            }
            #expect(error.code == code)
            #expect(error.message.contains(address.host))
        }
        loop.stop()
    }

    @Test("gives up in time when no answer comes")
    func timesOut() throws {
        // A queue that is full does not answer: Linux takes one connection more than the backlog.
        let listener = try Socket.listen(on: SocketTests.anyPort, backlog: 0)
        let address = try Socket.localAddress(listener)
        let fillers = try (0..<8).map { _ in try Socket.connect(to: address) }
        var outcome: Result<Int32, LoopError>?
        Connector(loop: loop, to: address, timeout: .milliseconds(20)) { outcome = $0 }
        #expect(loop.run { outcome != nil })
        guard case .failure(let error) = outcome else {
            Issue.record("connected to a full queue")
            return
        }
        #expect(error.code == .timedOut)
        (fillers + [listener]).forEach(Socket.close)
        loop.stop()
    }

    @Test("says nothing more once it is cancelled, before or after it has begun", arguments: [true, false])
    func cancels(early: Bool) throws {
        let listener = try Socket.listen(on: SocketTests.anyPort)
        var calls = 0
        let connector = Connector(loop: loop, to: try Socket.localAddress(listener)) { _ in calls += 1 }
        if !early { loop.post {} }
        if early {
            connector.cancel()
            loop.runOnce(wait: false)
        } else {
            loop.post { [bound = LoopBound(connector, on: loop)] in bound.value.cancel() }
            loop.runOnce(wait: false)
        }
        loop.runOnce(wait: false)
        connector.cancel()
        #expect(calls == 0)
        Socket.close(listener)
        loop.stop()
        #expect(loop.join() == nil)
    }
}
