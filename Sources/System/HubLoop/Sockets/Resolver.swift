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
        do throws(LoopError) {
            try DetachedThread.run("resolver") {
                do throws(LoopError) {
                    done(.success(try resolveBlocking(address)))
                } catch {
                    done(.failure(error))
                }
            }
        } catch {
            done(.failure(error))
        }
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
