// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubServer
import HubTesting
import Testing

@Suite("Bytes of sockets")
struct SocketBytesTests {
    @Test("are those of HTTP and of WebSockets together, to the byte")
    func both() async throws {
        try await withServer { server in
            let request = "GET /version HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n"
            let peer = try await server.connect(sending: request)
            let (answer, _) = try await peer.readToEnd()
            try await server.eventually("the answer's bytes") { $0.httpBytesWritten == UInt64(answer.count) }
            var page = try await server.scrape()
            #expect(page.value(of: "gohub_socket_read_bytes_total") == Double(request.utf8.count))
            #expect(page.value(of: "gohub_socket_written_bytes_total") == Double(answer.count))

            let client = try await server.client()
            let upgraded = await server.snapshot()
            #expect(upgraded.httpBytesWritten > UInt64(answer.count))
            #expect(upgraded.shard.bytesWritten > UInt64(client.welcome.description.utf8.count))
            page = try await server.scrape()
            #expect(
                page.value(of: "gohub_socket_written_bytes_total")
                    == Double(upgraded.httpBytesWritten + upgraded.shard.bytesWritten)
            )
        }
    }
}
