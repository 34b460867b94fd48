// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import HubWire

extension Command {
    /// All that the help says, and the table of keys, for the programs that write manual pages and completions.
    ///
    /// Members: `version`, `purpose`, `notes`; `commands`, each with `name`, `synopsis`, `summary`, `notes`, `choices` (every
    /// word beside flags; empty unless the set is closed) and `flags` (`name`, `value`, which is null for a switch, `purpose`,
    /// `choices`); `sections`, each with `path`, `purpose` and `keys` (`path`, `variable`, `flag`, `type`, `allowed`,
    /// `default`, `purpose`, `choices`).
    static var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("version", Version.current)
            writer.member("purpose", purpose)
            writer.member("notes", exitCodes)
            writer.members("commands", all) { $0.write(to: &$1) }
            writer.members("sections", ConfigurationKey.sections) { section, writer in
                writer.member("path", section.path)
                writer.member("purpose", section.purpose)
                let keys = ConfigurationKey.all.filter { $0.section == section.path }
                writer.members("keys", keys) { $0.write(to: &$1) }
            }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("synopsis", synopsis)
        writer.member("summary", summary)
        writer.member("notes", notes)
        writer.member("choices", choices)
        writer.members("flags", flags) { $0.write(to: &$1) }
    }
}

extension Arguments.Flag {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.key("value")
        if let value { writer.string(value) } else { writer.null() }
        writer.member("purpose", purpose)
        writer.member("choices", choices)
    }
}

extension ConfigurationKey {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("path", path)
        writer.member("variable", environmentVariable)
        writer.member("flag", flag)
        writer.member("type", type)
        writer.member("allowed", allowed)
        writer.member("default", defaultText)
        writer.member("purpose", purpose)
        writer.member("choices", choices)
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ key: String, _ value: String) {
        self.key(key)
        string(value)
    }

    fileprivate mutating func member(_ key: String, _ values: [String]) {
        self.key(key)
        array { writer in for value in values { writer.string(value) } }
    }

    /// A member that is an array of objects.
    fileprivate mutating func members<Item>(
        _ key: String,
        _ items: [Item],
        _ write: (Item, inout JSONWriter) -> Void
    ) {
        self.key(key)
        array { writer in
            for item in items { writer.object { write(item, &$0) } }
        }
    }
}
