// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What must hold of the validator: it agrees with the standard library, however the bytes are cut.
package enum UTF8Fuzzer {
    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        let isValid = String(validating: bytes, as: UTF8.self) != nil
        for sizes in FuzzCuts.plans(for: bytes) {
            var validator = UTF8Validator()
            var start = 0
            var accepts = true
            for size in sizes {
                let piece = Array(bytes[start..<(start + size)])
                accepts = piece.withUnsafeBytes { validator.feed($0) } && accepts
                start += size
            }
            try FuzzFailure.require(
                (accepts && validator.isComplete) == isValid,
                "cut \(sizes.prefix(9)): not as whole"
            )
        }
        try checkEarly(bytes, isValid)
    }

    /// The first byte that is refused is the first after which nothing could make the text valid.
    private static func checkEarly(_ bytes: UnsafeRawBufferPointer, _ isValid: Bool) throws(FuzzFailure) {
        var validator = UTF8Validator()
        let accepted = (0..<bytes.count).first { index in
            !validator.feed(UnsafeRawBufferPointer(rebasing: bytes[index...index]))
        }
        let prefix = Array(bytes.prefix(accepted ?? bytes.count))
        try FuzzFailure.require(isCompletable(prefix), "what was accepted can be completed")
        guard let accepted else { return }
        try FuzzFailure.require(!isCompletable(prefix + [bytes[accepted]]), "what was refused cannot be completed")
    }

    private static func isCompletable(_ prefix: [UInt8]) -> Bool {
        [[], [0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0xA0, 0x80], [0x90, 0x80, 0x80], [0xBF]].contains { tail in
            String(validating: prefix + tail, as: UTF8.self) != nil
        }
    }
}
