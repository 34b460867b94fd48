// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Reads the part of YAML that a configuration needs: one document of mappings, lists and values, nothing else.
///
/// Refused, each with its line: anchors, aliases and tags, a second document, keys that are not texts, tabs in the
/// indentation, more than ``maxDepth`` levels. Reading goes on after all of these, so that everything wrong is found; only
/// after a text that is not YAML it cannot.
struct YAMLDocument {
    /// What is wrong with a line.
    struct Problem {
        let line: Int
        let what: String
        let hint: String
    }

    /// Levels of nesting; the configuration needs four.
    static let maxDepth = 16

    /// What was read; nil when there is nothing but comments.
    private(set) var root: YAMLNode?
    /// What was wrong.
    private(set) var problems: [Problem] = []
    /// Whether reading reached the end.
    private(set) var isComplete = true

    /// Reads a text.
    init(_ text: [UInt8]) {
        let text = blankingTabbedLines(text)
        do {
            try readStream(try YAMLParser(text))
        } catch {
            isComplete = false
            note(error.line, "not YAML: \(error.what); nothing after it was read", error.hint)
        }
    }

    private mutating func note(_ line: Int, _ what: String, _ hint: String = "") {
        problems.append(Problem(line: line, what: what, hint: hint))
    }

    /// Takes out the lines that a tab indents, since libyaml stops at the first of them.
    private mutating func blankingTabbedLines(_ text: [UInt8]) -> [UInt8] {
        var text = text
        var line = 1
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            let content = text[start..<end].firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } ?? end
            if text[start..<content].contains(UInt8(ascii: "\t")) {
                if content < end, text[content] != UInt8(ascii: "\r") {
                    note(line, "a tab in the indentation", "indent with spaces")
                }
                for index in start..<end { text[index] = UInt8(ascii: " ") }
            }
            line += 1
            start = end + 1
        }
        return text
    }

    private mutating func readStream(_ parser: YAMLParser) throws(YAMLParser.Problem) {
        var documents = 0
        while true {
            let event = try parser.next()
            switch event.kind {
            case .documentStart:
                documents += 1
                if documents == 2 { note(event.line, "a second document", "one file holds one configuration") }
            case .streamEnd:
                return
            case .streamStart, .documentEnd:
                continue
            default:
                var partial: YAMLNode?
                defer { if documents == 1 { root = partial } }
                try read(event, parser, depth: 0, into: &partial)
            }
        }
    }

    /// Reads what an event starts; what was read before a problem stays in `node`.
    private mutating func read(
        _ event: YAMLParser.Event,
        _ parser: YAMLParser,
        depth: Int,
        into node: inout YAMLNode?
    ) throws(YAMLParser.Problem) {
        if event.isDecorated { note(event.line, "an anchor or a tag", "write the plain value, in quotes if need be") }
        switch event.kind {
        case .scalar(let scalar):
            node = YAMLNode(line: event.line, content: .scalar(scalar))
        case .alias:
            note(event.line, "an alias", "write the value itself, in quotes if it begins with *")
        case .sequenceStart where depth < Self.maxDepth:
            try readSequence(event.line, parser, depth: depth, into: &node)
        case .mappingStart where depth < Self.maxDepth:
            try readMapping(event.line, parser, depth: depth, into: &node)
        default:
            note(event.line, "more than \(Self.maxDepth) levels of nesting")
            try skip(parser)
        }
    }

    private mutating func readSequence(
        _ line: Int,
        _ parser: YAMLParser,
        depth: Int,
        into node: inout YAMLNode?
    ) throws(YAMLParser.Problem) {
        var items: [YAMLNode] = []
        while true {
            let event = try parser.next()
            if event.endsCollection { break }
            var item: YAMLNode?
            try read(event, parser, depth: depth + 1, into: &item)
            if let item { items.append(item) }
        }
        // A list that breaks off is no list; a section that breaks off is still one, see below.
        node = YAMLNode(line: line, content: .sequence(items))
    }

    private mutating func readMapping(
        _ line: Int,
        _ parser: YAMLParser,
        depth: Int,
        into node: inout YAMLNode?
    ) throws(YAMLParser.Problem) {
        var entries: [YAMLNode.Entry] = []
        defer { node = YAMLNode(line: line, content: .mapping(entries)) }
        while true {
            let event = try parser.next()
            if event.endsCollection { return }
            var key: YAMLNode?
            try read(event, parser, depth: depth + 1, into: &key)
            var name: String?
            switch key?.content {
            case .scalar(let scalar): name = scalar.text
            case .sequence, .mapping: note(event.line, "a key that is not a text")
            case nil: break
            }
            var value: YAMLNode?
            defer {
                if let name, let value { entries.append(YAMLNode.Entry(key: name, line: event.line, value: value)) }
            }
            try read(try parser.next(), parser, depth: depth + 1, into: &value)
        }
    }

    /// Passes over the rest of what has just started.
    private mutating func skip(_ parser: YAMLParser) throws(YAMLParser.Problem) {
        var open = 1
        while open > 0 {
            switch try parser.next().kind {
            case .sequenceStart, .mappingStart: open += 1
            case .sequenceEnd, .mappingEnd: open -= 1
            case .streamEnd: return
            default: break
            }
        }
    }
}

extension YAMLParser.Event {
    fileprivate var endsCollection: Bool {
        switch kind {
        case .sequenceEnd, .mappingEnd, .streamEnd: true
        default: false
        }
    }
}
