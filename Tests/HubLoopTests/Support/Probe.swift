// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Notes what a watch reports, and does what the test wants done.
final class Probe: SocketHandler {
    private(set) var reports = 0
    private(set) var wasReadable = false
    private(set) var wasWritable = false
    private(set) var hasFailed = false
    var onReady: ((_ readable: Bool, _ writable: Bool, _ failed: Bool) -> Void)?
    private let onEnd: () -> Void

    init(onEnd: @escaping () -> Void = {}) {
        self.onEnd = onEnd
    }

    deinit { onEnd() }

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        reports += 1
        wasReadable = wasReadable || readable
        wasWritable = wasWritable || writable
        hasFailed = hasFailed || failed
        onReady?(readable, writable, failed)
    }
}

/// Reads and drops what is there; tells what ended it.
func readAll(_ descriptor: Int32) -> IOResult {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let result = buffer.withUnsafeMutableBytes { Socket.read(descriptor, into: $0) }
        guard case .bytes = result else { return result }
    }
}

/// Reads what is there.
func read(_ descriptor: Int32, atMost count: Int = 65_536) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    guard case .bytes(let read) = buffer.withUnsafeMutableBytes({ Socket.read(descriptor, into: $0) }) else {
        return []
    }
    return Array(buffer.prefix(read))
}

/// Writes some bytes.
@discardableResult
func write(_ descriptor: Int32, _ bytes: [UInt8]) -> IOResult {
    bytes.withUnsafeBytes { Socket.write(descriptor, $0) }
}

/// A name of this machine that the resolver knows without asking anybody, not even /etc/hosts: the old short form of an
/// address, which is no numeric host to us.
let ownName = "127.1"

/// A name that the resolver refuses without asking anybody: a part of it is longer than names may have.
let noSuchHost = String(repeating: "x", count: 64) + ".invalid"
