// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubRedis

/// What must hold of Redis's replies: the answer is the same however they are cut, none counts more than the limit, and
/// one that is written back is read as the same.
package enum RESPFuzzer {
    private static let limits = [1 << 20, 0, 96, 200, 1000, 10_000]

    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        guard let choice = bytes.first else { return }
        let limit = limits[Int(choice) % limits.count]
        let stream = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        var first: RESPTranscript?
        for sizes in FuzzCuts.plans(for: stream) {
            let transcript = try RESPTranscript.read(stream, sizes: sizes, limit: limit)
            if let first {
                try FuzzFailure.require(transcript == first, "cut \(sizes.prefix(9)): \(transcript), whole: \(first)")
            } else {
                first = transcript
            }
        }
        guard let first else { return }
        if let failure = first.failure {
            try FuzzFailure.require(
                failure.code == .badReply || failure.code == .tooLarge,
                "a refusal has its code: \(failure)"
            )
            try FuzzFailure.require(!failure.message.hasPrefix("hiredis"), "hiredis sees what is sound: \(failure)")
        }
        for value in first.values {
            try FuzzFailure.require(value.cost <= limit, "a reply keeps to the limit: \(value.cost), \(limit)")
        }
        let written = first.values.flatMap(\.encoded)
        let again = try RESPFuzzer.read(written, limit: limit)
        try FuzzFailure.require(again == first.values, "written \(first.values), read \(again)")
    }

    private static func read(_ bytes: [UInt8], limit: Int) throws(FuzzFailure) -> [RESPValue] {
        let result = bytes.withUnsafeBytes { bytes -> Result<RESPTranscript, FuzzFailure> in
            do throws(FuzzFailure) {
                return .success(try RESPTranscript.read(bytes, sizes: [bytes.count], limit: limit))
            } catch {
                return .failure(error)
            }
        }
        return try result.get().values
    }
}
