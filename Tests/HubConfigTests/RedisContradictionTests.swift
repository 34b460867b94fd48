// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@Suite("Contradictions in the configuration for Redis")
struct RedisContradictionTests {
    private static let single = "c.yaml:1) does not go with bus.redis.mode, single (default)"
    private static let sentinelsOnly = "(it is for sentinels only: set bus.redis.mode to sentinel, or leave it empty)"
    private static let passwordHint = "(write the user's password into a file and name that)"

    @Test(
        "says of values that contradict each other where both come from and what to do",
        arguments: [
            (
                "mode: sentinel",
                [
                    "master_name: empty (default) does not go with bus.redis.mode, sentinel (c.yaml:1) "
                        + "(give the name by which the sentinels know the master, often mymaster)"
                ]
            ),
            ("master_name: mymaster", [#"master_name: "mymaster" (\#(single) \#(sentinelsOnly)"#]),
            (
                "mode: cluster, master_name: mymaster",
                [
                    #"master_name: "mymaster" (c.yaml:1) does not go with bus.redis.mode, cluster (c.yaml:1) "#
                        + sentinelsOnly
                ]
            ),
            (
                "sentinel_user: a, sentinel_password_file: /a",
                [
                    #"sentinel_user: "a" (\#(single) \#(sentinelsOnly)"#,
                    #"sentinel_password_file: a file (\#(single) \#(sentinelsOnly)"#,
                ]
            ),
            ("sentinel_password_file: /a", [#"sentinel_password_file: a file (\#(single) \#(sentinelsOnly)"#]),
            (
                "mode: cluster, db: 1",
                [
                    "db: 1 (c.yaml:1) does not go with bus.redis.mode, cluster (c.yaml:1) "
                        + "(a cluster has only database 0)"
                ]
            ),
            (
                "user: gohub",
                [
                    #"password_file: empty (default) does not go with bus.redis.user, "gohub" (c.yaml:1) "#
                        + passwordHint
                ]
            ),
            (
                "mode: sentinel, master_name: m, sentinel_user: gohub",
                [
                    "sentinel_password_file: empty (default) does not go with bus.redis.sentinel_user, "
                        + #""gohub" (c.yaml:1) \#(passwordHint)"#
                ]
            ),
        ] as [(String, [String])]
    )
    func contradiction(text: String, messages: [String]) {
        let found = faults("bus: { redis: { \(text) } }")
        #expect(found.map(\.description) == messages.map { "c.yaml:1: bus.redis.\($0)" })
        #expect(found.allSatisfy { $0.code == .contradiction })
    }

    @Test(
        "takes what only looks like a contradiction",
        arguments: [
            "mode: cluster, delivery: streams", "mode: cluster, db: 0", "mode: sentinel, master_name: mymaster",
            "password_file: /a", "user: gohub, password_file: /a", "db: 3", "mode: single, master_name: \"\"",
            "mode: sentinel, master_name: m, sentinel_password_file: /a",
            "stream_max_length: 1000, delivery: pubsub",
        ]
    )
    func harmless(text: String) {
        #expect(faults("bus: { type: redis, buffer: { max_bytes: 1MiB }, redis: { \(text) } }") == [])
        #expect(faults("bus: { redis: { \(text) } }") == [])
    }

    @Test("draws no conclusions from a value that is wrong in itself")
    func noConclusions() {
        #expect(faults("bus: { redis: { mode: sentinal } }").map(\.code) == [.notAllowed])
        #expect(faults("bus: { redis: { user: a, password_file: \"b\\n\" } }").map(\.code) == [.notAllowed])
    }
}
