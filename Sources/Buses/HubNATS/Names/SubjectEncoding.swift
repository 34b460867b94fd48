// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Writes names on the bus as subjects below the prefix, and reads them again.
///
/// `topic/a.b` is `gohub.topic.a.b`: the kind is a token, and a name keeps what a subject can have. A byte that it cannot have
/// (a space, a control character, `*`, `>`, `%`, a dot that would leave a token empty) is `%` and two hexadecimal digits; the empty
/// name is `%`. So every name has one subject, no two have the same, and none is taken for a wildcard.
struct SubjectEncoding: Sendable {
    /// The prefix and a dot.
    private let prefix: [UInt8]

    /// Encodes below a prefix: tokens with dots between them.
    init(prefix: String) { self.prefix = Array(prefix.utf8) + [UInt8(ascii: ".")] }

    /// The subject of a name.
    func subject(of topic: BusTopic) -> Subject {
        var bytes = prefix
        let name = topic.name.utf8
        if let slash = name.firstIndex(of: UInt8(ascii: "/")) {
            bytes += name[..<slash]
            bytes.append(UInt8(ascii: "."))
            Self.write(Array(name[name.index(after: slash)...]), to: &bytes)
        } else {
            bytes += name
        }
        return Subject(bytes)
    }

    /// The wildcard for names that begin alike: all of their kind, or of all kinds where the beginning names none.
    func subject(ofNamesWith prefix: String) -> Subject {
        let kind = prefix.utf8.firstIndex(of: UInt8(ascii: "/")).map { Array(prefix.utf8[..<$0]) + [UInt8(ascii: ".")] }
        return Subject(self.prefix + (kind ?? []) + [UInt8(ascii: ">")])
    }

    /// What a stream has to take, so that it keeps all publications and the nodes' probes.
    var streamSubjects: [String] {
        ["broadcast", "topic.>", "unicast.>", "\(Self.probeKind).>"].map { subject($0).description }
    }

    /// Examples of what no stream may take, as what stands in it would bring forth more of it.
    var ownSubjects: [String] {
        ["reply", "pull", "receipt", "consumer"].map { subject("\($0).token.x").description }
    }

    /// The subject of a name in the stream: a node's probe lies apart from what others ask it, which no stream keeps.
    func streamSubject(of topic: BusTopic) -> Subject {
        guard topic.kind == .node else { return subject(of: topic) }
        var bytes = prefix + Array("\(Self.probeKind).".utf8)
        Self.write(Array(topic.suffix.utf8), to: &bytes)
        return Subject(bytes)
    }

    /// Reads the name of a subject in the stream.
    func readStream(_ subject: UnsafePointer<CChar>, into name: inout [UInt8]) -> Bool {
        guard read(subject, into: &name) else { return false }
        let kind = Array("\(Self.probeKind)/".utf8)
        if name.starts(with: kind) { name.replaceSubrange(..<kind.count, with: "node/".utf8) }
        return true
    }

    private static let probeKind = "probe"

    /// A text as a part of a consumer's name, which may have none of what separates tokens and folders.
    func consumerName(_ text: String) -> String {
        let bytes = text.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): [byte]
            default: [UInt8(ascii: "="), Self.digit(byte >> 4), Self.digit(byte & 0xF)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A subject that is no name: where servers and the node itself answer.
    func subject(_ tokens: String) -> Subject { Subject(prefix + Array(tokens.utf8)) }

    /// Whether the beginning of a subject says that it is of one topic of the hub.
    func isTopic(_ subject: some Collection<UInt8>) -> Bool {
        subject.starts(with: prefix + Array("topic.".utf8)) && !subject.contains(UInt8(ascii: ">"))
    }

    /// Reads the name of a subject.
    ///
    /// - Parameter name: Where the name is written, in memory that is used again.
    /// - Returns: Whether it is one; a `%` without two digits is none.
    func read(_ subject: UnsafePointer<CChar>, into name: inout [UInt8]) -> Bool {
        name.removeAll(keepingCapacity: true)
        var rest = subject
        for byte in prefix {
            guard UInt8(bitPattern: rest.pointee) == byte else { return false }
            rest += 1
        }
        var isKind = true
        while true {
            let byte = UInt8(bitPattern: rest.pointee)
            switch byte {
            case 0: return !name.isEmpty
            case UInt8(ascii: ".") where isKind:
                isKind = false
                name.append(UInt8(ascii: "/"))
                if rest[1] == CChar(bitPattern: UInt8(ascii: "%")), rest[2] == 0 { return true }
            case UInt8(ascii: "%") where !isKind:
                guard let high = Self.value(rest[1]), let low = Self.value(rest[2]) else { return false }
                name.append(high << 4 | low)
                rest += 2
            default: name.append(byte)
            }
            rest += 1
        }
    }

    private static func write(_ name: [UInt8], to bytes: inout [UInt8]) {
        guard !name.isEmpty else { return bytes.append(UInt8(ascii: "%")) }
        for (index, byte) in name.enumerated() {
            if isPlain(byte, at: index, in: name) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 0xF)]
            }
        }
    }

    private static func isPlain(_ byte: UInt8, at index: Int, in name: [UInt8]) -> Bool {
        switch byte {
        case ...0x20, 0x7F, UInt8(ascii: "*"), UInt8(ascii: ">"), UInt8(ascii: "%"): false
        case UInt8(ascii: "."):
            index > 0 && index + 1 < name.count && name[index - 1] != byte && name[index + 1] != byte
        default: true
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }

    /// The value of a digit; upper case alone, as nodes write.
    private static func value(_ digit: CChar) -> UInt8? {
        switch UInt8(bitPattern: digit) {
        case let byte where byte >= 0x30 && byte <= 0x39: byte - 0x30
        case let byte where byte >= 0x41 && byte <= 0x46: byte - 0x41 + 10
        default: nil
        }
    }
}
