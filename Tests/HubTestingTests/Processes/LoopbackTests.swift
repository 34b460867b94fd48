// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@testable import HubTesting

@Suite("Fixtures on the loopback interface")
struct LoopbackTests {
    @Test("the server of scrape bodies gives each path its body and headers")
    func serves() async throws {
        let targets = try PrometheusTargets(["/a": { _ in .init(Array("one".utf8), contentType: "text/x") }])
        targets.serve("/b") { .init(Array(($0.headers["accept"] ?? "none").utf8), contentType: nil) }
        let first = try await LoopbackHTTP.get(port: targets.port, "/a?x=1")
        #expect(first.status == 200)
        #expect(first.text == "one")
        #expect(first.headers["content-type"] == "text/x")
        let second = try await LoopbackHTTP.get(port: targets.port, "/b", headers: [("Accept", "text/plain; q=0.5")])
        #expect(second.text == "text/plain; q=0.5")
        #expect(second.headers["content-type"] == nil)
        #expect(try await LoopbackHTTP.get(port: targets.port, "/c").status == 404)
        #expect(targets.count(of: "/a") == 1)
        #expect(await LoopbackHTTP.isOK(port: targets.port, "/a"))
    }

    @Test("the server's port is free again when nobody holds it")
    func closes() async throws {
        var targets: PrometheusTargets? = try PrometheusTargets()
        let port = try #require(targets?.port)
        #expect(try await LoopbackHTTP.get(port: port, "/").status == 404)
        targets = nil
        _ = try await eventually("the end of the server") {
            (try? await LoopbackHTTP.get(port: port, "/")) == nil ? true : nil
        }
    }

    @Test("large bodies arrive whole")
    func large() async throws {
        let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let targets = try PrometheusTargets(["/": { _ in .init(body, contentType: nil) }])
        #expect(try await LoopbackHTTP.get(port: targets.port, "/").body == body)
    }

    @Test("percent-encoding leaves nothing that a query could misread")
    func encodes() {
        #expect(LoopbackHTTP.encoded("a{b=\"é &+%\"}~") == "a%7Bb%3D%22%C3%A9%20%26%2B%25%22%7D~")
    }

    @Test("answers of Prometheus are read with every escape")
    func readsJSON() throws {
        let text = #"{"a":[1,-2.5e3,true,null,{}],"b":"\u00e9\ud83d\ude00\n\"\\\/\u0000","c":[]} "#
        let json = try JSONTree(parsing: Array(text.utf8))
        #expect(json["a"] == .array([.number(1), .number(-2500), .boolean(true), .null, .object([:])]))
        #expect(json["b"]?.string == "é😀\n\"\\/\0")
        #expect(json["c"]?.array == [])
    }

    @Test(
        "what is no JSON is refused",
        arguments: ["", "{", "[1,]", "\"a", "tru", "1 2", "{\"a\" 1}", "\"\\x\"", "\"\\u12\""]
    )
    func refusesJSON(text: String) {
        #expect(throws: ProcessFault.self) { try JSONTree(parsing: Array(text.utf8)) }
    }

    @Test("waiting gives the first answer there is, and says what did not come")
    func waits() async throws {
        var calls = 0
        let answer = try await eventually("the third call") { () -> Int? in
            calls += 1
            return calls == 3 ? calls : nil
        }
        #expect(answer == 3)
        let fault = await #expect(throws: ProcessFault.self) {
            try await eventually("the impossible", within: .milliseconds(5)) { () -> Int? in nil }
        }
        #expect(fault?.code == .timedOut)
        #expect(fault?.message.contains("the impossible") == true)
    }

    @Test("a temporary directory goes away with all that is in it")
    func cleansUp() throws {
        var directory: TemporaryDirectory? = try TemporaryDirectory()
        let file = try directory?.write([1, 2, 3], to: "file") ?? ""
        #expect(try TestFile.read(file) == [1, 2, 3])
        directory = nil
        #expect(throws: FileFault.self) { try TestFile.read(file) }
    }
}
