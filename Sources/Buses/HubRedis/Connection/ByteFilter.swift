// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Stands between a socket and the protocol, as TLS does: no I/O, bytes in and bytes out.
///
/// Belongs to the loop's thread. What it throws ends the connection. It appends to the arrays that it is given.
package protocol ByteFilter: AnyObject {
    /// The socket is connected.
    ///
    /// - Parameter output: Gets what is to be sent first, if anything.
    func start(output: inout [UInt8]) throws(RedisError)

    /// Takes what came from the socket.
    ///
    /// - Parameter plaintext: Gets what the protocol is to read.
    /// - Parameter output: Gets what has to be sent in answer.
    func received(
        _ ciphertext: UnsafeRawBufferPointer,
        plaintext: inout [UInt8],
        output: inout [UInt8]
    ) throws(RedisError)

    /// Takes what the protocol sends; also before the other end may get it, and then keeps it until `received` sends it on.
    func send(_ plaintext: UnsafeRawBufferPointer, output: inout [UInt8]) throws(RedisError)

    /// The connection is about to be closed by this end.
    ///
    /// - Parameter output: Gets the last bytes, which are sent if the socket takes them at once.
    func finish(output: inout [UInt8])
}
