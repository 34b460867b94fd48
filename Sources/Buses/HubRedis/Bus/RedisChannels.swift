// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Names of the bus as Redis has them: the prefix and the name, any bytes, so that each name is one channel.
struct RedisChannels {
    private let prefix: [UInt8]

    init(_ settings: RedisSettings) { prefix = Array(settings.keyPrefix.utf8) }

    func channel(_ topic: BusTopic) -> [UInt8] { prefix + topic.name.utf8 }

    /// A channel that carries nothing, for trials.
    func channel(trial number: Int) -> [UInt8] { prefix + "shard/\(number)".utf8 }

    /// Writes a channel into memory that is used again.
    func write(_ topic: BusTopic, to channel: inout [UInt8]) {
        channel.removeAll(keepingCapacity: true)
        channel.append(contentsOf: prefix)
        channel.append(contentsOf: topic.name.utf8)
    }

    /// The pattern of all names that begin alike; characters that mean something in a pattern stand for themselves.
    func pattern(_ names: String) -> [UInt8] {
        var pattern: [UInt8] = []
        for byte in prefix + Array(names.utf8) {
            if "*?[]\\^".utf8.contains(byte) { pattern.append(UInt8(ascii: "\\")) }
            pattern.append(byte)
        }
        return pattern + [UInt8(ascii: "*")]
    }

    /// The name of a channel; nil for one that does not begin with the prefix.
    func name(_ channel: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard channel.count >= prefix.count, channel.prefix(prefix.count).elementsEqual(prefix) else { return nil }
        return UnsafeRawBufferPointer(rebasing: channel[prefix.count...])
    }
}
