// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationDraft {
    /// Reads the environment; names that begin with `GOHUB_` and mean nothing are faults, so that a typing error is found.
    mutating func read(environment: [String: String]) {
        let names = environment.keys.filter { $0.hasPrefix("GOHUB_") }.sorted()
        for name in names {
            let text = environment[name] ?? ""
            let origin = ConfigurationFault.Origin.environment(name)
            if let key = ConfigurationKey.all.first(where: { $0.environmentVariable == name }) {
                set(key, key.node(text: text), from: origin)
            } else if !Self.isForeign(name, text) {
                let ending = String(name.dropFirst("GOHUB_".count))
                let meant = KeySynonym.meant(by: ending, given: text)
                let isFile = Suggestion.nearest(to: ending, among: ["CONFIG", "CONFIG_FILE", "FILE"]) != nil
                let hint =
                    isFile
                    ? "did you mean \(ConfigurationLoader.fileVariable)?"
                    : meant.map { "did you mean \($0.key.environmentVariable)\($0.value.map { "=\($0)" } ?? "")?" }
                note(ConfigurationFault(.unknownKey, origin, "unknown variable", hint: hint ?? ""))
            }
        }
    }

    /// Reads flags, in alphabetical order.
    mutating func read(flags: [String: String]) {
        for (name, text) in flags.sorted(by: { $0.key < $1.key }) {
            let origin = ConfigurationFault.Origin.flag(name)
            if let key = ConfigurationKey.all.first(where: { $0.flag == name }) {
                set(key, key.node(text: text), from: origin)
            } else {
                let meant = KeySynonym.meant(by: name, given: text)
                let hint = meant.map { "did you mean --\($0.key.flag)\($0.value.map { " \($0)" } ?? "")?" }
                note(ConfigurationFault(.unknownKey, origin, "unknown flag", hint: hint ?? ""))
            }
        }
    }

    /// Whether a variable is not ours to judge although its name begins like ours.
    ///
    /// These are `GOHUB_CONFIG`, which names the file; `GOHUB_TEST_…`, for test runs; and what Kubernetes and Docker links put
    /// into the environment when a service is called gohub or gohub-something: `GOHUB_SERVICE_HOST`, `GOHUB_SERVICE_PORT`,
    /// `GOHUB_SERVICE_PORT_HTTP`, `GOHUB_PORT=tcp://…`, `GOHUB_PORT_8080_TCP`, `GOHUB_PORT_8080_TCP_ADDR`.
    static func isForeign(_ name: String, _ text: String) -> Bool {
        if name == ConfigurationLoader.fileVariable || name.hasPrefix("GOHUB_TEST_") { return true }
        let parts = name.split(separator: "_")
        if name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
            return true
        }
        if name.hasSuffix("_PORT"), text.contains("://") { return true }
        return parts.indices.dropLast(2).contains { index in
            parts[index] == "PORT" && UInt16(parts[index + 1]) != nil
                && ["TCP", "UDP", "SCTP"].contains(parts[index + 2])
        }
    }
}
