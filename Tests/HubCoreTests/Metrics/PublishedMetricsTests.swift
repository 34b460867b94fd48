// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubMetrics
import HubTesting
import HubWire
import Testing

/// What the hub's books say on the page that Prometheus reads.
@Suite("Published metrics")
struct PublishedMetricsTests {
    /// A hub that has seen every scope, a full queue, a refused push and an error.
    private func eventful() throws -> HubHarness {
        let hub = HubHarness(shards: 2, settings: settings(messages: 4, policy: .dropNewest))
        let clients = (0..<4).map { hub.connect(to: $0 % 2) }
        for client in clients {
            client.send(#"{"message_id":1,"message_type":"subscribe","data":{"topic":"news"}}"#)
        }
        hub.tick()
        clients[3].block(after: 10)
        for _ in 0..<3 {
            clients[0].send(#"{"message_type":"publish","data":{"topic":"news","payload":1}}"#)
            clients[0].send(#"{"message_type":"broadcast","data":{"payload":1}}"#)
            hub.tick()
        }
        clients[0].send(#"{"message_type":"unicast","data":{"client_id":"\#(clients[1].id)","payload":1}}"#)
        clients[0].send(#"{"message_type":"unicast","data":{"client_id":"\#(clients[3].id)","payload":1}}"#)
        clients[1].send("{")
        clients[2].send(#"{"message_id":1,"message_type":"unsubscribe","data":{"topic":"news"}}"#)
        hub.tick()
        return hub
    }

    private func page(_ hub: HubHarness, _ format: ExpositionFormat) throws -> Exposition {
        let registry = Registry()
        let (deliveries, messages) = (DeliveryMetrics(registry), MessageMetrics(registry))
        deliveries.publish(hub.snapshot())
        messages.publish(hub.snapshot(), hub: hub.hub)
        var buffer = ExpositionBuffer(capacity: 64)
        registry.render(format, into: &buffer)
        return try Exposition(parsing: buffer.text, as: format == .text004 ? .text : .openMetrics)
    }

    @Test("every number on the page is that of the books", arguments: [ExpositionFormat.text004, .openMetrics])
    func numbers(format: ExpositionFormat) throws {
        let hub = try eventful()
        let page = try page(hub, format)
        let snapshot = hub.snapshot()
        for scope in DeliveryScope.allCases {
            let label = ["scope": scope.labelValue]
            #expect(page.value(of: "gohub_deliveries_total", label) == Double(snapshot.ledger.enqueued(scope)))
            #expect(page.value(of: "gohub_deliveries_written_total", label) == Double(snapshot.ledger.written(scope)))
            for reason in DropReason.allCases {
                let labels = ["scope": scope.labelValue, "reason": reason.labelValue]
                let dropped = Double(snapshot.ledger.dropped(scope, reason))
                #expect(page.value(of: "gohub_deliveries_dropped_total", labels) == dropped)
            }
        }
        for kind in CommandKind.allCases {
            let received = Double(snapshot.commands.received(kind))
            #expect(page.value(of: "gohub_messages_received_total", ["command": kind.labelValue]) ?? 0 == received)
        }
        for scope in DeliveryScope.allCases {
            let index = Int(scope.rawValue)
            #expect(
                page.value(of: "gohub_deliveries_written_bytes_total", ["scope": scope.labelValue])
                    == Double(snapshot.bytesWrittenByScope[index])
            )
            #expect(
                page.value(of: "gohub_delivery_latency_seconds_count", ["stage": "total", "scope": scope.labelValue])
                    == Double(snapshot.ledger.written(scope))
            )
        }
        #expect(
            page.value(of: "gohub_message_size_bytes_count", ["direction": "out"])
                == page.sum(of: "gohub_deliveries_total")
        )
        #expect(page.value(of: "gohub_socket_writes_total") == Double(snapshot.writes))
        #expect(page.value(of: "gohub_socket_writes_blocked_total") == Double(snapshot.blockedWrites))
    }

    @Test("the conservation law holds on the page")
    func conservation() throws {
        let page = try page(try eventful(), .text004)
        let enqueued = page.sum(of: "gohub_deliveries_total")
        let written = page.sum(of: "gohub_deliveries_written_total")
        let dropped = page.sum(of: "gohub_deliveries_dropped_total")
        let queued = try #require(page.value(of: "gohub_outbound_queue_messages"))
        #expect(enqueued == written + dropped + queued)
        #expect(dropped > 0)
        #expect(queued == 4)
        #expect(page.value(of: "gohub_deliveries_residual") == 0)
        #expect(page.value(of: "gohub_slow_clients") == 1)
        #expect(page.value(of: "gohub_slow_client_actions_total", ["action": "drop"]) == dropped)
        #expect(page.value(of: "gohub_slow_client_actions_total", ["action": "disconnect"]) == 0)
    }

    @Test("what clients did is on the page")
    func messages() throws {
        let page = try page(try eventful(), .text004)
        let expected: [(String, [String: String], Double)] = [
            ("gohub_messages_received_total", ["command": "subscribe"], 4),
            ("gohub_messages_received_total", ["command": "publish"], 3),
            ("gohub_messages_received_total", ["command": "broadcast"], 3),
            ("gohub_messages_received_total", ["command": "unicast"], 2),
            ("gohub_messages_received_total", ["command": "invalid"], 1),
            ("gohub_messages_received_total", ["command": "binary"], 0),
            ("gohub_topic_operations_total", ["op": "subscribe"], 4),
            ("gohub_topic_operations_total", ["op": "unsubscribe"], 1),
            ("gohub_publishes_total", ["scope": "topic"], 3),
            ("gohub_publishes_total", ["scope": "broadcast"], 3),
            ("gohub_publishes_total", ["scope": "client"], 2),
            ("gohub_unicasts_refused_total", ["reason": "send_buffer_full"], 1),
            ("gohub_unicasts_refused_total", ["reason": "client_not_found"], 0),
            ("gohub_command_errors_total", ["command": "unicast", "code": "send_buffer_full"], 1),
            ("gohub_command_errors_total", ["command": "invalid", "code": "bad_message"], 1),
            ("gohub_subscriptions", [:], 3),
            ("gohub_topics", [:], 2),
            ("gohub_topic_subscribers_max", [:], 2),
        ]
        for (name, labels, value) in expected { #expect(page.value(of: name, labels) == value, "\(name) \(labels)") }
    }

    @Test("labels are a closed set of snake_case words, each once")
    func labels() {
        check(DeliveryScope.self, ["broadcast", "topic", "client", "reply"])
        check(DropReason.self, ["queue_messages", "queue_bytes", "closed", "write_error"])
        check(
            CommandKind.self,
            ["ping", "subscribe", "unsubscribe", "publish", "broadcast", "unicast", "binary", "other", "invalid"]
        )
        check(ErrorCode.self, ErrorCode.allCases.map(\.rawValue))
        check(CloseReason.self, CloseReason.allCases.map(\.labelValue))
    }

    private func check<Label: MetricLabel>(_ type: Label.Type, _ values: [String]) {
        let found = type.allCases.map(\.labelValue)
        #expect(found == values)
        #expect(Set(found).count == found.count)
        for value in found { #expect(value.allSatisfy { $0 == "_" || $0.isLowercase && $0.isASCII }, "\(value)") }
    }

    @Test("a close frame has a code that a server may send, a short text, and a side that began")
    func closeReasons() {
        for reason in CloseReason.allCases {
            if let code = reason.closeCode {
                #expect(WebSocketCloseCode.isSendable(code), "\(reason)")
                #expect(reason.initiator == .server, "\(reason)")
            } else {
                #expect(reason.initiator != .server || reason == .writeTimeout, "\(reason)")
            }
            #expect(reason.text.utf8.count <= 123, "\(reason)")
        }
        #expect(CloseReason.slow.closeCode == 1013)
        #expect(CloseReason.drain.closeCode == 1001)
        #expect(CloseReason.tooLarge.closeCode == 1009)
        #expect(CloseReason.invalidPayload.closeCode == 1007)
        #expect(CloseReason.protocolError.closeCode == 1002)
        #expect(CloseReason.kicked.closeCode == 1008)
    }

    @Test("the system's clocks go on, the wall clock in this century")
    func clocks() {
        let environment = HubEnvironment.system
        let (first, second) = (environment.monotonicNanoseconds(), environment.monotonicNanoseconds())
        #expect(first <= second)
        #expect(first > 0)
        #expect((1_700_000_000_000...4_100_000_000_000).contains(environment.unixMilliseconds()))
    }
}
