// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// A value that one thread at a time uses, as with `Mutex`, in a way that the thread sanitizer can follow.
///
/// A contended `Mutex` is taken inside the standard library, where the sanitizer sees nothing, so that it takes what the
/// lock protects for a race. The flag here is written before each unlock and read after each lock, which shows it the
/// order that there is; it costs a nanosecond.
struct Guarded<Value: Sendable>: ~Copyable, Sendable {
    private let mutex: Mutex<Value>
    private let order = Atomic<Bool>(false)

    init(_ value: Value) {
        mutex = Mutex(value)
    }

    func withLock<R>(_ body: (inout Value) -> R) -> R {
        mutex.withLock { value in
            _ = order.load(ordering: .acquiring)
            defer { order.store(true, ordering: .releasing) }
            return body(&value)
        }
    }
}
