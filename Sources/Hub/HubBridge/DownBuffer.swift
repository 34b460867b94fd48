// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore

/// Publications that wait until the bus is back: bounded in bytes and age, and sent in their order.
struct DownBuffer {
    private var entries = FIFO<(publication: Publication, expires: UInt64)>()
    private let limit: Int
    private let age: UInt64
    private(set) var byteCount = 0

    init(limit: Int, age: UInt64) {
        self.limit = limit
        self.age = age
    }

    var count: Int { entries.count }

    /// Keeps a publication; false when there is no room for it.
    mutating func append(_ publication: Publication, _ now: UInt64) -> Bool {
        let size = Self.size(publication)
        guard byteCount + size <= limit else { return false }
        entries.append((publication, now &+ age))
        byteCount += size
        return true
    }

    /// When the oldest has waited too long.
    var nextDeadline: UInt64 { entries.first?.expires ?? .max }

    /// Takes the oldest if it has waited too long by then.
    mutating func popExpired(_ now: UInt64) -> Publication? { taken(entries.popFirst { $0.expires <= now }) }

    /// Takes the oldest.
    mutating func popFirst() -> Publication? { taken(entries.popFirst()) }

    private mutating func taken(_ entry: (publication: Publication, expires: UInt64)?) -> Publication? {
        guard let entry else { return nil }
        byteCount -= Self.size(entry.publication)
        return entry.publication
    }

    private static func size(_ publication: Publication) -> Int { publication.payload.count + 256 }
}
