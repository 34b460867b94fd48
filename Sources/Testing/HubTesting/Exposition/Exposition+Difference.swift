// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Exposition {
    /// Compares with the text that a test expects; nil when both say the same, else lines marked `+` and `-`.
    ///
    /// The order of families and of series within one does not matter, nor do comments' places; metadata that the
    /// expected text leaves out is not asked for.
    ///
    /// - Parameter expected: A text in the same format, faults allowed; `# EOF` may be missing.
    /// - Parameter names: The families to look at; all that are in either when empty.
    package func difference(from expected: String, only names: Set<String> = []) -> String? {
        let wanted = Exposition.read(expected.utf8, as: format).exposition
        let metadata = Dictionary(wanted.families.map { ($0.name, $0) }) { first, _ in first }
        let mine = families.filter { names.isEmpty || names.contains($0.name) }.map { family in
            var shown = family
            guard let other = metadata[family.name] else { return shown }
            if other.help == nil { shown.help = nil }
            if other.type == nil { shown.type = nil }
            if other.unit == nil { shown.unit = nil }
            return shown
        }
        let theirs = wanted.families.filter { names.isEmpty || names.contains($0.name) }
        return Self.difference(from: Self.lines(of: theirs), to: Self.lines(of: mine))
    }

    /// The body in a canonical order, a string for each line.
    private static func lines(of families: [Family]) -> [String] {
        families.sorted { $0.name < $1.name }.flatMap { family in
            var lines: [String] = []
            if let type = family.type { lines.append("# TYPE \(family.name) \(type.rawValue)") }
            if let unit = family.unit { lines.append("# UNIT \(family.name) \(unit)") }
            if let help = family.help { lines.append("# HELP \(family.name) \(help)") }
            // Stable, so that buckets stay in their order: it is part of what is compared.
            let samples = family.samples.enumerated().sorted { a, b in
                let (left, right) = (a.element.orderKey, b.element.orderKey)
                return left == right ? a.offset < b.offset : left < right
            }
            return lines + samples.map(\.element.shown)
        }
    }

    /// Unchanged lines stand in it only where they are next to changed ones.
    static func difference(from expected: [String], to actual: [String]) -> String? {
        let changes = actual.difference(from: expected)
        if changes.isEmpty { return nil }
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in changes {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var marked: [(mark: String, text: String)] = []
        var (old, new) = (0, 0)
        while old < expected.count || new < actual.count {
            if removed.contains(old) {
                marked.append(("-", expected[old]))
                old += 1
            } else if inserted.contains(new) {
                marked.append(("+", actual[new]))
                new += 1
            } else {
                marked.append((" ", actual[new]))
                old += 1
                new += 1
            }
        }
        var lines = ["--- expected", "+++ found"]
        for (index, entry) in marked.enumerated() {
            let near = marked[max(0, index - 2)...min(marked.count - 1, index + 2)]
            if near.contains(where: { $0.mark != " " }) {
                lines.append(entry.mark + entry.text)
            } else if lines.last != "…" {
                lines.append("…")
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension Exposition.Sample {
    fileprivate var orderKey: String {
        labels.filter { $0.name != "le" }.map { "\($0.name)=\($0.value)" }.sorted().joined(separator: ",")
    }

    fileprivate var shown: String {
        let sorted = Exposition.Sample(
            name: name,
            labels: labels.sorted { $0.name < $1.name },
            value: value,
            text: text,
            line: 0
        )
        var line = "\(sorted.series) \(text)"
        if let timestamp { line += " \(timestamp)" }
        if let exemplar {
            let pairs = exemplar.labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",")
            line += " # {\(pairs)} \(exemplar.value)" + (exemplar.timestamp.map { " \($0)" } ?? "")
        }
        return line
    }
}
