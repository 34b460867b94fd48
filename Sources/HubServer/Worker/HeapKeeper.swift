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
                guard let used = Self.used,
                    excess.isWorthTrimming(used: used, resident: gohub_anonymous_bytes())
                else { return }
                gohub_heap_trim()
                if let used = Self.used { excess.trimmed(used: used, resident: gohub_anonymous_bytes()) }
            }
        }
    }

    /// What is in use of the heap, in bytes.
    private static var used: UInt64? {
        var usage = gohub_heap_usage()
        return gohub_heap_usage(&usage) ? usage.used + usage.mapped : nil
    }
}
