// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Looks up host names by the system's resolver, which blocks for as long as the name servers take.
package enum Resolver {
    private static let maxAddresses = 16

    /// Looks the host up on a thread of its own and hands the numeric addresses over on that thread: post them to the loop.
    ///
    /// Numeric hosts go the same way. There may be up to 16 addresses and there is at least one.
    package static func resolve(
        _ address: SocketAddress,
        _ done: @escaping @Sendable (Result<[SocketAddress], LoopError>) -> Void
    ) {
        let lookup = Unmanaged.passRetained(Lookup(address: address, done: done))
        var handle: UInt = 0
        let status = gohub_thread_start(&handle, 1 << 20, lookUp, lookup.toOpaque())
        guard status == 0 else {
            lookup.release()
            done(.failure(LoopError(errno: status, doing: "start a thread to look up \(address.host)")))
            return
        }
        gohub_thread_detach(handle)
    }

    /// Looks the host up on the calling thread; never on a loop's thread nor in a task.
    package static func resolveBlocking(_ address: SocketAddress) throws(LoopError) -> [SocketAddress] {
        let port = try address.checkedPort()
        var found = [gohub_address](repeating: gohub_address(), count: maxAddresses)
        var text: UnsafePointer<CChar>?
        let count = gohub_resolve(address.host, port, &found, Int32(maxAddresses), &text)
        guard count > 0 else {
            let reason = text.map { String(cString: $0) } ?? "no address"
            throw LoopError(.nameNotFound, "look up \(address.host): \(reason)")
        }
        return found.prefix(Int(count)).map { SocketAddress($0) }
    }
}

private final class Lookup {
    let address: SocketAddress
    let done: @Sendable (Result<[SocketAddress], LoopError>) -> Void

    init(address: SocketAddress, done: @escaping @Sendable (Result<[SocketAddress], LoopError>) -> Void) {
        self.address = address
        self.done = done
    }

    func run() {
        gohub_thread_set_name("resolver")
        do throws(LoopError) {
            done(.success(try Resolver.resolveBlocking(address)))
        } catch {
            done(.failure(error))
        }
    }
}

private func lookUp(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<Lookup>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
