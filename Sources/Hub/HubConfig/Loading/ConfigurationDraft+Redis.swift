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
            ("bus.redis.sentinel_password_file", shown(secretFile: redis.sentinelPasswordFile)),
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
        findContradictions(in: "bus.redis.tls", redis.tls)
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
}
