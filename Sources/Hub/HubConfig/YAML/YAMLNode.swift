// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A piece of a YAML document with the line on which it starts.
struct YAMLNode: Sendable {
    indirect enum Content: Sendable {
        case scalar(Scalar)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    /// A key and its value, in the order of the file; keys may repeat.
    struct Entry: Sendable {
        let key: String
        let line: Int
        let value: YAMLNode
    }

    let line: Int
    let content: Content

    /// Whether nothing was written: `key:` or `key: ~`.
    var isNull: Bool {
        guard case .scalar(let scalar) = content else { return false }
        return scalar.isNull
    }

    /// The text of a single value; nil for anything else.
    var text: String? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar.text
    }

    /// What it is, for messages.
    var kind: String {
        switch content {
        case .scalar: "a value"
        case .sequence: "a list"
        case .mapping: "a section"
        }
    }
}

/// One value as it was written, in the file, the environment or a flag.
struct Scalar: Sendable {
    /// The longest value that a message repeats whole.
    private static let shownLimit = 60

    /// How it was written.
    enum Style {
        /// In a file, without quotes.
        case plain
        /// In a file, with quotes or as a block: certainly a text.
        case quoted
        /// In the environment or in a flag.
        case argument
    }

    let text: String
    let style: Style

    var isNull: Bool { style == .plain && ["", "~", "null", "Null", "NULL"].contains(text) }

    /// The value for a message: in quotes, without control characters, shortened, and without what may be a password.
    var shown: String {
        let text = withoutUser
        var shown = "\""
        for scalar in text.unicodeScalars.prefix(Self.shownLimit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: shown += scalar.escaped(asASCII: true)
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown + (text.unicodeScalars.count > Self.shownLimit ? "…\"" : "\"")
    }
    /// The text with `***` for what stands before an `@`, as in `redis://user:password@host`.
    private var withoutUser: String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let scheme = text[..<at].firstIndex(of: "/").flatMap { slash in
            text[..<slash].last == ":" && text[slash...].hasPrefix("//") ? text[..<slash] + "//" : nil
        }
        return "\(scheme ?? "")***\(text[at...])"
    }
}
