// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A configuration while it is put together: the values so far, where each came from, and all that was wrong.
struct ConfigurationDraft {
    /// The values so far.
    private(set) var configuration = Configuration()
    /// What was wrong so far, each source's faults in its order.
    private(set) var faults: [ConfigurationFault] = []
    /// Where each key that was set got its last value.
    private(set) var origins: [String: ConfigurationFault.Origin] = [:]
    /// Keys of which some value was refused; nothing is concluded from the value that stands in its place.
    private(set) var refused: Set<String> = []
    /// Whether a file was asked for and could not be read to its end.
    private(set) var isFileIncomplete = false

    /// Notes something that is wrong.
    mutating func note(_ fault: ConfigurationFault) {
        faults.append(fault)
        if !fault.key.isEmpty { refused.insert(fault.key) }
    }

    /// Notes that a file could not be read to its end.
    mutating func noteIncompleteFile() { isFileIncomplete = true }

    /// The configuration, once every source was read.
    ///
    /// - Throws: ``ConfigurationError`` with all that was noted, if anything was.
    func finished() throws(ConfigurationError) -> Configuration {
        guard faults.isEmpty else { throw ConfigurationError(faults, logFormat: configuration.log.format) }
        return configuration
    }

    /// Takes back faults of certain kinds at one place, from an index on.
    mutating func removeFaults(
        from start: Int,
        of origin: ConfigurationFault.Origin,
        where isRemoved: (ConfigurationFault.Code) -> Bool
    ) {
        let kept = faults[start...].filter { $0.origin != origin || !isRemoved($0.code) }
        faults.replaceSubrange(start..., with: kept)
    }

    /// Sorts the faults from an index on by their line; those of one line stay in order.
    mutating func sortByLine(from start: Int) {
        let sorted = faults[start...].enumerated().sorted { left, right in
            (left.element.origin.line ?? 0, left.offset) < (right.element.origin.line ?? 0, right.offset)
        }
        faults.replaceSubrange(start..., with: sorted.map(\.element))
    }

    /// Sorts all faults: those of the file by their line, then environment and flags; those of one place stay in order.
    mutating func sortBySource() {
        faults = faults.enumerated().sorted { left, right in
            (left.element.origin.rank, left.element.origin.line ?? 0, left.offset)
                < (right.element.origin.rank, right.element.origin.line ?? 0, right.offset)
        }.map(\.element)
    }

    /// Sets a key, or notes why not.
    mutating func set(_ key: ConfigurationKey, _ node: YAMLNode, from origin: ConfigurationFault.Origin) {
        let problems = key.apply(node, &configuration)
        if problems.isEmpty { origins[key.path] = origin }
        for problem in problems {
            note(
                ConfigurationFault(
                    problem.code,
                    problem.line.map(origin.at(line:)) ?? origin,
                    key: key.path,
                    problem.what,
                    allowed: key.allowed,
                    hint: problem.hint
                )
            )
        }
    }
}

extension ConfigurationFault.Origin {
    /// The place of the source among the others.
    fileprivate var rank: Int {
        switch self {
        case .file: 0
        case .environment: 1
        case .flag: 2
        case .builtIn: 3
        }
    }

    /// The line, where there is one.
    fileprivate var line: Int? {
        guard case .file(_, let line) = self else { return nil }
        return line
    }

    /// The same place on another line; an environment variable and a flag have no lines.
    fileprivate func at(line: Int) -> ConfigurationFault.Origin {
        guard case .file(let path, _) = self else { return self }
        return .file(path, line: line)
    }
}
