// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationDraft {
    /// Finds values of `bus.nats` that are wrong together, whatever bus is used.
    mutating func findNATSContradictions() {
        let nats = configuration.bus.nats
        let secure = nats.urls.first { $0.hasPrefix("tls://") }
        demand(
            secure == nil || nats.tls.enabled,
            "bus.nats.urls",
            shown(secure ?? ""),
            "does not go with",
            [("bus.nats.tls.enabled", "false")],
            hint: "set bus.nats.tls.enabled to true, or write nats://"
        )
        findLoginContradictions(nats)
        for key in ConfigurationKey.nats where ["bus.nats.stream", "bus.nats.consumer"].contains(key.section) {
            let value = key.text(configuration)
            demand(
                nats.jetstream || value == key.defaultText,
                key.path,
                value,
                "does not go with",
                [("bus.nats.jetstream", "false")],
                hint: "it is for JetStream only: set bus.nats.jetstream to true, or leave it out"
            )
        }
        let stream = nats.stream
        demand(
            stream.duplicateWindow <= stream.maxAge,
            "bus.nats.stream.duplicate_window",
            DurationText.text(stream.duplicateWindow),
            "is longer than",
            [("bus.nats.stream.max_age", DurationText.text(stream.maxAge))],
            hint: "the server refuses a stream that is to remember messages for longer than it keeps them"
        )
        findContradictions(in: "bus.nats.tls", nats.tls)
    }

    /// Finds half of a way to log in, and more ways than one.
    private mutating func findLoginContradictions(_ nats: NATSSection) {
        let user = (key: "bus.nats.user", value: shown(nats.user))
        let password = (key: "bus.nats.password_file", value: shown(secretFile: nats.passwordFile))
        let nkey = (key: "bus.nats.nkey", value: shown(nats.nkey))
        let seed = (key: "bus.nats.nkey_seed_file", value: shown(secretFile: nats.nkeySeedFile))
        let ways: [[(key: String, value: String)]] = [
            [user, password],
            [("bus.nats.token_file", shown(secretFile: nats.tokenFile))],
            [("bus.nats.creds_file", shown(secretFile: nats.credsFile))],
            [nkey, seed],
        ]
        demandBothOrNeither(
            user,
            password,
            hint: "a user and the file with its password are given together, or neither is"
        )
        demandBothOrNeither(nkey, seed, hint: "an nkey and the file with its seed are given together, or neither is")
        let used = ways.compactMap { way in way.first { $0.value != shown("") } }
        for other in used.dropFirst() {
            demand(
                false,
                other.key,
                other.value,
                "does not go with",
                [used[0]],
                hint: "a node logs in in one way: with a user and its password, a token, credentials or an nkey"
            )
        }
    }
}
