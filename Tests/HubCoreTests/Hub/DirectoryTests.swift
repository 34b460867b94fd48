// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubCore

/// Which client lives where.
@Suite("Directory")
struct DirectoryTests {
    private func handles(_ count: Int, seed: UInt64 = 1) -> [ClientHandle] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { index in
            ClientHandle(id: ClientID(unixMilliseconds: 5, using: &random), shard: index % 3, slot: index)
        }
    }

    @Test("it finds those who were put in and not those who were taken out")
    func finds() {
        let directory = Directory()
        let handles = handles(1_000)
        for handle in handles { directory.insert(handle) }
        #expect(directory.count == 1_000)
        for handle in handles { #expect(directory[handle.id] === handle) }
        for handle in handles[..<500] { directory.remove(handle) }
        for handle in handles[..<500] { #expect(directory[handle.id] == nil) }
        for handle in handles[500...] { #expect(directory[handle.id] === handle) }
        #expect(directory.count == 500)
        directory.remove(handles[0])
        #expect(directory.count == 500)
    }

    @Test("threads that put in and take out at once leave what they should")
    func threads() async {
        let directory = Directory()
        await withTaskGroup { group in
            for seed in 1...4 as ClosedRange<UInt64> {
                group.addTask {
                    let mine = handles(2_000, seed: seed)
                    for handle in mine { directory.insert(handle) }
                    for handle in mine where directory[handle.id] !== handle { Issue.record("one is missing") }
                    for handle in mine[1...] { directory.remove(handle) }
                }
            }
        }
        #expect(directory.count == 4)
    }
}
