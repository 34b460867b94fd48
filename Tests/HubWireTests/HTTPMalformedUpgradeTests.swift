// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire
import Testing

@Suite("Requests that must not open a WebSocket")
struct HTTPMalformedUpgradeTests {
    @Test("the file has them all")
    func count() {
        #expect(MalformedUpgrade.all.count >= 90)
        #expect(Set(MalformedUpgrade.all.map(\.error)).isSuperset(of: HandshakeError.Code.ofRequests.map(\.rawValue)))
        #expect(Set(MalformedUpgrade.all.map(\.error)).isSuperset(of: HTTPError.Code.ofRequests.map(\.rawValue)))
    }

    @Test("is refused with its status, however it is cut", arguments: MalformedUpgrade.all)
    func refused(upgrade: MalformedUpgrade) {
        let count = upgrade.bytes.count
        var plans = [[count], Array(repeating: 1, count: count)]
        if count < 1000 { plans += (1..<count).map { [$0, count - $0] } }
        for sizes in plans {
            let answer = answer(to: upgrade.bytes, sizes: sizes)
            #expect(answer.status == upgrade.status, "cut \(sizes.prefix(2))")
            #expect(answer.error == upgrade.error, "cut \(sizes.prefix(2))")
        }
    }

    @Test("the request without a fault would be accepted")
    func accepted() throws {
        let good = "GET /ws HTTP/1.1\r\nHost: hub.example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        let keys = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        let bytes = Array((good + keys).utf8)
        #expect(answer(to: bytes, sizes: [bytes.count]).status == 101)
    }

    /// What a hub answers: the head is read, then the handshake, then the origin.
    private func answer(to bytes: [UInt8], sizes: [Int]) -> (status: Int, error: String) {
        let outcomes = bytes.withUnsafeBytes { HeadFuzzer.read($0, sizes: sizes, maxHeadBytes: 16_384) }
        switch outcomes.first {
        case .refused(let error)?:
            return (error.status, error.code.rawValue)
        case .head(let head, _)?:
            do throws(HandshakeError) {
                let handshake = try WebSocketHandshake.parse(head)
                let isAllowed = OriginPolicy().allows(origin: handshake.origin, host: head.headers["host"])
                return isAllowed ? (101, "") : (403, "origin")
            } catch {
                return (error.status, error.code.rawValue)
            }
        case nil:
            return (0, "unfinished")
        }
    }
}

extension HTTPError.Code {
    static let ofRequests = allCases.filter { $0 != .badStatusLine }
}

extension HandshakeError.Code {
    static let ofRequests = allCases.filter { ![.refused, .badAccept, .notAsked].contains($0) }
}
