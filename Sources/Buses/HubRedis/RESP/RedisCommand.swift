// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

internal import CHiredis
package import HubBus

/// A command with its arguments, which may be any bytes.
///
/// Shows its name only: the arguments may be secrets.
package struct RedisCommand: Sendable, CustomStringConvertible, CustomReflectable {
    /// The most that a command may have in bytes: what Redis takes by default.
    package static let maxBytes = 512 << 20

    /// All words, behind each other.
    private var bytes: [UInt8]
    /// Where each ends.
    private var ends: [Int]

    /// Makes a command of its name and some arguments.
    package init(_ name: String, _ arguments: String...) {
        bytes = Array(name.utf8)
        ends = [bytes.count]
        for argument in arguments { append(argument.utf8) }
    }

    /// Adds an argument.
    package mutating func append(_ argument: some Collection<UInt8>) {
        bytes.append(contentsOf: argument)
        ends.append(bytes.count)
    }

    /// Adds an envelope as one argument.
    package mutating func append(_ envelope: EncodedEnvelope) {
        bytes.append(contentsOf: envelope.head)
        bytes.append(contentsOf: envelope.payload)
        ends.append(bytes.count)
    }

    /// The command's name.
    package var description: String { String(decoding: bytes[..<ends[0]], as: UTF8.self) }

    /// Nothing.
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Appends the command as it is sent, by hiredis.
    ///
    /// - Throws: ``RedisError`` `.tooLarge`, `.outOfMemory`; then nothing was appended.
    package func encode(to output: inout [UInt8]) throws(RedisError) {
        guard bytes.count <= Self.maxBytes, ends.count <= 1 << 20 else {
            throw RedisError(.tooLarge, "\(self) with \(bytes.count) bytes in \(ends.count) words")
        }
        let failure = bytes.withUnsafeBytes { bytes -> RedisError? in
            // An argument without bytes has an address too.
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: ends.count) { words in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: ends.count) { sizes in
                    var start = 0
                    let first = bytes.assumingMemoryBound(to: CChar.self).baseAddress
                    for (index, end) in ends.enumerated() {
                        words.initializeElement(at: index, to: first.map { $0 + start })
                        sizes.initializeElement(at: index, to: end - start)
                        start = end
                    }
                    return Self.format(words, sizes, to: &output)
                }
            }
        }
        if let failure { throw failure }
    }

    private static func format(
        _ words: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>,
        _ sizes: UnsafeMutableBufferPointer<Int>,
        to output: inout [UInt8]
    ) -> RedisError? {
        var text: UnsafeMutablePointer<CChar>?
        let count = redisFormatCommandArgv(&text, Int32(words.count), words.baseAddress, sizes.baseAddress)
        guard count >= 0, let text else { return RedisError(.outOfMemory, "no memory to write a command") }
        output.append(contentsOf: UnsafeRawBufferPointer(start: text, count: Int(count)))
        redisFreeCommand(text)
        return nil
    }
}
