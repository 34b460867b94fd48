// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// Which client lives on which shard; asked by every push, from any thread.
///
/// Sixteen parts, each under a lock of its own that is held for one dictionary operation.
final class Directory: Sendable {
    private final class Part: Sendable {
        let clients = Mutex<[ClientID: ClientHandle]>([:])
    }

    private let parts: [Part] = (0..<16).map { _ in Part() }

    private func part(of id: ClientID) -> Part { parts[id.hashValue & 15] }

    subscript(id: ClientID) -> ClientHandle? {
        part(of: id).clients.withLock { $0[id] }
    }

    func insert(_ handle: ClientHandle) {
        part(of: handle.id).clients.withLock { $0[handle.id] = handle }
    }

    func remove(_ handle: ClientHandle) {
        _ = part(of: handle.id).clients.withLock { $0.removeValue(forKey: handle.id) }
    }

    /// How many clients there are; parts are read one after the other.
    var count: Int {
        parts.reduce(0) { sum, part in sum + part.clients.withLock { $0.count } }
    }
}
