// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The flags that every command with a configuration has, and how it is loaded from them.
enum ConfigurationFlags {
    /// `--config`, and one flag for each key.
    static let all: [Arguments.Flag] =
        [Arguments.Flag(name: "config", value: "FILE", purpose: "the configuration file (default: none, all defaults)")]
        + ConfigurationKey.all.map { key in
            Arguments.Flag(
                name: key.flag,
                value: key.type,
                purpose: "\(key.purpose) (default: \(key.defaultText.isEmpty ? "empty" : key.defaultText))"
            )
        }

    /// Loads the configuration, or says every fault on standard error.
    static func load(_ arguments: Arguments) -> Configuration? {
        var flags = arguments.values
        flags["config"] = nil
        do throws(ConfigurationError) {
            return try ConfigurationLoader.load(
                file: arguments.values["config"],
                environment: environment(),
                flags: flags
            )
        } catch {
            for fault in error.faults { Output.complain(fault.description) }
            return nil
        }
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }
}
