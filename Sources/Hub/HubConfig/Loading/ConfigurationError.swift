// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Everything that is wrong with a configuration, found in one go.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The faults, never empty: those of the file by line, then environment and flags.
    ///
    /// Values that contradict each other
    /// stand where the first of them that is not at its default was set.
    package let faults: [ConfigurationFault]
    /// How the log was to look, as far as that could be read: `log.format`, or its default.
    package let logFormat: LogStyle

    init(_ faults: [ConfigurationFault], logFormat: LogStyle) {
        self.faults = faults
        self.logFormat = logFormat
    }

    /// One line a fault.
    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong, and what would be right.
package struct ConfigurationFault: Sendable, Equatable, CustomStringConvertible {
    /// What kind of fault it is.
    package enum Code: String, Sendable, CaseIterable {
        /// The file is not there or cannot be read.
        case unreadable
        /// The file is not the YAML that is taken here.
        case notYAML = "not_yaml"
        /// Nothing of this name can be set.
        case unknownKey = "unknown_key"
        /// The key stands twice.
        case duplicateKey = "duplicate_key"
        /// Another kind of value is needed.
        case wrongType = "wrong_type"
        /// A duration or size without unit, or with one that is not taken.
        case badUnit = "bad_unit"
        /// A number, duration or size that is too small or too large.
        case outOfRange = "out_of_range"
        /// A text that is not among those allowed.
        case notAllowed = "not_allowed"
        /// A value that another build of the hub may take.
        case notInBuild = "not_in_build"
        /// Two values that cannot both hold.
        case contradiction
    }

    /// Where a value came from.
    package enum Origin: Sendable, Equatable, CustomStringConvertible {
        /// A file, and the line if the fault has one.
        case file(String, line: Int?)
        /// An environment variable.
        case environment(String)
        /// A command-line flag.
        case flag(String)
        /// The default.
        case builtIn

        package var description: String {
            switch self {
            case .file(let path, nil): path
            case .file(let path, let line?): "\(path):\(line)"
            case .environment(let name): "environment \(name)"
            case .flag(let name): "flag --\(name)"
            case .builtIn: "default"
            }
        }
    }

    /// What kind of fault it is.
    package let code: Code
    /// Where it is.
    package let origin: Origin
    /// The key, such as `server.addr`; empty when the fault belongs to none.
    package let key: String
    /// What is wrong.
    package let what: String
    /// What is allowed there; empty when nothing can be said.
    package let allowed: String
    /// What was probably meant, or what to do; empty when nothing can be said.
    package let hint: String

    init(_ code: Code, _ origin: Origin, key: String = "", _ what: String, allowed: String = "", hint: String = "") {
        self.code = code
        self.origin = origin
        self.key = key
        self.what = what
        self.allowed = allowed
        self.hint = hint
    }

    /// One line: `config.yaml:3: server.loops: 999 is too large, allowed is 0 to 256 (hint)`.
    package var description: String {
        var line = "\(origin): "
        if !key.isEmpty { line += "\(key): " }
        line += what
        if !allowed.isEmpty { line += ", allowed is \(allowed)" }
        if !hint.isEmpty { line += " (\(hint))" }
        return line
    }
}
