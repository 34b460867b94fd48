// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Reads a body line by line: the grammar is here, what the lines mean together is in `ExpositionAssembler`.
///
/// It goes on after a fault wherever the meaning is still clear, so that one reading reports everything.
struct ExpositionReader {
    let bytes: [UInt8]
    let format: Exposition.Format
    /// The next byte to read, and the LF (or the end) that ends its line.
    var at = 0
    var end = 0
    var line = 1
    var assembler: ExpositionAssembler
    private var sawEOF = false
    private var spacingReported = 0

    init(_ bytes: [UInt8], format: Exposition.Format) {
        self.bytes = bytes
        self.format = format
        assembler = ExpositionAssembler(format: format)
    }

    mutating func read() -> (Exposition, [ExpositionFault]) {
        checkBytes()
        var carriageReturns = false
        while at < bytes.count {
            let start = at
            if sawEOF {
                report(.dataAfterEOF)
                break
            }
            end = bytes[at...].firstIndex(of: Byte.lineFeed) ?? bytes.count
            if end > at, bytes[end - 1] == Byte.carriageReturn {
                if !carriageReturns { report(.carriageReturn) }
                carriageReturns = true
                end -= 1
            }
            readLine()
            // A label value may have run into later lines; otherwise what is left of a broken line is skipped.
            let next = bytes[max(at, end)...].firstIndex(of: Byte.lineFeed)
            if next == nil { report(.missingFinalNewline) }
            at = next.map { $0 + 1 } ?? bytes.count
            line += bytes[start..<at].count { $0 == Byte.lineFeed }
        }
        line = 0
        if format == .openMetrics, !sawEOF { report(.missingEOF) }
        assembler.finish()
        return (assembler.exposition, assembler.faults.sorted { $0.line < $1.line })
    }

    private mutating func readLine() {
        do throws(Unreadable) {
            switch peek {
            case nil: report(.blankLine)
            case Byte.hash: try readComment()
            default: try readSample()
            }
        } catch {
            report(error.kind, error.detail)
        }
    }

    /// What ends the reading of a line.
    struct Unreadable: Error {
        let kind: ExpositionFault.Kind
        let detail: String

        init(_ kind: ExpositionFault.Kind, _ detail: String) {
            self.kind = kind
            self.detail = detail
        }
    }

    // MARK: Whole body

    private mutating func checkBytes() {
        if String(validating: bytes, as: UTF8.self) == nil {
            let lines = bytes.split(separator: Byte.lineFeed, omittingEmptySubsequences: false)
            line = 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
            report(.invalidUTF8)
        }
        if let nul = bytes.firstIndex(of: 0) {
            line = 1 + bytes[..<nul].count { $0 == Byte.lineFeed }
            report(.nulByte)
        }
        line = 1
    }

    // MARK: Comments and metadata

    private mutating func readComment() throws(Unreadable) {
        if rest == "# EOF", format == .openMetrics {
            sawEOF = true
            at = end
            return
        }
        let start = at
        at += 1
        blank()
        let keyword = word()
        guard let kind = ExpositionAssembler.Metadata(rawValue: keyword), kind != .unit || format == .openMetrics else {
            at = start
            return report(.comment, rest)
        }
        guard blank() else { throw Unreadable(.malformedLine, "\(keyword) without a name") }
        let name = try metricName()
        guard at < end else {
            guard kind == .help else { throw Unreadable(.malformedLine, "\(keyword) without a value") }
            assembler.note(.help, name, "", line: line)
            return
        }
        // The text of HELP begins after one space; any further space is part of it.
        if kind == .help {
            guard peek == Byte.space || peek == Byte.tab else { throw Unreadable(.malformedLine, rest) }
            if peek == Byte.tab { reportSpacing() }
            at += 1
            assembler.note(.help, name, helpText(), line: line)
        } else {
            guard peek == Byte.space || peek == Byte.tab else { throw Unreadable(.badMetricName, rest) }
            if peek == Byte.tab { reportSpacing() }
            at += 1
            let start = at
            skipBlanks()
            let value = word()
            if start + value.utf8.count != end { report(.misplacedBlank) }
            assembler.note(kind, name, value, line: line)
        }
    }

    private mutating func helpText() -> String {
        var text: [UInt8] = []
        while at < end {
            if bytes[at] == Byte.backslash, at + 1 < end {
                escape(into: &text, quoteAllowed: format == .openMetrics)
            } else {
                if bytes[at] == Byte.backslash { report(.badEscape, "at the end of HELP") }
                text.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Samples

    private mutating func readSample() throws(Unreadable) {
        if peek == Byte.space || peek == Byte.tab {
            report(.misplacedBlank)
            skipBlanks()
        }
        let name = try metricName()
        if blankBefore(Byte.openBrace) { reportSpacing() }
        var labels: [Exposition.Label] = []
        if peek == Byte.openBrace { labels = try labelSet() }
        if !blank() {
            guard bytes[at - 1] == Byte.closeBrace, at < end else {
                throw Unreadable(.malformedLine, "no value after \(name)")
            }
            reportSpacing()
        }
        let (value, text) = try number(.badNumber)
        var sample = Exposition.Sample(name: name, labels: labels, value: value, text: text, line: line)
        if at < end { blank() }
        if at < end, peek != Byte.hash {
            let timestamp = try number(.badTimestamp).text
            // Milliseconds in the text format, seconds with a fraction in OpenMetrics.
            let isWhole = timestamp.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            report(format == .text && !isWhole ? .badTimestamp : .timestamp, timestamp)
            sample.timestamp = timestamp
            if at < end { blank() }
        }
        if at < end {
            if format == .text, peek == Byte.hash {
                report(.exemplarNotAllowed, rest)
            } else {
                sample.exemplar = try exemplar()
            }
        } else if bytes[at - 1] == Byte.space || bytes[at - 1] == Byte.tab {
            reportSpacing()
        }
        assembler.add(sample)
    }

    private mutating func exemplar() throws(Unreadable) -> Exposition.Exemplar {
        guard peek == Byte.hash else { throw Unreadable(.malformedLine, rest) }
        at += 1
        guard blank(), peek == Byte.openBrace else { throw Unreadable(.badExemplar, "no label set") }
        let labels = try labelSet()
        guard blank() else { throw Unreadable(.badExemplar, "no value") }
        let value = try number(.badExemplar).value
        var timestamp: Double?
        if at < end {
            guard blank(), at < end else { throw Unreadable(.badExemplar, "ends with a space") }
            timestamp = try number(.badExemplar).value
        }
        guard at == end else { throw Unreadable(.badExemplar, rest) }
        return Exposition.Exemplar(labels: labels, value: value, timestamp: timestamp)
    }

    // MARK: Small pieces

    var peek: UInt8? { at < end ? bytes[at] : nil }

    var rest: String { String(decoding: bytes[min(at, end)..<end].prefix(80), as: UTF8.self) }

    mutating func report(_ kind: ExpositionFault.Kind, _ detail: String = "") {
        assembler.faults.append(ExpositionFault(kind: kind, line: line, detail: detail))
    }

    /// Reports odd spacing once a line.
    mutating func reportSpacing() {
        guard spacingReported != line else { return }
        spacingReported = line
        report(.spacing)
    }

    mutating func skipBlanks() {
        while peek == Byte.space || peek == Byte.tab { at += 1 }
    }

    /// Takes the blanks here, which should be one space; false when there are none.
    @discardableResult
    mutating func blank() -> Bool {
        let start = at
        skipBlanks()
        if at != start + 1 || bytes[start] != Byte.space { if at > start { reportSpacing() } }
        return at > start
    }

    /// Whether blanks stand here before `byte`; takes them if so.
    mutating func blankBefore(_ byte: UInt8) -> Bool {
        let start = at
        skipBlanks()
        if at > start, peek == byte { return true }
        at = start
        return false
    }

    mutating func word() -> String {
        let start = at
        while let byte = peek, byte != Byte.space, byte != Byte.tab { at += 1 }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }
}

/// The bytes that mean something in a scrape body.
enum Byte {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let hash = UInt8(ascii: "#")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let equals = UInt8(ascii: "=")
    static let backslash = UInt8(ascii: "\\")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let underscore = UInt8(ascii: "_")
}
