// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes lists of families for people and for programs.
package enum Catalogue {
    /// The families as tables in Markdown, one a dashboard and one for diagnostics, each by name.
    package static func markdown(_ families: [FamilyDescription]) -> String {
        var text = ""
        for (title, shown) in sections {
            let rows = families.filter { $0.shown == shown }.sorted { $0.name < $1.name }
            if rows.isEmpty { continue }
            if !text.isEmpty { text += "\n" }
            text += "## \(title)\n\n| name | type | labels | what it says |\n|---|---|---|---|\n"
            for row in rows { text += markdownRow(row) }
        }
        return text
    }

    private static let sections: [(String, Shown)] = [
        ("Overview", .dashboard(.overview)),
        ("Delivery and slow clients", .dashboard(.delivery)),
        ("Bus", .dashboard(.bus)),
        ("Clients and node", .dashboard(.clientsAndNode)),
        ("Diagnostics", .diagnostic),
    ]

    private static func markdownRow(_ family: FamilyDescription) -> String {
        var help = cell(family.help)
        if !family.buckets.isEmpty { help += " Buckets: \(family.buckets.map(bound).joined(separator: ", "))." }
        if let combinations = family.combinations {
            help += " Only the \(combinations.count) combinations that can be."
        }
        if let limit = family.seriesLimit { help += " At most \(limit) series." }
        let type = family.unit == .none ? family.type.rawValue : "\(family.type.rawValue), \(family.unit.rawValue)"
        let labels = family.labels.map { label in
            guard let values = label.values else { return "`\(label.name)`" }
            return "`\(label.name)`: \(values.map { "`\(cell($0))`" }.joined(separator: ", "))"
        }
        return "| `\(family.name)` | \(type) | \(labels.joined(separator: "; ")) | \(help) |\n"
    }

    /// Text that does not end its table cell.
    private static func cell(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "|": escaped += "\\|"
            case "\n", "\r\n": escaped += "<br>"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// A bucket's bound as its label has it.
    static func bound(_ value: Double) -> String {
        withUnsafeTemporaryAllocation(byteCount: DoubleText.maximumBytes, alignment: 8) { scratch in
            guard let start = scratch.baseAddress else { return "" }
            let count = DoubleText.write(bound: value, to: start)
            return String(decoding: scratch[..<count], as: UTF8.self)
        }
    }
}
