// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubLog

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

        /// Whether the pipe takes nothing more.
        var isFull: Bool {
            var state = pollfd(fd: writer, events: Int16(POLLOUT), revents: 0)
            return poll(&state, 1, 0) == 0
        }

        func makeWriterNonBlocking() { _ = fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) | O_NONBLOCK) }

        func makeWriterBlocking() { _ = fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) & ~O_NONBLOCK) }

        func makeReaderNonBlocking() { _ = fcntl(reader, F_SETFL, fcntl(reader, F_GETFL) | O_NONBLOCK) }

        func read(_ limit: Int = 1 << 20) -> String {
            var bytes = [UInt8](repeating: 0, count: limit)
            #if canImport(Glibc)
                let count = Glibc.read(reader, &bytes, limit)
            #else
                let count = Darwin.read(reader, &bytes, limit)
            #endif
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }

        /// Reads until the sink has nothing left to write.
        func readAll(of sink: DescriptorSink) -> String {
            makeReaderNonBlocking()
            var text = ""
            var isFlushed = false
            while !isFlushed {
                isFlushed = sink.flush(within: .milliseconds(5))
                text += read()
            }
            return text
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
        #expect(logger.flush(within: .seconds(30)))
        #expect(logger.droppedLines == 3)
        #expect(logger.eventCount(.error) == 3)
    }

    @Test("a full descriptor is waited for, whether it blocks or not", arguments: [true, false])
    func full(blocks: Bool) throws {
        let pipe = try Pipe()
        pipe.makeWriterNonBlocking()
        pipe.fill()
        if blocks { pipe.makeWriterBlocking() }
        let sink = DescriptorSink(descriptor: pipe.writer)
        let logger = Logger(format: .json, sink: sink)
        logger.info("kept")
        #expect(!logger.flush(within: .milliseconds(20)))
        let text = pipe.readAll(of: sink).drop { $0 == "." }
        #expect(text.hasPrefix("{") && text.hasSuffix("\"message\":\"kept\"}\n"))
        #expect(logger.droppedLines == 0)
    }

    @Test("a log that nobody reads costs lines, not time, and says how many once it is read again")
    func unread() throws {
        let pipe = try Pipe()
        pipe.makeWriterNonBlocking()
        pipe.fill()
        pipe.makeWriterBlocking()
        let sink = DescriptorSink(descriptor: pipe.writer, capacity: 4096)
        let logger = Logger(format: .text, node: "n1", sink: sink) { LogTime(nanoseconds: 0) }
        // With a sink that waits this would never end.
        for index in 0..<500 { logger.info("message", [.init("index", index)]) }
        let dropped = logger.droppedLines
        #expect((1..<500).contains(dropped))
        let lines = pipe.readAll(of: sink).drop { $0 == "." }.split(separator: "\n")
        let told = "1970-01-01T00:00:00.000Z WARN  log lines were dropped: nobody read them in time node=n1 dropped="
        // Twice when some were dropped while the first lines waited, and others while they were being written.
        let counts = lines.filter { $0.hasPrefix(told) }.map { UInt64($0.dropFirst(told.count)) ?? 0 }
        #expect(counts.reduce(0, +) == dropped)
        #expect(lines.count == 500 - Int(dropped) + counts.count)
        #expect(lines.first == "1970-01-01T00:00:00.000Z INFO  message node=n1 index=0")
        #expect(logger.droppedLines == dropped)
        #expect(logger.eventCount(.warning) == UInt64(counts.count))

        logger.info("after")
        #expect(pipe.readAll(of: sink) == "1970-01-01T00:00:00.000Z INFO  after node=n1\n")
    }

    @Test("a line that is larger than the queue is dropped, and told of with the next")
    func large() throws {
        let pipe = try Pipe()
        let sink = DescriptorSink(descriptor: pipe.writer, capacity: 100)
        let logger = Logger(format: .text, sink: sink) { LogTime(nanoseconds: 0) }
        logger.info("large", [.init("k", String(repeating: "x", count: 100))])
        #expect(logger.flush(within: .zero))
        logger.info("small")
        #expect(
            pipe.readAll(of: sink).split(separator: "\n").map { $0.suffix(9) }
                == ["NFO  small", "dropped=1"].map { $0.suffix(9) }
        )
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
        let lines = pipe.readAll(of: sink).split(separator: "\n")
        #expect(lines.count == 200)
        #expect(lines.allSatisfy { $0.hasPrefix("{\"time\":") && $0.hasSuffix("}") })
        #expect(logger.droppedLines == 0)
    }

    @Test("a descriptor that is closed costs the line")
    func closed() {
        let logger = Logger(sink: DescriptorSink(descriptor: -1))
        logger.error("m")
        #expect(logger.flush(within: .seconds(30)))
        #expect(logger.droppedLines == 1)
    }

    @Test("the thread ends with its sink, and only the line that it is writing then still gets out")
    func ends() async throws {
        let pipe = try Pipe()
        weak var queue: LogQueue?
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 4095) + [UInt8(ascii: "\n")]
        do {
            let kept = LogQueue(capacity: 1 << 20, writer: LineWriter(descriptor: pipe.writer))
            queue = kept
            for _ in 0..<100 { line.withUnsafeBytes { kept.append($0) } }
            while !pipe.isFull { #expect(!kept.flush(within: .milliseconds(1))) }
            kept.end()
            line.withUnsafeBytes { kept.append($0) }
            #expect(kept.droppedLines == 1)
        }
        #expect(queue != nil)
        let held = pipe.read()
        #expect(held.utf8.count >= line.count)
        #expect(held.utf8.count < 100 * line.count)
        let isGone = try await eventually("the end of the log's thread") { queue == nil ? true : nil }
        #expect(isGone)
    }

    @Test("a pipe is not a terminal, so it gets JSON")
    func format() throws {
        let pipe = try Pipe()
        #expect(LogFormat.suiting(descriptor: pipe.writer) == .json)
    }
}
