// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An HTTP server for scrape bodies, on a thread and a port of its own, until nobody holds it.
///
/// It answers one request a connection, one after the other, which is plenty for a Prometheus on the same machine.
package final class PrometheusTargets: Sendable {
    package struct Request: Sendable {
        package let path: String
        /// Names in lower case.
        package let headers: [String: String]
    }

    package struct Response: Sendable {
        package var status = 200
        package var headers: [(name: String, value: String)] = []
        package var body: [UInt8]

        /// - Parameter contentType: Nil for an answer without the header.
        package init(_ body: [UInt8], contentType: String?, isCompressed: Bool = false) {
            self.body = body
            if let contentType { headers.append(("Content-Type", contentType)) }
            if isCompressed { headers.append(("Content-Encoding", "gzip")) }
        }

        fileprivate static let notFound: Response = {
            var response = Response([], contentType: nil)
            response.status = 404
            return response
        }()
    }

    package typealias Handler = @Sendable (Request) -> Response

    package let port: Int
    private let handlers: Mutex<[String: Handler]>
    private let counts = Mutex<[String: Int]>([:])
    /// Closed to end the thread.
    private let stop: Int32

    package init(_ handlers: [String: Handler] = [:]) throws {
        self.handlers = Mutex(handlers)
        let (socket, port) = try LoopbackSocket.listen()
        self.port = port
        let pipe = try ProcessLauncher.Pipe()
        stop = pipe.writing
        let reading = pipe.reading
        Blocking.detach { [weak self] in
            while let connection = socket.accept(unless: reading) {
                guard let self else { break }
                self.serve(connection)
            }
            close(reading)
        }
    }

    deinit {
        close(stop)
    }

    /// Serves what `handler` makes for each request of the path from now on.
    package func serve(_ path: String, _ handler: @escaping Handler) {
        handlers.withLock { $0[path] = handler }
    }

    /// How often the path was asked for.
    package func count(of path: String) -> Int {
        counts.withLock { $0[path, default: 0] }
    }

    private func serve(_ connection: LoopbackSocket) {
        let deadline = ContinuousClock.now + .seconds(5)
        guard let head = try? connection.read(until: deadline, { LoopbackHTTP.headCount(of: $0) != nil }) else {
            return
        }
        let (first, headers) = LoopbackHTTP.fields(of: head)
        let words = first.split(separator: " ")
        guard words.count == 3, words[0] == "GET" else { return }
        let path = String(words[1].prefix { $0 != "?" })
        let handler = handlers.withLock { $0[path] }
        let response = handler?(Request(path: path, headers: headers)) ?? .notFound
        let fields = [("Content-Length", "\(response.body.count)"), ("Connection", "close")] + response.headers
        let lines = fields.map { "\($0): \($1)\r\n" }.joined()
        let bytes = Array("HTTP/1.1 \(response.status) -\r\n\(lines)\r\n".utf8) + response.body
        try? connection.write(bytes, until: deadline)
        counts.withLock { $0[path, default: 0] += 1 }
    }
}
