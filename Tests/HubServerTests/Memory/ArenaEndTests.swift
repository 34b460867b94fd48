// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubLoop
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("The end of a loop's arena")
struct ArenaEndTests {
    /// Blocks of one size; each holds the address of the one before, as an array would be a block among them.
    private struct Blocks {
        private var last: UnsafeMutableRawPointer?

        init(_ count: Int, of size: Int) {
            for _ in 0..<count {
                let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
                block.initializeMemory(as: UInt8.self, repeating: 1, count: size)
                block.storeBytes(of: last, as: UnsafeMutableRawPointer?.self)
                last = block
            }
        }

        func free() {
            var next = last
            while let block = next {
                next = block.load(as: UnsafeMutableRawPointer?.self)
                block.deallocate()
            }
        }
    }

    /// 8 MB, freed before a small block behind them: malloc keeps such a one for later, so that the large ones are not at the
    /// end of the arena until a trim puts them together.
    private static func leaveFreeEnd() {
        // A thread keeps seven of a size for itself.
        let cached = Blocks(7, of: 48)
        let large = Blocks(400, of: 20_000)
        let small = Blocks(1, of: 48)
        cached.free()
        large.free()
        small.free()
    }

    // In a process of its own, as other tests take and free memory.
    @Test("is given back, which a trim of the heap leaves")
    func isGivenBack() async {
        await #expect(processExitsWith: .success) {
            // A sanitizer has a heap of its own.
            guard dlsym(nil, "__tsan_init") == nil else { return }
            let mib: UInt64 = 1 << 20
            gohub_heap_map_from(256 << 10)
            let loop = try EventLoop()
            try loop.start(name: "arena")
            let seen = Mutex<[UInt64]>([])
            loop.post {
                func look() { seen.withLock { $0.append(gohub_anonymous_bytes() / mib) } }
                look()
                ArenaEndTests.leaveFreeEnd()
                gohub_heap_trim()
                look()
                gohub_heap_trim_own_end()
                look()
                loop.stop()
            }
            loop.join()
            let mibs = seen.withLock { $0 }
            #expect(mibs[1] >= mibs[0] + 7, "\(mibs)")
            #expect(mibs[2] <= mibs[0] + 1, "\(mibs)")
        }
    }
}
