// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Makes a configuration out of defaults, file, environment and flags, the later ones winning.
package enum ConfigurationLoader {
    /// The environment variable that names the file when no flag does.
    package static let fileVariable = "GOHUB_CONFIG"

    /// Loads and checks everything.
    ///
    /// - Parameter file: The YAML file; if nil, the one that `GOHUB_CONFIG` names; if that is not set or empty, none.
    /// - Parameter environment: The process environment; only names that begin with `GOHUB_` are looked at.
    /// - Parameter flags: Values by flag without dashes (``ConfigurationKey/flag``), such as `server-addr`.
    /// - Throws: ``ConfigurationError`` with every fault of every source; a value that a later source overrides is checked too.
    package static func load(
        file: String? = nil,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws(ConfigurationError) -> Configuration {
        var draft = ConfigurationDraft()
        if let file {
            draft.read(file: file, namedBy: "the command line")
        } else if let file = environment[fileVariable], !file.isEmpty {
            draft.read(file: file, namedBy: fileVariable)
        }
        draft.read(environment: environment)
        draft.read(flags: flags)
        draft.findContradictions()
        return try draft.finished()
    }

    /// Loads a text as if it were a file; for tests and for input that is no file.
    ///
    /// - Parameter name: What the faults call it.
    package static func load(
        text: String,
        name: String,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws(ConfigurationError) -> Configuration {
        var draft = ConfigurationDraft()
        draft.read(text: Array(text.utf8), file: name)
        draft.read(environment: environment)
        draft.read(flags: flags)
        draft.findContradictions()
        return try draft.finished()
    }
}
