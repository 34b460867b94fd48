// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension ConfigurationDraft {
    /// The largest file that is read, in bytes.
    static var fileLimit: Int { 1 << 20 }

    /// Reads a YAML file.
    mutating func read(file path: String, namedBy name: String) {
        do throws(FileProblem) {
            read(text: try Self.contents(of: path), file: path)
        } catch {
            noteIncompleteFile()
            note(
                ConfigurationFault(
                    .unreadable,
                    .file(path, line: nil),
                    "the configuration cannot be read: \(error.reason)",
                    hint: "tried \(Self.absolute(path)), named by \(name)"
                )
            )
        }
    }

    /// Reads YAML.
    mutating func read(text: [UInt8], file path: String) {
        let start = faults.count
        let document = YAMLDocument(text)
        for problem in document.problems {
            note(ConfigurationFault(.notYAML, .file(path, line: problem.line), problem.what, hint: problem.hint))
        }
        if !document.isComplete { noteIncompleteFile() }
        if let root = document.root, !root.isNull { read(root, section: "", file: path) }
        // What stands on the line where reading broke off is half a value; nothing is to be said about it.
        if !document.isComplete, let end = document.problems.last?.line {
            removeFaults(from: start, of: .file(path, line: end)) { $0 != .notYAML }
        }
        sortByLine(from: start)
    }

    /// Reads a section and the sections in it.
    private mutating func read(_ node: YAMLNode, section: String, file path: String) {
        if node.isNull { return }
        guard case .mapping(let entries) = node.content else {
            note(
                ConfigurationFault(
                    .wrongType,
                    .file(path, line: node.line),
                    key: section,
                    "\(node.kind) where a section is needed",
                    allowed: Self.names(in: section).joined(separator: ", ")
                )
            )
            return
        }
        var lines: [String: Int] = [:]
        for entry in entries {
            let name = section.isEmpty ? entry.key : "\(section).\(entry.key)"
            let origin = ConfigurationFault.Origin.file(path, line: entry.line)
            let key = ConfigurationKey.all.first { $0.section == section && $0.name == entry.key }
            let isSection = Self.names(in: section).contains(entry.key) && key == nil
            if key != nil || isSection, let first = lines[entry.key] {
                note(
                    ConfigurationFault(.duplicateKey, origin, key: name, "stands twice", hint: "first on line \(first)")
                )
            }
            lines[entry.key] = lines[entry.key] ?? entry.line
            if let key {
                set(key, entry.value, from: origin)
            } else if isSection {
                read(entry.value, section: name, file: path)
            } else {
                let shown = Scalar(text: entry.key, style: .quoted).shown
                let place = section.isEmpty ? "" : " in \(section)"
                let hint = Self.meant(by: entry, in: section)
                note(ConfigurationFault(.unknownKey, origin, "unknown key \(shown)\(place)", hint: hint))
            }
        }
    }

    /// What can stand directly in a section.
    private static func names(in section: String) -> [String] {
        let inner = ConfigurationKey.sections.map(\.path) + ConfigurationKey.all.map(\.path)
        let prefix = section.isEmpty ? "" : section + "."
        return inner.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            .filter { !$0.isEmpty && !$0.contains(".") }
    }

    private static func meant(by entry: YAMLNode.Entry, in section: String) -> String {
        func other(_ isMeant: (ConfigurationKey) -> Bool) -> String? {
            ConfigurationKey.all.first(where: isMeant).map { "did you mean \($0.name) in section \($0.section)?" }
        }
        let paths = [entry.key, "\(section).\(entry.key)"].filter { _ in entry.key.contains(".") }
        if let path = paths.compactMap(Suggestion.path).first, let hint = other({ $0.path == path }) { return hint }
        let synonyms = KeySynonym.names(in: section)
        if let exact = synonyms.first(where: { $0.name == entry.key }) { return "did you mean \(exact.key.name)?" }
        // A key of a section in this one, by its own name or with the section's before it: stream_name in bus.nats.
        let flag = "\(section).\(entry.key)".replacing(".", with: "-").replacing("_", with: "-")
        let inner = other { ($0.name == entry.key && $0.section.hasPrefix("\(section).")) || $0.flag == flag }
        if let inner { return inner }
        if let near = Suggestion.nearest(to: entry.key, among: names(in: section) + synonyms.map(\.name)) {
            return "did you mean \(synonyms.first { $0.name == near }?.key.name ?? near)?"
        }
        if let same = other({ $0.name == entry.key }) { return same }
        guard let meant = KeySynonym.meant(by: entry.key, given: entry.value.text) else { return "" }
        let value = meant.value.map { ": \"\($0)\"" } ?? ""
        return "did you mean \(meant.key.name)\(value) in section \(meant.key.section)?"
    }

    // MARK: Files

    private struct FileProblem: Error {
        let reason: String
    }

    private static func contents(of path: String) throws(FileProblem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileProblem(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, &buffer, buffer.count)
            #else
                let count = Darwin.read(descriptor, &buffer, buffer.count)
            #endif
            if count == 0 { return contents }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileProblem(reason: String(cString: strerror(errno))) }
            contents.append(contentsOf: buffer[..<count])
            if contents.count > fileLimit { throw FileProblem(reason: "it has more than \(ByteCount(fileLimit))") }
        }
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }
}
