// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// The digest that a WebSocket handshake needs (RFC 6455 section 4.2.2); not for anything that has to be secure.
package enum SHA1 {
    /// The 20 bytes of the digest; empty if the library refuses the algorithm, which a handshake then fails on.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        var length: UInt32 = 0
        let done = EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha1(), nil)
        return done == 1 && length == 20 ? digest : []
    }
}
