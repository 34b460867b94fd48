// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// An Ed25519 key in the form that NATS gives it: somebody proves with it who they are, or signs for others.
package struct NATSKey: Sendable {
    /// Whom it stands for; its letter begins the public half.
    package enum Kind: UInt8, Sendable {
        case account = 0
        case `operator` = 0x70
        case user = 0xA0
    }

    private let kind: Kind
    private let secret: [UInt8]
    /// What others know it by.
    package let publicKey: String

    /// Makes a new one.
    package init(_ kind: Kind = .user) throws {
        self.kind = kind
        secret = (0..<32).map { _ in .random(in: 0 ... .max) }
        let key = try Self.privateKey(secret)
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 else { throw TLSFixtureFault("read a public key") }
        publicKey = Self.text([kind.rawValue] + bytes)
    }

    /// What a client reads from a file, which begins with `S`.
    package var seed: String {
        // 18 in five bits says that it is a secret, and the next five bits say of whom.
        Self.text([0x90 | (kind.rawValue >> 5), (kind.rawValue & 0x1F) << 3] + secret)
    }

    /// Signs what a server sent, or a token.
    func signature(of bytes: some Sequence<UInt8>) throws -> [UInt8] {
        let bytes = Array(bytes)
        let key = try Self.privateKey(secret)
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { throw TLSFixtureFault("sign") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
        else { throw TLSFixtureFault("sign") }
        return signature
    }

    private static func privateKey(_ secret: [UInt8]) throws(TLSFixtureFault) -> OpaquePointer {
        guard let key = EVP_PKEY_new_raw_private_key(NID_ED25519, nil, secret, secret.count) else {
            throw TLSFixtureFault("make an Ed25519 key")
        }
        return key
    }

    // MARK: Text

    /// Base32 of the bytes and their check sum.
    private static func text(_ bytes: [UInt8]) -> String {
        let sum = checkSum(bytes)
        return digits(bytes + [UInt8(sum & 0xFF), UInt8(sum >> 8)], ofBits: 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    }

    /// Base64 for names in URLs, without padding: the form of signatures and tokens.
    static func base64(_ bytes: some Sequence<UInt8>) -> String {
        digits(bytes, ofBits: 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    }

    private static func digits(_ bytes: some Sequence<UInt8>, ofBits count: Int, _ alphabet: String) -> String {
        let alphabet = Array(alphabet.utf8)
        var text: [UInt8] = []
        var (bits, held) = (0, 0)
        for byte in bytes {
            bits = bits << 8 | Int(byte)
            held += 8
            while held >= count {
                held -= count
                text.append(alphabet[bits >> held])
                bits &= (1 << held) - 1
            }
        }
        if held > 0 { text.append(alphabet[bits << (count - held)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The CRC of XMODEM.
    private static func checkSum(_ bytes: [UInt8]) -> UInt16 {
        bytes.reduce(0) { sum, byte in
            (0..<8).reduce(sum ^ UInt16(byte) << 8) { sum, _ in sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
        }
    }
}
