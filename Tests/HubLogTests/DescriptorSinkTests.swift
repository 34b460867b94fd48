// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Lines to a descriptor")
struct DescriptorSinkTests {
    /// A pipe whose ends close with it.
    final class Pipe {
        private(set) var reader: Int32
        let writer: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
        }

        deinit {
            closeReader()
            close(writer)
        }

        func closeReader() {
            if reader >= 0 { close(reader) }
            reader = -1
        }

        func makeWriterNonBlocking() { _ = fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) | O_NONBLOCK) }

        func read(_ limit: Int = 1 << 20) -> String {
            var bytes = [UInt8](repeating: 0, count: limit)
            #if canImport(Glibc)
                let count = Glibc.read(reader, &bytes, limit)
            #else
                let count = Darwin.read(reader, &bytes, limit)
            #endif
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }

        /// Writes until the pipe takes no more.
        func fill() {
            let block = [UInt8](repeating: UInt8(ascii: "."), count: 4096)
            while write(writer, block, block.count) > 0 {}
            while write(writer, block, 1) > 0 {}
        }
    }

    @Test("a line arrives whole with its newline")
    func writes() throws {
        let pipe = try Pipe()
        let logger = Logger(format: .text, sink: DescriptorSink(descriptor: pipe.writer)) { LogTime(nanoseconds: 0) }
        logger.info("ready", [.init("port", 8080)])
        #expect(pipe.read() == "1970-01-01T00:00:00.000Z INFO  ready port=8080\n")
    }

    @Test("a reader that has gone costs lines, which are counted, and nothing else")
    func brokenPipe() throws {
        let pipe = try Pipe()
        let sink = DescriptorSink(descriptor: pipe.writer)
        let logger = Logger(sink: sink)
        pipe.closeReader()
        for _ in 0..<3 { logger.error("nobody reads this") }
        #expect(sink.lostLines == 3)
        #expect(logger.eventCount(.error) == 3)
    }

    @Test("a full descriptor costs lines, and the next that fits is whole")
    func full() throws {
        let pipe = try Pipe()
        pipe.makeWriterNonBlocking()
        pipe.fill()
        let sink = DescriptorSink(descriptor: pipe.writer)
        let logger = Logger(format: .json, sink: sink)
        logger.info("lost")
        #expect(sink.lostLines == 1)
        _ = pipe.read()
        logger.info("kept")
        let text = pipe.read()
        #expect(text.hasPrefix("{") && text.hasSuffix("\"message\":\"kept\"}\n"))
        #expect(sink.lostLines == 1)
    }

    @Test("after a line that was cut the next one starts on its own line")
    func torn() throws {
        let pipe = try Pipe()
        pipe.makeWriterNonBlocking()
        pipe.fill()
        // Room for one page: a line of several pages gets out in part.
        _ = pipe.read(4096)
        let sink = DescriptorSink(descriptor: pipe.writer)
        let logger = Logger(format: .json, sink: sink)
        let long = LogField("k", String(repeating: "x", count: 2000))
        logger.info("cut", [long, LogField("l", long.value), LogField("m", long.value)])
        #expect(sink.lostLines == 1)
        let before = pipe.read()
        #expect(!before.hasSuffix("\n"))
        logger.info("whole")
        let after = pipe.read()
        #expect(after.hasPrefix("\n{") && after.hasSuffix("}\n"))
    }

    @Test("lines of many threads do not mix")
    func threads() async throws {
        let pipe = try Pipe()
        let sink = DescriptorSink(descriptor: pipe.writer)
        let logger = Logger(format: .json, sink: sink)
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    for _ in 0..<25 { logger.info("m", [.init("index", index)]) }
                }
            }
        }
        let lines = pipe.read().split(separator: "\n")
        #expect(lines.count == 200)
        #expect(lines.allSatisfy { $0.hasPrefix("{\"time\":") && $0.hasSuffix("}") })
        #expect(sink.lostLines == 0)
    }

    @Test("a descriptor that is closed costs the line")
    func closed() {
        let sink = DescriptorSink(descriptor: -1)
        Logger(sink: sink).error("m")
        #expect(sink.lostLines == 1)
    }

    @Test("a pipe is not a terminal, so it gets JSON")
    func format() throws {
        let pipe = try Pipe()
        #expect(LogFormat.suiting(descriptor: pipe.writer) == .json)
    }
}
