// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The subjects to which a connection wants answers: below one of its own, by what they answer and a number.
struct ReplySubjects {
    enum Purpose: UInt8 {
        /// The answer to a publication.
        case publication = 0x70
        /// The answer to a request to JetStream.
        case request = 0x72
        /// The answer to an acknowledgement.
        case ack = 0x61
        /// A message to the node itself, behind what was said before.
        case receipt = 0x6D
    }

    private let base: [UInt8]

    /// Those below a subject of random letters, so that no two connections have the same.
    init(_ encoding: SubjectEncoding, _ kind: String) {
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        base = Array(encoding.subject("\(kind).\(token).").bytes)
    }

    /// What has to be subscribed to.
    var wildcard: Subject { Subject(base + [UInt8(ascii: "*")]) }

    /// The subject of an answer.
    func subject(_ purpose: Purpose, _ number: UInt64) -> Subject {
        Subject(base + [purpose.rawValue] + Array(String(number).utf8))
    }

    /// The subject of a ``NATSFence``, below the same base and not among the answers.
    var fence: Subject { Subject(base + Array("late.x".utf8)) }

    /// Whether a subject is one of these, as far as it is known.
    func contain(_ subject: [UInt8]) -> Bool { subject.starts(with: base) }

    /// Whether a subject is one of these.
    func covers(_ subject: UnsafePointer<CChar>) -> Bool {
        for (index, byte) in base.enumerated() where UInt8(bitPattern: subject[index]) != byte { return false }
        return true
    }

    /// Reads the subject of an answer; nil for what is none.
    func read(_ subject: UnsafePointer<CChar>) -> (Purpose, UInt64)? {
        guard covers(subject), let purpose = Purpose(rawValue: UInt8(bitPattern: subject[base.count])),
            let number = UInt64(String(cString: subject + base.count + 1))
        else { return nil }
        return (purpose, number)
    }
}
