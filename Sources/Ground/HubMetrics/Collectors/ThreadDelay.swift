// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Reads how long a thread was ready to run and had to wait for a core.
///
/// For one thread at a time. Allocates nothing but when it is made.
package final class ThreadDelay: Sendable {
    private let file: SmallFile

    /// Reads of a thread of this process.
    ///
    /// - Parameter thread: Its number in `/proc/self/task`.
    package init(thread: Int32) {
        file = SmallFile("/proc/self/task/\(thread)/schedstat", capacity: 128)
    }

    /// Nanoseconds since the thread began; nil once it has ended, and where the kernel does not tell.
    package func nanoseconds() -> UInt64? { file.read(Self.nanoseconds(in:)) }

    /// The second number of a `schedstat`: time on a core, time in the queue for one, turns.
    package static func nanoseconds(in text: UnsafeRawBufferPointer) -> UInt64? {
        var numbers = NumberReader(text, field: 1)
        return numbers.value(ofField: 2)
    }
}
