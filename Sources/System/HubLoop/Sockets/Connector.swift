// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Connects to a host by name or number, trying its addresses one after the other, without ever blocking the loop.
///
/// Belongs to the loop's thread. Lives until it has answered; holding it is only needed to cancel.
package final class Connector: SocketHandler, LoopTimerTarget {
    private let loop: EventLoop
    private let source: SocketAddress?
    private let timeout: Duration
    private var done: ((Result<Int32, LoopError>) -> Void)?
    private var addresses: ArraySlice<SocketAddress> = []
    private var attempt: SocketWatch?
    /// The address of the attempt.
    private var current: SocketAddress
    private var lastError: LoopError
    private lazy var timer = LoopTimer(self)

    /// Begins to connect.
    ///
    /// - Parameter source: A numeric address of this machine to come from; if nil, the system chooses.
    /// - Parameter timeout: How long each address may take.
    /// - Parameter done: Called once, on the loop's thread and not within this call, with a connected descriptor that the
    ///   receiver has to close, or with the error of the last address. Not called after ``cancel()`` or the loop's stop.
    @discardableResult
    package init(
        loop: EventLoop,
        to address: SocketAddress,
        from source: SocketAddress? = nil,
        timeout: Duration = .seconds(10),
        done: @escaping (Result<Int32, LoopError>) -> Void
    ) {
        self.loop = loop
        self.source = source
        self.timeout = timeout
        self.done = done
        current = address
        lastError = LoopError(.nameNotFound, "connect to \(address): no address")
        let bound = LoopBound(self, on: loop)
        if address.isNumeric {
            loop.post { bound.value.begin([address]) }
        } else {
            Resolver.resolve(address) { found in
                loop.post { bound.value.resolved(found) }
            }
        }
    }

    /// Gives up without calling `done`.
    package func cancel() {
        done = nil
        loop.cancel(timer)
        attempt?.close()
        attempt = nil
    }

    private func resolved(_ found: Result<[SocketAddress], LoopError>) {
        switch found {
        case .success(let addresses): begin(addresses)
        case .failure(let error): finish(.failure(error))
        }
    }

    private func begin(_ addresses: [SocketAddress]) {
        self.addresses = addresses[...]
        tryNext()
    }

    private func tryNext() {
        while done != nil, let address = addresses.popFirst() {
            do throws(LoopError) {
                return try start(address)
            } catch {
                lastError = error
            }
        }
        finish(.failure(lastError))
    }

    private func start(_ address: SocketAddress) throws(LoopError) {
        current = address
        let descriptor = try Socket.connect(to: address, from: source)
        do throws(LoopError) {
            lastError = LoopError(.timedOut, "connect to \(address): no answer in \(timeout)")
            let attempt = try SocketWatch(loop: loop, descriptor: descriptor, handler: self)
            attempt.watch(readable: false, writable: true)
            self.attempt = attempt
            loop.schedule(timer, after: timeout)
        } catch {
            Socket.close(descriptor)
            throw error
        }
    }

    package func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        guard let attempt else { return }
        loop.cancel(timer)
        self.attempt = nil
        let number = Socket.pendingError(attempt.descriptor)
        if number == 0, !failed, let descriptor = attempt.release() {
            finish(.success(descriptor))
        } else {
            lastError = LoopError(errno: number, doing: "connect to \(current)")
            attempt.close()
            tryNext()
        }
    }

    package func timerFired(_ timer: LoopTimer) {
        attempt?.close()
        attempt = nil
        tryNext()
    }

    private func finish(_ result: Result<Int32, LoopError>) {
        let done = done
        self.done = nil
        done?(result)
    }
}
