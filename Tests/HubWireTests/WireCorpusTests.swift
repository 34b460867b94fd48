// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import Testing

@Suite("Whatever fuzzing found stays found")
struct WireCorpusTests {
    @Test("every input of the corpus keeps the rules", arguments: FuzzTarget.allCases)
    func replay(target: FuzzTarget) throws {
        let folder = "Fuzz/corpus/\(target)"
        let names = try WireFixtures.names(in: folder)
        try #require(names.count >= 4)
        for name in names {
            let bytes = try WireFixtures.bytes("\(folder)/\(name)")
            #expect(throws: Never.self, "\(folder)/\(name)") {
                try bytes.withUnsafeBytes { try target.run($0) }
            }
        }
    }
}
