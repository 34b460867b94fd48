// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationDraft {
    /// Finds values of a section `tls` that are wrong together.
    ///
    /// - Parameter section: Where it stands in the file: `bus.redis.tls`.
    mutating func findContradictions(in section: String, _ tls: BusTLSSection) {
        for (name, value) in [
            ("ca_file", tls.caFile), ("server_name", tls.serverName), ("cert_file", tls.certFile),
            ("key_file", tls.keyFile),
        ] {
            demand(
                tls.enabled || value.isEmpty,
                "\(section).\(name)",
                shown(value),
                "does not go with",
                [("\(section).enabled", "false")],
                hint: "set \(section).enabled to true, or leave it empty"
            )
        }
        demandBothOrNeither(
            ("\(section).key_file", shown(tls.keyFile)),
            ("\(section).cert_file", shown(tls.certFile)),
            hint: "a certificate and its key are given together, or neither is"
        )
    }
}
