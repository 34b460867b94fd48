// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What becomes of a client's messages: the client protocol, or something else that is put on the same server.
///
/// One receiver serves all shards; its methods are called on the client's loop.
package protocol MessageReceiver: Sendable {
    /// The connection is open and registered; the first thing a client gets can be sent here.
    func opened(_ client: Client, on shard: Shard)

    /// A whole message came; the bytes are valid until this returns, and text is valid UTF-8.
    ///
    /// - Parameter ingress: When it was read from the socket, monotonic nanoseconds.
    func received(
        _ bytes: UnsafeRawBufferPointer,
        isText: Bool,
        from client: Client,
        on shard: Shard,
        ingress: UInt64
    )

    /// Says that the hub is about to close the connection for a drain.
    func draining(_ client: Client, on shard: Shard, retryAfterMilliseconds: Int64)
}
