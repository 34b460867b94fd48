// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// Names are the same only if their bytes are: to `==` of `String`, composed and decomposed accents are no different, and to
// `hasPrefix` a slash with an accent behind it is another character.

extension String {
    /// Whether two texts have the same bytes.
    package func hasBytes(of other: String) -> Bool {
        var (text, other) = (self, other)
        return text.withUTF8 { text in
            other.withUTF8 { UnsafeRawBufferPointer(text).hasBytes(of: UnsafeRawBufferPointer($0)) }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether both hold the same bytes; meant for short ones.
    package func hasBytes(of other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let start = baseAddress, let otherStart = other.baseAddress else {
            return count == other.count
        }
        return JSONByte.equal(start, otherStart, count)
    }

    /// Whether it begins with these bytes.
    package func begins(with prefix: String) -> Bool {
        var prefix = prefix
        return prefix.withUTF8 { prefix in
            count >= prefix.count
                && UnsafeRawBufferPointer(rebasing: self[..<prefix.count]).hasBytes(of: UnsafeRawBufferPointer(prefix))
        }
    }
}
