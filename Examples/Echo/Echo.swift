// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch
import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubServer

/// Sends every message back to its sender.
struct EchoReceiver: MessageReceiver {
    func received(_ bytes: UnsafeRawBufferPointer, isText: Bool, from client: Client, on shard: Shard, ingress: UInt64)
    {
        shard.reply(bytes, opcode: isText ? 1 : 2, to: client, ingress: ingress)
    }
    func opened(_ client: Client, on shard: Shard) {}
    func draining(_ client: Client, on shard: Shard, retryAfterMilliseconds: Int64) {}
}

@main
struct Echo {
    static func main() throws {
        var settings = ServerSettings()
        settings.address = try SocketAddress.parse(CommandLine.arguments.dropFirst().first ?? "127.0.0.1:9001")
        settings.path = "/"
        settings.maxMessageBytes = 64 << 20
        var hub = HubSettings()
        hub.queue = QueueLimits(messages: 65_536, bytes: 128 << 20)
        let log = Logger()
        let server = try Server(
            settings: settings,
            hub: Hub(settings: hub),
            receiver: EchoReceiver(),
            registry: Registry(),
            log: log
        )
        let address = try server.start().address.description
        log.info("echoing", [LogField("addr", address)])
        DispatchSemaphore(value: 0).wait()
    }
}
