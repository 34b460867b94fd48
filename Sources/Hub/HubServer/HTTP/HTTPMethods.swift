// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The methods that a route takes.
package struct HTTPMethods: OptionSet, Sendable {
    package let rawValue: UInt8

    /// A set by its bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// GET, and HEAD with it: the same answer without its body.
    package static let get = HTTPMethods(rawValue: 0b11)
    package static let post = HTTPMethods(rawValue: 1 << 2)
    package static let put = HTTPMethods(rawValue: 1 << 3)
    package static let patch = HTTPMethods(rawValue: 1 << 4)
    package static let delete = HTTPMethods(rawValue: 1 << 5)

    /// HEAD as a request has it.
    static let headAlone = HTTPMethods(rawValue: 0b10)

    private static let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

    /// The one method of a request; nil for any that no route can take.
    init?(named name: String) {
        switch name {
        case "GET": self.init(rawValue: 0b01)
        case "HEAD": self = .headAlone
        case "POST": self = .post
        case "PUT": self = .put
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        default: return nil
        }
    }

    /// The names, in an order that does not change.
    var names: [String] {
        Self.names.indices.filter { rawValue & (1 << UInt8($0)) != 0 }.map { Self.names[$0] }
    }

    /// The names as a sentence has them.
    var words: String {
        let names = names
        guard names.count > 1 else { return names.first ?? "none" }
        return names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
}
