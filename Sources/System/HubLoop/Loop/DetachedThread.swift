// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Runs what blocks on a thread of its own, which nobody waits for.
///
/// For what the system or a library cannot do without blocking and happens once in a while, such as looking up a name.
package enum DetachedThread {
    private static let stackBytes = 1 << 20

    /// Starts a thread that ends with the body.
    ///
    /// - Parameter name: What it is called in `top -H`; Linux shows 15 bytes.
    /// - Throws: ``LoopError`` `.outOfMemory` when the system has no thread left; then the body does not run.
    package static func run(_ name: StaticString, _ body: @escaping @Sendable () -> Void) throws(LoopError) {
        let work = Unmanaged.passRetained(Work(name: name, body: body))
        var handle: UInt = 0
        let status = gohub_thread_start(&handle, stackBytes, threadMain, work.toOpaque())
        guard status == 0 else {
            work.release()
            throw LoopError(errno: status, doing: "start the thread \(name)")
        }
        gohub_thread_detach(handle)
    }
}

private final class Work {
    let name: StaticString
    let body: @Sendable () -> Void

    init(name: StaticString, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
    gohub_thread_set_name(work.name.description)
    work.body()
    return nil
}
