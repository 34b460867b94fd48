// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats
import HubLoop

/// What the library holds of a connection that nobody uses any more.
///
/// `@unchecked`: the connection gives up its handles when it makes this one, which is used by one thread, once.
struct NATSRemains: @unchecked Sendable {
    private let connection: OpaquePointer
    private let subscriptions: [OpaquePointer]

    init(_ connection: OpaquePointer, _ subscriptions: [OpaquePointer]) {
        self.connection = connection
        self.subscriptions = subscriptions
    }

    /// Gives it back on a thread of its own, as the library waits for threads and takes a while for many subscriptions.
    func destroy(_ done: @escaping @Sendable () -> Void) {
        do throws(LoopError) {
            try DetachedThread.run("nats-close") {
                destroy()
                done()
            }
        } catch {
            destroy()
            done()
        }
    }

    private func destroy() {
        for subscription in subscriptions { natsSubscription_Destroy(subscription) }
        natsConnection_Destroy(connection)
    }
}
