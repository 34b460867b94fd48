// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The turn of one process to look whether a port is free and to listen on it, so that two cannot both find it free.
///
/// A name that the kernel gives to one process at a time and takes back when that ends, however it ends. It is held for
/// the start only: from then on the listening sockets themselves show that the port is taken.
struct StartingTurn {
    private static let patience: Duration = .seconds(2)

    private let descriptor: Int32?

    /// Waits for the turn, at most two seconds; not to be called on a loop.
    ///
    /// Any process may take such a name, so one that keeps it longer is not waited for: the look at the port has to do then.
    ///
    /// - Throws: ``LoopError`` `.outOfDescriptors`, `.outOfMemory`.
    init(port: Int) throws(LoopError) {
        let clock = SystemClock()
        let deadline = clock.now() + Self.patience
        while true {
            let descriptor = gohub_take_name("gohub/listen/\(port)")
            if descriptor >= 0 {
                self.descriptor = descriptor
                return
            }
            switch -descriptor {
            case EMFILE, ENFILE, ENOMEM:
                let doing = "wait for another server that begins to listen on port \(port)"
                throw LoopError(errno: descriptor, doing: doing)
            case EADDRINUSE where clock.now() < deadline:
                usleep(2_000)
            default:
                // Without such names, or the right to them, the look at the port has to do.
                self.descriptor = nil
                return
            }
        }
    }

    func end() {
        if let descriptor { gohub_close(descriptor) }
    }
}
