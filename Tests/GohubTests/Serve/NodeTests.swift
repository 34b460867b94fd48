// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import HubLog
import HubMetrics
import HubTesting
import Testing

@testable import gohub

@Suite("A node")
struct NodeTests {
    /// Runs a node while `body` looks at it; its bus, if it has one, cannot be reached.
    private func withNode(
        bus: BusType = .noop,
        _ body: (Registry, MemorySink) async throws -> Void
    ) async throws {
        var configuration = Configuration()
        configuration.bus.type = bus
        configuration.bus.redis.addrs = ["127.0.0.1:1"]
        configuration.bus.nats.urls = ["127.0.0.1:1"]
        configuration.server.addr = "127.0.0.1:0"
        configuration.server.loops = 2
        let registry = Registry()
        let sink = MemorySink()
        let node = try Node(configuration, registry: registry, log: Logger(level: .info, format: .text, sink: sink))
        try await Blocking.run { try node.start() }
        do {
            try await body(registry, sink)
        } catch {
            try await Blocking.run { node.stop() }
            throw error
        }
        try await Blocking.run { node.stop() }
    }

    @Test(
        "exposes the families of the catalogue, no more and no fewer but those of another bus, with their types and words",
        arguments: [BusType.redis, .nats]
    )
    func catalogue(bus: BusType) async throws {
        let catalogue = NodeMetricsCatalogue.make()
        #expect(Set(catalogue.map(\.name)).count == catalogue.count)
        try await withNode(bus: bus) { registry, _ in
            let page = try await Blocking.run { try Exposition(scraping: registry, as: .text) }
            let names = Set(page.families.map(\.name))
            #expect(names.isSubset(of: catalogue.map(\.name)))
            let missing = Set(catalogue.map(\.name)).subtracting(names)
            #expect(missing.allSatisfy { bus != .nats && $0.hasPrefix("gohub_bus_nats_") }, "\(missing)")
            for family in catalogue {
                guard let shown = page[family: family.name] else { continue }
                #expect(shown.help == family.help, "\(family.name)")
                // The text format has neither infos nor state sets.
                let type = family.type == .info || family.type == .stateSet ? "gauge" : family.type.rawValue
                #expect(shown.type?.rawValue == type, "\(family.name)")
            }
        }
    }

    @Test("without a bus has of its families only those whose names are known, at 0, and what says that there is none")
    func noBus() async throws {
        let catalogue = Set(NodeMetricsCatalogue.make().map(\.name))
        try await withNode { registry, _ in
            let page = try await Blocking.run { try Exposition(scraping: registry, as: .text) }
            let missing = catalogue.subtracting(page.families.map(\.name))
            #expect(missing.allSatisfy { $0 == "gohub_nodes" || $0.hasPrefix("gohub_bus_") })
            let ofBuses = page.families.map(\.name).filter { $0.hasPrefix("gohub_bus_") }
            #expect(ofBuses.allSatisfy { $0 == "gohub_bus_info" || $0.contains("_redis_") || $0.contains("_nats_") })
            #expect(ofBuses.count == 12)
        }
    }

    @Test("says where it listens")
    func listening() async throws {
        try await withNode { _, sink in
            let records = sink.records.filter { $0.message == "listening" }
            #expect(records.count == 1)
            guard case .string(let address) = records.first?["addr"] else {
                Issue.record("no address in \(records)")
                return
            }
            #expect(address.hasPrefix("127.0.0.1:") && !address.hasSuffix(":0"))
            #expect(records.first?["clients"] == .string("ws://\(address)/ws"))
            #expect(records.first?["metrics"] == .string("http://\(address)/metrics"))
        }
    }

    @Test("counts what it logs")
    func logs() async throws {
        try await withNode { registry, sink in
            let page = try await Blocking.run { try Exposition(scraping: registry) }
            let logged = sink.records.count { $0.level == .info }
            #expect(page.value(of: "gohub_log_events_total", ["level": "info"]) == Double(logged))
        }
    }
}
