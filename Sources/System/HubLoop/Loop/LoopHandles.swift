// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import CUV

/// Owns the memory of a libuv loop and of the five handles that drive it.
///
/// The memory, and what wakes the loop, outlive the handles' closing, for another thread may be about to wake it.
final class LoopHandles {
    let loop: UnsafeMutablePointer<uv_loop_t>
    private let wakeUp: UnsafeMutablePointer<uv_poll_t>
    /// Where the loop waits, and what makes that readable.
    ///
    /// No `uv_async_t`: a loop that it wakes on the core of the waking thread spins until that thread has had its turn again,
    /// which took a third of the time of a bus loop that shared a core (libuv 1.44).
    private let wakeDescriptors: [Int32]
    let prepare: UnsafeMutablePointer<uv_prepare_t>
    let check: UnsafeMutablePointer<uv_check_t>
    let idle: UnsafeMutablePointer<uv_idle_t>
    let timer: UnsafeMutablePointer<uv_timer_t>

    init() throws(LoopError) {
        loop = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        prepare = .allocate(capacity: 1)
        check = .allocate(capacity: 1)
        idle = .allocate(capacity: 1)
        timer = .allocate(capacity: 1)
        loop.initialize(to: uv_loop_t())
        wakeUp.initialize(to: uv_poll_t())
        prepare.initialize(to: uv_prepare_t())
        check.initialize(to: uv_check_t())
        idle.initialize(to: uv_idle_t())
        timer.initialize(to: uv_timer_t())
        var status = uv_loop_init(loop)
        guard status == 0 else { throw LoopError(errno: status, doing: "make an event loop") }
        var descriptors: [Int32] = [-1, -1]
        status = gohub_wake_open(&descriptors)
        wakeDescriptors = descriptors
        if status == 0 { status = uv_poll_init(loop, wakeUp, descriptors[0]) }
        guard status == 0 else {
            uv_loop_close(loop)
            throw LoopError(errno: status, doing: "make an event loop's wake-up")
        }
        uv_poll_start(wakeUp, CInt(UV_READABLE.rawValue)) { handle, _, _ in
            var descriptor: uv_os_fd_t = -1
            guard let handle, uv_fileno(asHandle(handle), &descriptor) == 0 else { return }
            gohub_wake_clear(descriptor)
        }
        // These four cannot fail.
        uv_prepare_init(loop, prepare)
        uv_check_init(loop, check)
        uv_idle_init(loop, idle)
        uv_timer_init(loop, timer)
    }

    deinit {
        gohub_wake_close(wakeDescriptors)
        loop.deallocate()
        wakeUp.deallocate()
        prepare.deallocate()
        check.deallocate()
        idle.deallocate()
        timer.deallocate()
    }

    /// Makes the loop's wait end; from any thread, also after the end.
    func wake() { gohub_wake_send(wakeDescriptors[1]) }

    /// Begins to close everything that is open on the loop.
    func closeAll() {
        uv_walk(loop, closeHandle, nil)
    }

    /// Runs what is left of the loop and gives its resources back; fails when a handle stayed open.
    func finish() throws(LoopError) {
        uv_run(loop, UV_RUN_DEFAULT)
        let status = uv_loop_close(loop)
        if status != 0 { throw LoopError(errno: status, doing: "close an event loop") }
    }
}

private let closeHandle: uv_walk_cb = { handle, _ in
    guard let handle, uv_is_closing(handle) == 0 else { return }
    switch (uv_handle_get_type(handle), uv_handle_get_data(handle)) {
    case (UV_POLL, .some(let context)): Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().close()
    case (UV_SIGNAL, .some(let context)): Unmanaged<SignalWatch>.fromOpaque(context).takeUnretainedValue().close()
    default: uv_close(handle, nil)
    }
}

/// The handle that every libuv handle begins with.
func asHandle<Handle>(_ handle: UnsafeMutablePointer<Handle>) -> UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
}
