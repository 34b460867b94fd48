// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Where a route stands: a path, or a template such as `/api/jobs/{id}` whose parameters stand for one segment each.
package struct RoutePath: Sendable {
    /// Why a text is no template.
    package struct Fault: Error, Equatable, Sendable {
        /// What was wrong.
        package enum Code: Sendable {
            /// It does not begin with a slash, or has an empty segment.
            case badSegment
            /// A brace that is not around a whole segment, or a name that is not a letter and letters, digits or `_`.
            case badParameter
            /// Two parameters of one name.
            case duplicateParameter
        }

        package let code: Code
    }

    enum Segment: Hashable, Sendable {
        case literal(String)
        case parameter(String)
    }

    /// The template as it was written.
    let text: String
    /// Its segments; none when it has no parameter, as a path is compared as a whole then.
    let segments: [Segment]

    /// A path or a template.
    ///
    /// Literal segments are compared byte for byte with what a client sends, escapes and all.
    /// - Throws: ``Fault`` for braces that are no parameters; a path without braces is taken as it is.
    package init(_ text: String) throws(Fault) {
        self.text = text
        guard text.contains(where: { $0 == "{" || $0 == "}" }) else {
            segments = []
            return
        }
        guard text.first == "/" else { throw Fault(code: .badSegment) }
        var segments: [Segment] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let segment = try Self.segment(part)
            guard !segments.contains(segment) || segment == .literal(String(part)) else {
                throw Fault(code: .duplicateParameter)
            }
            segments.append(segment)
        }
        self.segments = segments
    }

    private static func segment(_ part: Substring) throws(Fault) -> Segment {
        guard !part.isEmpty else { throw Fault(code: .badSegment) }
        guard part.contains(where: { $0 == "{" || $0 == "}" }) else { return .literal(String(part)) }
        let name = part.dropFirst().dropLast()
        guard part.first == "{", part.last == "}", let first = name.utf8.first, isLetter(first),
            name.utf8.allSatisfy({ isLetter($0) || $0 == UInt8(ascii: "_") || $0 &- UInt8(ascii: "0") < 10 })
        else { throw Fault(code: .badParameter) }
        return .parameter(String(name))
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    /// Whether a path has this shape.
    ///
    /// - Parameter parts: The path, split at slashes; the part before the first one is empty.
    func matches(_ parts: [Substring.UTF8View]) -> Bool {
        guard parts.count == segments.count + 1, parts[0].isEmpty else { return false }
        return zip(segments, parts.dropFirst()).allSatisfy { segment, part in
            switch segment {
            case .literal(let text): part.elementsEqual(text.utf8)
            case .parameter: !part.isEmpty
            }
        }
    }

    /// The parameters of a path that has this shape, unescaped; nil if one is not UTF-8.
    func parameters(_ parts: [Substring.UTF8View]) -> [(name: String, value: String)]? {
        var parameters: [(name: String, value: String)] = []
        for case (.parameter(let name), let part) in zip(segments, parts.dropFirst()) {
            guard let value = PercentEncoding.decode(Substring(part)) else { return nil }
            parameters.append((name, value))
        }
        return parameters
    }
}
