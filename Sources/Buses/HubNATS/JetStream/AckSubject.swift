// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What the subject says to which a message of JetStream is acknowledged.
///
/// `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`, and since NATS 2.10 the
/// domain and the account before the stream (ADR-15).
struct AckSubject: Equatable {
    /// How many times the message was delivered, this time included.
    let deliveries: UInt64
    /// Where it stands in the stream.
    let sequence: UInt64
    /// Which delivery of the consumer's it is; each has the next number.
    let delivery: UInt64
    /// How many messages the consumer has still to deliver.
    let pending: UInt64

    init(deliveries: UInt64, sequence: UInt64, delivery: UInt64, pending: UInt64) {
        self.deliveries = deliveries
        self.sequence = sequence
        self.delivery = delivery
        self.pending = pending
    }

    /// Reads a subject; nil for any other, and for that of another stream or consumer.
    init?(_ subject: UnsafePointer<CChar>, of stream: Subject, _ consumer: Subject) {
        // The first byte of each token; no name in such a subject has a dot in it.
        var tokens: [UnsafePointer<CChar>] = [subject]
        var at = subject
        while at.pointee != 0, tokens.count <= 12 {
            if at.pointee == Self.dot { tokens.append(at + 1) }
            at += 1
        }
        guard Self.begins(subject, with: "$JS.ACK."), tokens.count == 9 || tokens.count >= 11 else { return nil }
        let first = tokens.count == 9 ? 4 : 6
        guard Self.is(tokens[first - 2], stream), Self.is(tokens[first - 1], consumer) else { return nil }
        guard let deliveries = Self.number(tokens[first]), let sequence = Self.number(tokens[first + 1]),
            let delivery = Self.number(tokens[first + 2]), let pending = Self.number(tokens[first + 4])
        else { return nil }
        self.init(deliveries: deliveries, sequence: sequence, delivery: delivery, pending: pending)
    }

    private static let dot = CChar(bitPattern: UInt8(ascii: "."))

    private static func begins(_ text: UnsafePointer<CChar>, with prefix: StaticString) -> Bool {
        for index in 0..<prefix.utf8CodeUnitCount where UInt8(bitPattern: text[index]) != prefix.utf8Start[index] {
            return false
        }
        return true
    }

    private static func `is`(_ token: UnsafePointer<CChar>, _ name: Subject) -> Bool {
        var at = token
        for byte in name.cString.dropLast() {
            guard at.pointee == byte else { return false }
            at += 1
        }
        return at.pointee == dot
    }

    private static func number(_ token: UnsafePointer<CChar>) -> UInt64? {
        var value: UInt64 = 0
        var at = token
        while at.pointee != 0, at.pointee != dot {
            let digit = UInt64(UInt8(bitPattern: at.pointee)) &- 0x30
            guard digit <= 9, at - token < 20 else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge) = product.addingReportingOverflow(digit)
            guard !overflows, !isTooLarge else { return nil }
            value = sum
            at += 1
        }
        return at == token ? nil : value
    }
}
