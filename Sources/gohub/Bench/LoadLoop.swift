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
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)

    init(loop: EventLoop, url: HubURL, address: SocketAddress, subprotocols: [String]) {
        self.loop = loop
        self.url = url
        self.address = address
        self.subprotocols = subprotocols
    }

    deinit { buffer.deallocate() }

    /// The time now, monotonic nanoseconds; not the tick's.
    var time: UInt64 { loop.clock.now().nanoseconds }
}
