// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Who a node is on the bus.
package struct NodeIdentity: Hashable, Sendable {
    /// The node's name: 1 to 64 bytes.
    package let id: String
    /// A random number that is another one after each start, so that a restart is not taken for a repetition.
    package let incarnation: UInt64

    /// The longest name, in bytes.
    package static let maximumIDBytes = 64

    /// Makes one; a name that is too long is cut, between two characters.
    ///
    /// - Parameter incarnation: Random unless a test chooses it.
    package init(id: String, incarnation: UInt64 = .random(in: 1 ... .max)) {
        self.id = Self.cut(id)
        self.incarnation = incarnation
    }

    private static func cut(_ id: String) -> String {
        var bytes = 0
        let kept = id.unicodeScalars.prefix { scalar in
            bytes += UTF8.width(scalar)
            return bytes <= maximumIDBytes
        }
        return String(kept)
    }
}
