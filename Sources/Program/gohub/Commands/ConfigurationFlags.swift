// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import HubLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The flags that every command with a configuration has, and how it is loaded from them.
enum ConfigurationFlags {
    /// `--config`, and one flag for each key.
    static let all: [Arguments.Flag] =
        [
            Arguments.Flag(
                name: "config",
                value: "FILE",
                purpose: "the configuration file, also without --config (default: none, all defaults)",
                alsoCalled: ["c", "f", "file", "config-file"]
            )
        ]
        + ConfigurationKey.all.map { key in
            Arguments.Flag(
                name: key.flag,
                value: key.type,
                purpose: "\(key.purpose) (default: \(key.defaultText.isEmpty ? "empty" : key.defaultText))",
                choices: key.choices
            )
        }

    /// The configuration file of a command line, with `--config` or without; nil when there is none.
    static func file(_ arguments: Arguments) throws(Arguments.Fault) -> String? {
        guard let file = arguments.rest.first else { return arguments.values["config"] }
        guard arguments.rest.count == 1, arguments.values["config"] == nil else {
            let files = [arguments.values["config"]].compactMap(\.self) + arguments.rest
            throw Arguments.Fault(message: "one configuration file is enough: \(files.joined(separator: ", "))")
        }
        return file
    }

    /// The file that the environment names; it is read when the command line names none.
    static var fileOfEnvironment: String? {
        environment()[ConfigurationLoader.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Loads the configuration, or says every fault on standard error.
    ///
    /// - Parameter auto: How faults look when `log.format` does not say it.
    static func load(_ arguments: Arguments, file: String?, faults auto: LogFormat) -> Configuration? {
        var flags = arguments.values
        flags["config"] = nil
        do throws(ConfigurationError) {
            return try ConfigurationLoader.load(
                file: file,
                environment: environment(),
                flags: flags
            )
        } catch {
            FaultReport.tell(error, auto: auto)
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
