// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import Dispatch
import Synchronization

/// Gives the heap's free pages back to the system after a burst, on a thread of its own.
///
/// That takes the longer the more there is, under the locks of malloc's arenas, one after the other.
final class HeapKeeper: Sendable {
    private let queue = DispatchQueue(label: "gohub.heap", qos: .utility)
    private let excess = Mutex(HeapExcess())

    /// Looks whether there is much to give back; to be called every few seconds.
    ///
    /// From any thread; returns at once.
    func tidy() {
        queue.async { [self] in
            excess.withLock { excess in
                guard let (used, resident) = Self.look(), excess.isWorthTrimming(used: used, resident: resident)
                else { return }
                gohub_heap_trim()
                if let (used, resident) = Self.look() { excess.trimmed(used: used, resident: resident) }
            }
        }
    }

    /// What is in use of the heap, and what the process has in RAM, in bytes; nil where the system does not tell.
    private static func look() -> (used: UInt64, resident: UInt64)? {
        var usage = gohub_heap_usage()
        let resident = gohub_anonymous_bytes()
        guard resident > 0, gohub_heap_usage(&usage) else { return nil }
        return (usage.used + usage.mapped, resident)
    }
}
