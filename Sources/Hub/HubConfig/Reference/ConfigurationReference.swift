// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes the table of keys for people: as the commented default file and as a page.
package enum ConfigurationReference {
    /// The file `configs/config.yaml`: every key at its default, with purpose, kind and range.
    package static func yaml() -> String {
        var text = """
            # gohub: the configuration, every key at its default.
            #
            # Times are whole numbers with ms, s, m or h (1500ms, 25s, 1h30m), sizes are bytes or whole numbers with B, KiB, MiB
            # or GiB. A flag wins over the environment, the environment over this file, this file over the default:
            # server.read_timeout is also GOHUB_SERVER_READ_TIMEOUT and --server-read-timeout. Lists are separated by commas
            # there. Everything is read once, at the start; `gohub check FILE` says what is wrong with a file.

            """
        for section in ConfigurationKey.sections {
            let depth = section.path.split(separator: ".").count
            let indent = String(repeating: "  ", count: depth - 1)
            text += "\n"
            for line in wrapped(section.purpose, width: 118 - indent.count) { text += "\(indent)# \(line)\n" }
            text += "\(indent)\(section.path.split(separator: ".").last ?? ""):\n"
            for key in ConfigurationKey.all where key.section == section.path {
                for line in wrapped(key.purpose, width: 116 - indent.count) { text += "\(indent)  # \(line)\n" }
                text += "\(indent)  # \(key.type), \(key.allowed)\n"
                text += "\(indent)  \(key.name): \(key.defaultText)\n"
            }
        }
        return text
    }

    /// The section "Configuration" of `docs/operations.md`: a table for each section.
    package static func markdown() -> String {
        var text = ""
        for section in ConfigurationKey.sections {
            text += "\n### `\(section.path)`\n\n\(section.purpose)\n\n"
            text += "| key | default | allowed | what it is for |\n|---|---|---|---|\n"
            for key in ConfigurationKey.all where key.section == section.path {
                text += "| `\(key.name)`<br>`\(key.environmentVariable)`<br>`--\(key.flag)` "
                text += "| `\(key.defaultText)` | \(key.type): \(cell(key.allowed)) | \(cell(key.purpose)) |\n"
            }
        }
        return String(text.dropFirst())
    }

    /// Breaks a text into lines at its spaces.
    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// A text that a table and its markup leave alone.
    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("*", with: "\\*").replacing("[", with: "\\[")
            .replacing("]", with: "\\]")
    }
}
