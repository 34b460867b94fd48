// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats

/// What a connection is made with; owns the library's object.
struct NATSOptions: ~Copyable {
    private let handle: OpaquePointer

    /// Makes the library's defaults.
    init() throws(NATSError) {
        var handle: OpaquePointer?
        let status = natsOptions_Create(&handle)
        guard status == NATS_OK, let handle else { throw .last(status, doing: "prepare a connection") }
        self.handle = handle
    }

    deinit { natsOptions_Destroy(handle) }

    /// Sets one of them.
    ///
    /// - Parameter action: What it is for, for the message of an error.
    func set(_ action: String, _ body: (OpaquePointer) -> natsStatus) throws(NATSError) {
        let status = body(handle)
        guard status == NATS_OK else { throw .last(status, doing: action) }
    }

    /// Connects; blocks for as long as that takes.
    func connect() throws(NATSError) -> OpaquePointer {
        var connection: OpaquePointer?
        let status = natsConnection_Connect(&connection, handle)
        guard status == NATS_OK, let connection else { throw .last(status, doing: "connect") }
        return connection
    }
}
