// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("Slack of tables")
struct SlackTests {
    @Test("a table that was large gives its memory back and keeps what is in it", arguments: [0, 1, 100])
    func shrinks(left: Int) {
        var table = Dictionary(uniqueKeysWithValues: (0..<10_000).map { ($0, "\($0)") })
        var set = Set(0..<10_000)
        for key in left..<10_000 {
            table[key] = nil
            set.remove(key)
            table.dropSlack()
            set.dropSlack()
        }
        #expect(table == Dictionary(uniqueKeysWithValues: (0..<left).map { ($0, "\($0)") }))
        #expect(set == Set(0..<left))
        #expect(table.capacity < 1000)
        #expect(set.capacity < 1000)
    }

    @Test("a table that is in use, or small, stays as it is", arguments: [(40, 0), (8000, 4000)])
    func stays(most: Int, left: Int) {
        var set = Set(0..<most)
        let capacity = set.capacity
        for key in left..<most {
            set.remove(key)
            set.dropSlack()
        }
        #expect(set.capacity == capacity)
    }
}
