// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// What all connections of a load generator share: one loop, one server, one buffer.
final class LoadLoop {
    let loop: EventLoop
    let url: HubURL
    /// The server's address as a number.
    let address: SocketAddress
    let subprotocols: [String]
    /// Whether the server speaks client protocol v1.
    var isHub: Bool { !subprotocols.isEmpty }
    /// Whether each line of a data frame is a message, and not the frame.
    let countsLines: Bool
    /// What a connection, by its number, sends as soon as it is open: whole masked frames, or nothing.
    var greeting: (Int) -> [UInt8] = { _ in [] }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)

    init(loop: EventLoop, url: HubURL, address: SocketAddress, subprotocols: [String], countsLines: Bool) {
        self.loop = loop
        self.url = url
        self.address = address
        self.subprotocols = subprotocols
        self.countsLines = countsLines
    }

    /// How many connections come from one address: fewer than a hub takes by default, so that it can be measured as it is.
    static let connectionsPerSource = 100

    /// Where a connection comes from; nil lets the system choose.
    ///
    /// On Linux all of 127.0.0.0/8 is this machine, so towards a hub there each hundred connections have an address of their
    /// own: 127.0.0.1, 127.0.0.2 …
    func source(of number: Int) -> SocketAddress? { Self.source(of: number, to: address) }

    static func source(of number: Int, to address: SocketAddress) -> SocketAddress? {
        #if os(Linux)
            let block = number / Self.connectionsPerSource
            guard block > 0, block < 1 << 24 - 2, address.host.hasPrefix("127.") else { return nil }
            let host = block + 1
            return SocketAddress(host: "127.\(host >> 16).\(host >> 8 & 0xFF).\(host & 0xFF)", port: 0)
        #else
            return nil
        #endif
    }

    deinit { buffer.deallocate() }

    /// The time now, monotonic nanoseconds; not the tick's.
    var time: UInt64 { loop.clock.now().nanoseconds }
}
