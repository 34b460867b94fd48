// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import CUV

/// Is told when a socket may be read or written.
package protocol SocketHandler: AnyObject {
    /// Called on the loop's thread, again in every tick for as long as what is watched for remains so.
    ///
    /// With `failed` the connection is broken and no longer watched: what arrived before may still be read, then the read
    /// or ``Socket/pendingError(_:)`` tells why. The handler may close this watch or others within the call.
    func socketReady(readable: Bool, writable: Bool, failed: Bool)

    /// The handler's turn has come again, which it asked for by ``SocketWatch/continueSoon()``.
    func socketContinues()
}

extension SocketHandler {
    /// Does nothing: most handlers never ask.
    package func socketContinues() {}
}

/// Watches one socket on a loop and owns its descriptor: closes it, exactly once, when the watch is closed.
///
/// Belongs to the loop's thread. Keeps its handler and itself alive until it is closed, by its owner or by the loop's stop.
package final class SocketWatch {
    /// The socket; not valid any more once the watch has been closed.
    package let descriptor: Int32
    /// How many short turns it takes until a long one is forgotten.
    private static let turnsOfHeavy: UInt8 = 16

    // Each connection has one of these: small fields stand together.
    private var mask: Int32 = 0
    private let loop: EventLoop
    private let handle: UnsafeMutablePointer<uv_poll_t>
    private var handler: (any SocketHandler)?
    private var state = State.open
    /// What has happened since the last turn.
    private var pending = Pending()
    /// How many short turns are left until its last long one is forgotten.
    private var heaviness: UInt8 = 0
    /// Its last turn was more than a little: the next one is timed.
    var isTimed = false
    /// It stands in one of the loop's lines.
    var isWaiting = false
    /// It is never made to wait: for listening sockets, whose turns have a bound of their own.
    package var isUrgent = false
    private var done: (() -> Void)?

    private enum State: UInt8 { case open, closing, closed }

    private struct Pending {
        var events: Int32 = 0
        var failed = false
        var continues = false
    }

    /// Takes over a socket, watching for nothing yet.
    ///
    /// - Throws: ``LoopError``, and the descriptor remains the caller's.
    package init(loop: EventLoop, descriptor: Int32, handler: any SocketHandler) throws(LoopError) {
        assert(loop.isConfined, "sockets belong to the loop's thread")
        guard loop.phase == .open else { throw LoopError(.loopStopped, "watch a socket: the loop was stopped") }
        self.loop = loop
        self.descriptor = descriptor
        self.handler = handler
        handle = .allocate(capacity: 1)
        handle.initialize(to: uv_poll_t())
        let status = uv_poll_init(loop.handles.loop, handle, descriptor)
        guard status == 0 else {
            handle.deallocate()
            throw LoopError(errno: status, doing: "watch a socket")
        }
        // From here on libuv knows the handle: its memory and this object go when it says that it has closed it.
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    /// Whether the watch has not been closed.
    package var isOpen: Bool { state == .open }

    /// Lets another handler be called from now on, without the cost of a new watch.
    package func handOver(to handler: any SocketHandler) {
        if state == .open { self.handler = handler }
    }

    /// Says what to watch for from now on; nothing happens when that does not change, or after the close.
    ///
    /// While it watches for nothing, even a broken connection goes unnoticed.
    /// - Complexity: Two system calls when it changes, made before the loop waits next.
    package func watch(readable: Bool, writable: Bool) {
        assert(loop.isConfined, "sockets belong to the loop's thread")
        let wanted = (readable ? Int32(UV_READABLE.rawValue) : 0) | (writable ? Int32(UV_WRITABLE.rawValue) : 0)
        guard wanted != mask, state == .open else { return }
        mask = wanted
        // Fails only for a descriptor that two watches own.
        let status = wanted == 0 ? uv_poll_stop(handle) : uv_poll_start(handle, wanted, socketReady)
        assert(status == 0, "a descriptor belongs to one watch")
    }

    /// Stops watching and closes the socket; later calls only add their `done`.
    ///
    /// The handler is not called any more. The descriptor is closed within this call, which libuv allows once its handle
    /// has been stopped, so that the other end learns of it now.
    /// - Parameter done: Runs on the loop's thread when nothing of the watch is left: after this call has returned, or
    ///   within it when nothing was left already.
    package func close(_ done: (() -> Void)? = nil) {
        if end(done) { gohub_close(descriptor) }
    }

    /// Stops watching and leaves the open socket, and the duty to close it, to the caller.
    ///
    /// - Returns: The descriptor; `nil` when the watch was closed already.
    package func release(_ done: (() -> Void)? = nil) -> Int32? {
        end(done) ? descriptor : nil
    }

    private func end(_ done: (() -> Void)?) -> Bool {
        assert(loop.isConfined, "sockets belong to the loop's thread")
        if let done {
            let earlier = self.done
            self.done =
                earlier == nil
                ? done
                : {
                    earlier?(); done()
                }
        }
        guard state == .open else {
            if state == .closed { finish() }
            return false
        }
        state = .closing
        uv_close(asHandle(handle), socketClosed)
        return true
    }

    fileprivate func ready(_ status: Int32, _ events: Int32) {
        guard state == .open else { return }
        loop.beginTick()
        pending.events |= events
        if status < 0 {
            // libuv has stopped the handle.
            mask = 0
            pending.failed = true
        }
        loop.admit(self)
    }

    /// Asks for another turn, behind the sockets that wait already: the handler has more to do than fits into this one.
    package func continueSoon() {
        guard state == .open else { return }
        pending.continues = true
        // Its line is known when the present turn is over.
        if loop.running !== self { loop.turns.append(self) }
    }

    /// Whether another turn was asked for.
    var wantsTurn: Bool { pending.continues && state == .open }

    /// Whether it had a long turn lately: it waits behind those whose turns are short.
    package var isHeavy: Bool { heaviness > 0 }

    /// Notes what a turn was like.
    ///
    /// One who sends without end has short turns too, whenever all was read that had come.
    func noteTurn(wasLong: Bool) {
        if wasLong { heaviness = Self.turnsOfHeavy } else if heaviness > 0 { heaviness -= 1 }
    }

    /// Whether something has happened that the handler was not told yet, because the loop has no time for it.
    package var isPending: Bool { isWaiting }

    /// Whether that is room for what is to be written.
    package var isRoomPending: Bool { isWaiting && pending.events & mask & Int32(UV_WRITABLE.rawValue) != 0 }

    /// Tells the handler what has happened since its last turn.
    func takeTurn() {
        let happened = pending
        pending = Pending()
        guard state == .open, let handler else { return }
        if happened.continues { handler.socketContinues() }
        // What is not watched for any more is no news.
        let events = happened.failed ? happened.events : happened.events & mask
        guard state == .open, events != 0 || happened.failed else { return }
        handler.socketReady(
            readable: events & Int32(UV_READABLE.rawValue) != 0,
            writable: events & Int32(UV_WRITABLE.rawValue) != 0,
            failed: happened.failed
        )
    }

    fileprivate func handleClosed() {
        handle.deallocate()
        state = .closed
        handler = nil
        finish()
    }

    private func finish() {
        let done = done
        self.done = nil
        done?()
    }
}

private let socketReady: uv_poll_cb = { handle, status, events in
    guard let context = handle?.pointee.data else { return }
    Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().ready(status, events)
}

private let socketClosed: uv_close_cb = { handle in
    guard let context = handle?.pointee.data else { return }
    Unmanaged<SocketWatch>.fromOpaque(context).takeRetainedValue().handleClosed()
}
