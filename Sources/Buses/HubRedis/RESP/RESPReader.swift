// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

internal import CHiredis

/// Reads the replies of one connection with hiredis, from bytes that come in pieces of any size.
///
/// Takes memory of up to about three times the limit while it reads a reply of that size, and keeps little afterwards: no
/// buffer of a reply of more than 256 KiB. Without memory it fails at the first bytes.
package final class RESPReader {
    /// The default of the most that one reply may count.
    package static let defaultLimit = 64 << 20
    /// A buffer that has grown beyond this is given back after the reply that needed it.
    private static let keptBytes = 256 << 10

    /// None after a failure.
    private var reader: UnsafeMutablePointer<redisReader>?
    private var scanner: RESPScanner
    private var failure: RedisError?
    /// How many bytes of the present reply hiredis has got.
    private var fedBytes = 0

    /// Makes a reader.
    ///
    /// - Parameter limit: The most that one reply may count: its bytes, and 96 for each value in it.
    package init(limit: Int = defaultLimit) {
        reader = Self.makeReader()
        scanner = RESPScanner(limit: limit)
    }

    deinit {
        if let reader { redisReaderFree(reader) }
    }

    /// Whether part of a reply has come.
    package var isMidReply: Bool { scanner.isMidReply }

    /// How many bytes of a reply that is not complete are held.
    package var heldBytes: Int { fedBytes }

    /// Reads on from an offset, which it moves: to the end of the next reply, or of the bytes.
    ///
    /// - Parameter body: Gets the reply when it is complete; must not read on with this reader.
    /// - Returns: Whether there was a reply.
    /// - Throws: ``RedisError`` `.badReply`, `.tooLarge`, `.outOfMemory`; from then on always the same.
    package func next(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int,
        _ body: (RESPReply) -> Void
    ) throws(RedisError) -> Bool {
        if let failure { throw failure }
        do throws(RedisError) {
            let start = offset
            let isComplete = try scanner.scan(bytes, at: &offset)
            try feed(UnsafeRawBufferPointer(rebasing: bytes[start..<offset]))
            guard isComplete else { return false }
            let reply = try takeReply()
            defer { freeReplyObject(reply) }
            body(RESPReply(lending: reply))
        } catch {
            fail(error)
            throw error
        }
        return true
    }

    /// Hands bytes to hiredis, never beyond the end of a reply: so its buffer is empty after each, and nothing is moved in it.
    private func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        guard !bytes.isEmpty else { return }
        guard let reader else { throw Self.noMemory }
        let status = redisReaderFeed(reader, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
        guard status == REDIS_OK else { throw fault() }
        fedBytes += bytes.count
    }

    private func takeReply() throws(RedisError) -> UnsafeMutablePointer<redisReply> {
        var reply: UnsafeMutableRawPointer?
        let status = redisReaderGetReply(reader, &reply)
        guard status == REDIS_OK, let reply else { throw fault() }
        let taken = reply.assumingMemoryBound(to: redisReply.self)
        if fedBytes > Self.keptBytes {
            redisReaderFree(reader)
            reader = Self.makeReader()
        }
        fedBytes = 0
        return taken
    }

    private func fail(_ error: RedisError) {
        failure = error
        fedBytes = 0
        if let reader { redisReaderFree(reader) }
        reader = nil
    }

    /// Why hiredis did not do it.
    private func fault() -> RedisError {
        guard let reader else { return Self.noMemory }
        switch reader.pointee.err {
        case REDIS_ERR_OOM: return Self.noMemory
        case 0: return RedisError(.badReply, "a reply is read in two ways")
        default:
            let text = withUnsafeBytes(of: reader.pointee.errstr) { text in
                RedisError.printable(UnsafeRawBufferPointer(rebasing: text.prefix { $0 != 0 }))
            }
            return RedisError(.badReply, "hiredis: \(text)")
        }
    }

    private static let noMemory = RedisError(.outOfMemory, "no memory to read a reply")

    private static func makeReader() -> UnsafeMutablePointer<redisReader>? {
        let reader = redisReaderCreate()
        // Otherwise it would give its buffer back, and allocate another, whenever that was empty.
        reader?.pointee.maxbuf = 0
        return reader
    }
}
