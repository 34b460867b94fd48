// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import HubWire
import Synchronization
import Testing

@Suite("Health")
struct HealthTests {
    @Test("the body names each check and how it went")
    func names() async throws {
        try await withServer {
            $0.checks = [.bus: { true }]
        } _: { server in
            let live = try JSONTree(parsing: try await server.get("/livez").body)
            #expect(live == .object(["status": .string("ok"), "checks": .object(["loops": .string("ok")])]))
            for path in ["/readyz", "/healthz"] {
                let ready = try JSONTree(parsing: try await server.get(path).body)
                #expect(ready["status"] == .string("ok"))
                #expect(
                    ready["checks"]?.object == ["state": .string("ok"), "loops": .string("ok"), "bus": .string("ok")]
                )
            }
        }
    }

    @Test("a check that fails makes the node unready at once, and alive all the same")
    func failingCheck() async throws {
        let isUp = SharedFlag(true)
        try await withServer {
            $0.checks = [.bus: { isUp.value }]
        } _: { server in
            #expect(try await server.get("/readyz").status == 200)
            isUp.value = false
            for path in ["/readyz", "/healthz"] {
                let reply = try await server.get(path)
                #expect(reply.status == 503)
                let body = try JSONTree(parsing: reply.body)
                #expect(body["status"] == .string("failing"))
                #expect(
                    body["checks"]?.object == [
                        "state": .string("ok"), "loops": .string("ok"), "bus": .string("failing"),
                    ]
                )
            }
            #expect(try await server.get("/livez").status == 200)
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_health_check", ["check": "bus"]) == 0)
            #expect(page.value(of: "gohub_health_check", ["check": "ready"]) == 0)
            #expect(page.value(of: "gohub_health_check", ["check": "live"]) == 1)
            isUp.value = true
            #expect(try await server.get("/readyz").status == 200)
        }
    }

    @Test("the state is ready once it serves")
    func state() async throws {
        try await withServer { server in
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_state", ["state": "ready"]) == 1)
            #expect(page.value(of: "gohub_state", ["state": "starting"]) == nil)
            #expect(page.value(of: "gohub_state", ["state": "draining"]) == 0)
        }
    }
}

/// A truth that several threads see.
final class SharedFlag: Sendable {
    private let flag: Atomic<Bool>

    init(_ value: Bool) { flag = Atomic(value) }

    var value: Bool {
        get { flag.load(ordering: .acquiring) }
        set { flag.store(newValue, ordering: .releasing) }
    }
}
