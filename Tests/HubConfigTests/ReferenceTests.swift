// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Foundation
import HubConfig
import Testing

/// The table of keys, and the files written from it.
///
/// After a change of the table, `GOHUB_TEST_WRITE_REFERENCE=1 swift test --disable-xctest --filter ReferenceTests` writes the
/// files anew.
@Suite("Table of keys")
struct ReferenceTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let writes = ProcessInfo.processInfo.environment["GOHUB_TEST_WRITE_REFERENCE"] == "1"
    static let begin = "<!-- configuration: written from the table of keys -->\n"
    static let end = "<!-- configuration: end -->\n"

    @Test("the default file is what the table says, and loads as the defaults")
    func defaultFile() throws {
        let file = Self.root.appendingPathComponent("configs/config.yaml")
        if Self.writes { try ConfigurationReference.yaml().write(to: file, atomically: true, encoding: .utf8) }
        #expect(try String(contentsOf: file, encoding: .utf8) == ConfigurationReference.yaml())
        #expect(try ConfigurationLoader.load(file: file.path) == Configuration())
    }

    @Test("every key of the table stands in the default file", arguments: ConfigurationKey.all.map(\.path))
    func everyKey(path: String) throws {
        // A second copy of the key's line is a duplicate exactly if the key stands in the file.
        let key = try #require(ConfigurationKey.all.first { $0.path == path })
        let yaml = ConfigurationReference.yaml()
        let indent = String(repeating: "  ", count: path.split(separator: ".").count - 1)
        let line = "\n\(indent)\(key.name): \(key.defaultText)\n"
        #expect(yaml.contains(line))
        let doubled = yaml.replacingOccurrences(of: line, with: line + line.dropFirst())
        let found = faults(doubled)
        // The same line may stand in other sections too.
        #expect(found.allSatisfy { $0.code == .duplicateKey })
        #expect(found.filter { $0.key == path }.count == 1)
    }

    @Test("the page says what the table says")
    func page() throws {
        let file = Self.root.appendingPathComponent("docs/operations.md")
        var text = try String(contentsOf: file, encoding: .utf8)
        let begin = try #require(text.range(of: Self.begin))
        let end = try #require(text.range(of: Self.end))
        if Self.writes {
            text.replaceSubrange(begin.upperBound..<end.lowerBound, with: ConfigurationReference.markdown())
            try text.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(text[begin.upperBound..<end.lowerBound] == ConfigurationReference.markdown())
        }
    }

    @Test("the table has a key for every value of the configuration, and a section for every section")
    func complete() {
        func count(_ value: Any) -> (values: Int, sections: Int) {
            let children = Mirror(reflecting: value).children.map(\.value)
            let sections = children.filter { String(describing: type(of: $0)).hasSuffix("Section") }
            return sections.map(count).reduce((children.count - sections.count, sections.count)) {
                ($0.0 + $1.values, $0.1 + $1.sections)
            }
        }
        let counted = count(Configuration())
        #expect(counted.values == ConfigurationKey.all.count)
        #expect(counted.sections == ConfigurationKey.sections.count)
    }

    @Test("paths, environment variables and flags are derived, and none is there twice")
    func names() throws {
        let key = try #require(ConfigurationKey.all.first { $0.path == "cluster.etcd.dial_timeout" })
        #expect(key.environmentVariable == "GOHUB_CLUSTER_ETCD_DIAL_TIMEOUT")
        #expect(key.flag == "cluster-etcd-dial-timeout")
        #expect(key.section == "cluster.etcd")
        #expect(key.name == "dial_timeout")
        #expect(Set(ConfigurationKey.all.map(\.path)).count == ConfigurationKey.all.count)
        #expect(Set(ConfigurationKey.all.map(\.environmentVariable)).count == ConfigurationKey.all.count)
        #expect(Set(ConfigurationKey.all.map(\.flag)).count == ConfigurationKey.all.count)
        let sections = Set(ConfigurationKey.sections.map(\.path))
        #expect(ConfigurationKey.all.allSatisfy { sections.contains($0.section) })
    }

    @Test("each default is a value that the key takes, in all three ways", arguments: ConfigurationKey.all)
    func defaults(key: ConfigurationKey) throws {
        var text = key.defaultText.filter { $0 != "\"" }
        if key.isList { text = String(text.dropFirst().dropLast()) }
        #expect(try LoaderTests.load(environment: [key.environmentVariable: text]) == Configuration())
        #expect(try LoaderTests.load(flags: [key.flag: text]) == Configuration())
    }

    @Test("the default file fits 120 columns")
    func width() {
        #expect(ConfigurationReference.yaml().split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test("every key says what it is for in whole sentences", arguments: ConfigurationKey.all)
    func purposes(key: ConfigurationKey) {
        #expect(key.purpose.hasSuffix("."))
        #expect(!key.allowed.isEmpty && !key.type.isEmpty && !key.defaultText.isEmpty)
    }
}

extension ConfigurationKey: CustomTestStringConvertible {
    package var testDescription: String { path }
}
