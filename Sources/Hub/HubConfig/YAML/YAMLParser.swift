// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CYaml

/// Owns a libyaml parser and turns its events into values; the only place that touches libyaml.
final class YAMLParser {
    /// What the parser met.
    struct Event {
        enum Kind {
            case streamStart
            case streamEnd
            case documentStart
            case documentEnd
            case alias
            case scalar(Scalar)
            case sequenceStart
            case sequenceEnd
            case mappingStart
            case mappingEnd
        }

        let kind: Kind
        let line: Int
        /// Whether an anchor (`&name`) or a tag (`!name`) stands before it.
        let isDecorated: Bool
    }

    /// Why the text is not YAML.
    struct Problem: Error {
        let line: Int
        let what: String
        let hint: String
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// A copy of the text, which libyaml points into.
    private let text: UnsafeMutableBufferPointer<UInt8>

    /// Takes a text in UTF-8.
    ///
    /// - Throws: ``Problem`` when there is no memory for a parser.
    init(_ bytes: [UInt8]) throws(Problem) {
        parser = .allocate(capacity: 1)
        text = .allocate(capacity: bytes.count)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            text.deallocate()
            throw Problem(line: 1, what: "no memory to read it", hint: "")
        }
        _ = text.initialize(fromContentsOf: bytes)
        yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    /// Reads the next event; after the end, the end again.
    func next() throws(Problem) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let line = Int(clamping: event.start_mark.line) + 1
        var isDecorated = false
        let kind: Event.Kind
        switch event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT: kind = .alias
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            isDecorated = scalar.anchor != nil || scalar.tag != nil
            kind = .scalar(
                Scalar(
                    text: String(decoding: bytes, as: UTF8.self),
                    style: scalar.style == YAML_PLAIN_SCALAR_STYLE ? .plain : .quoted
                )
            )
        case YAML_SEQUENCE_START_EVENT:
            isDecorated = event.data.sequence_start.anchor != nil || event.data.sequence_start.tag != nil
            kind = .sequenceStart
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            isDecorated = event.data.mapping_start.anchor != nil || event.data.mapping_start.tag != nil
            kind = .mappingStart
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        default: kind = .streamEnd
        }
        return Event(kind: kind, line: line, isDecorated: isDecorated)
    }

    private func problem() -> Problem {
        let state = parser.pointee
        let what = state.problem.map { String(cString: $0) } ?? "cannot be read"
        if state.error == YAML_READER_ERROR {
            let end = min(text.count, Int(clamping: state.problem_offset))
            let line = text[..<end].count { $0 == UInt8(ascii: "\n") } + 1
            return Problem(line: line, what: what, hint: "the file must be UTF-8 without control characters")
        }
        let line = Int(clamping: state.problem_mark.line) + 1
        guard let context = state.context.map({ String(cString: $0) }) else {
            return Problem(line: line, what: what, hint: Self.hint(for: what))
        }
        let start = Int(clamping: state.context_mark.line) + 1
        let place = start == line ? "" : " that starts on line \(start)"
        return Problem(line: line, what: "\(context)\(place), \(what)", hint: Self.hint(for: "\(context) \(what)"))
    }

    /// What is usually behind the words of libyaml.
    private static func hint(for words: String) -> String {
        let hints: [(part: String, hint: String)] = [
            ("alias", "a value that begins with * needs quotes"),
            ("anchor", "a value that begins with & needs quotes"),
            ("cannot start any token", "a value that begins with @, ` or % needs quotes"),
            ("mapping values are not allowed", "check the indentation; a value with a colon and a space needs quotes"),
            ("could not find expected ':'", "a key ends with a colon and a space"),
            ("quoted scalar", "is a quote missing at the end?"),
            ("flow", "is a bracket or a comma missing, or a value without quotes?"),
            ("block", "check the indentation"),
        ]
        return hints.first { words.contains($0.part) }?.hint ?? ""
    }
}
