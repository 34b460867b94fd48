// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationDraft {
    /// Finds values of `bus.redis` that are wrong together, whatever bus is used.
    mutating func findRedisContradictions() {
        let redis = configuration.bus.redis
        let mode = ("bus.redis.mode", redis.mode.rawValue)
        demand(
            redis.mode != .sentinel || !redis.masterName.isEmpty,
            "bus.redis.master_name",
            shown(redis.masterName),
            "does not go with",
            [mode],
            hint: "give the name by which the sentinels know the master, often mymaster"
        )
        for (key, value) in [
            ("bus.redis.master_name", shown(redis.masterName)),
            ("bus.redis.sentinel_user", shown(redis.sentinelUser)),
            // Not its name, in place of which there may be the password.
            ("bus.redis.sentinel_password_file", redis.sentinelPasswordFile.isEmpty ? shown("") : "a file"),
        ] {
            demand(
                redis.mode == .sentinel || value == shown(""),
                key,
                value,
                "does not go with",
                [mode],
                hint: "it is for sentinels only: set bus.redis.mode to sentinel, or leave it empty"
            )
        }
        demand(
            redis.mode != .cluster || redis.db == 0,
            "bus.redis.db",
            String(redis.db),
            "does not go with",
            [mode],
            hint: "a cluster has only database 0"
        )
        demandPassword(for: "bus.redis.user", redis.user, in: "bus.redis.password_file", redis.passwordFile)
        demandPassword(
            for: "bus.redis.sentinel_user",
            redis.sentinelUser,
            in: "bus.redis.sentinel_password_file",
            redis.sentinelPasswordFile
        )
        findTLSContradictions(redis.tls)
    }

    private mutating func findTLSContradictions(_ tls: RedisTLSSection) {
        for (name, value) in [
            ("ca_file", tls.caFile), ("server_name", tls.serverName), ("cert_file", tls.certFile),
            ("key_file", tls.keyFile),
        ] {
            demand(
                tls.enabled || value.isEmpty,
                "bus.redis.tls.\(name)",
                shown(value),
                "does not go with",
                [("bus.redis.tls.enabled", "false")],
                hint: "set bus.redis.tls.enabled to true, or leave it empty"
            )
        }
        let certificate = ("bus.redis.tls.cert_file", shown(tls.certFile))
        let key = ("bus.redis.tls.key_file", shown(tls.keyFile))
        for (missing, given) in [(key, certificate), (certificate, key)] {
            demand(
                missing.1 != shown("") || given.1 == shown(""),
                missing.0,
                missing.1,
                "does not go with",
                [given],
                hint: "a certificate and its key are given together, or neither is"
            )
        }
    }

    /// A user without a password: whoever needs none logs in as nobody.
    private mutating func demandPassword(for user: String, _ name: String, in file: String, _ path: String) {
        demand(
            name.isEmpty || !path.isEmpty,
            file,
            shown(path),
            "does not go with",
            [(user, shown(name))],
            hint: "write the user's password into a file and name that"
        )
    }

    /// A text for a message.
    private func shown(_ text: String) -> String {
        text.isEmpty ? "empty" : Scalar(text: text, style: .quoted).shown
    }
}
