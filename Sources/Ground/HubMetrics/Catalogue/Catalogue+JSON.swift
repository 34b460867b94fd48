// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Catalogue {
    /// The families as a JSON array, one line a family, by name.
    ///
    /// Members: `name`, `type`, `unit`, `labels` (each `name` and `values`, which is null for open ones), `combinations`
    /// (the values of each series that can be; null where all can), `buckets`, `help`, `dashboard` (null for
    /// diagnostics) and `series_limit` (null unless labels are open).
    package static func json(_ families: [FamilyDescription]) -> String {
        let rows = families.sorted { $0.name < $1.name }.map(object)
        return rows.isEmpty ? "[]\n" : "[\n  \(rows.joined(separator: ",\n  "))\n]\n"
    }

    private static func object(_ family: FamilyDescription) -> String {
        let labels = family.labels.map { label in
            let values = label.values.map(list) ?? "null"
            return "{\"name\": \(string(label.name)), \"values\": \(values)}"
        }
        let dashboard =
            switch family.shown {
            case .dashboard(let dashboard): string(dashboard.rawValue)
            case .diagnostic: "null"
            }
        let members = [
            ("name", string(family.name)),
            ("type", string(family.type.rawValue)),
            ("unit", string(family.unit.rawValue)),
            ("labels", "[\(labels.joined(separator: ", "))]"),
            ("combinations", family.combinations.map { "[\($0.map(list).joined(separator: ", "))]" } ?? "null"),
            ("buckets", "[\(family.buckets.map(bound).joined(separator: ", "))]"),
            ("help", string(family.help)),
            ("dashboard", dashboard),
            ("series_limit", family.seriesLimit.map(String.init) ?? "null"),
        ]
        return "{\(members.map { "\"\($0)\": \($1)" }.joined(separator: ", "))}"
    }

    private static func list(_ values: [String]) -> String { "[\(values.map(string).joined(separator: ", "))]" }

    private static func string(_ text: String) -> String {
        var escaped = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }
}
