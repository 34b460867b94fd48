// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds and reads the control group (cgroup v2) that limits the process.
package enum ControlGroup {
    /// Where the group's files are; nil where there is no version 2.
    static func directory() -> String? {
        let file = SmallFile("/proc/self/cgroup")
        return file.read(path(in:)).map { "/sys/fs/cgroup" + ($0 == "/" ? "" : $0) }
    }

    /// The path in the line `0::/system.slice/gohub.service`, which is that of version 2; nil where there is none.
    package static func path(in text: UnsafeRawBufferPointer) -> String? {
        String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("0::/") }
            .map { String($0.dropFirst(3)) }
    }

    /// The number in the line `throttled_usec 12345` of a `cpu.stat`; nil where no limit can be set.
    ///
    /// Allocates nothing.
    package static func throttledMicroseconds(in text: UnsafeRawBufferPointer) -> UInt64? {
        let name: StaticString = "throttled_usec "
        let length = name.utf8CodeUnitCount
        var line = 0
        while line + length < text.count {
            if matches(name, text, at: line) {
                var numbers = NumberReader(UnsafeRawBufferPointer(rebasing: text[(line + length)...]), field: 1)
                return numbers.value(ofField: 1)
            }
            guard let end = UnsafeRawBufferPointer(rebasing: text[line...]).first(UInt8(ascii: "\n")) else {
                return nil
            }
            line += end + 1
        }
        return nil
    }

    private static func matches(_ name: StaticString, _ text: UnsafeRawBufferPointer, at start: Int) -> Bool {
        for index in 0..<name.utf8CodeUnitCount where text[start + index] != name.utf8Start[index] { return false }
        return true
    }
}
