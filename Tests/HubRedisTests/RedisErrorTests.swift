// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubRedis
import Testing

@Suite("An error that Redis answers with")
struct RedisErrorTests {
    @Test(
        "has a code by which it can be told from others, the server's words, and advice where these have none",
        arguments: [
            ("WRONGPASS invalid username-password pair or user is disabled.", .authFailed),
            ("NOAUTH Authentication required.", .authFailed),
            ("ERR Client sent AUTH, but no password is set", .authFailed),
            ("ERR invalid password", .authFailed),
            ("NOPERM this user has no permissions to run the 'publish' command", .noPermission),
            ("ERR DB index is out of range", .badDatabase),
            ("LOADING Redis is loading the dataset in memory", .loading),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", .unavailable),
            ("CLUSTERDOWN The cluster is down", .clusterDown),
            ("READONLY You can't write against a read only replica.", .notMaster),
            ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory),
            ("ERR max number of clients reached", .tooManyClients),
            ("ERR unknown command", .refused), ("MOVED", .refused), ("MOVED 1 nowhere", .refused),
            ("MOVED 16384 a:1", .refused), ("ASK 1 a:0", .refused), ("", .refused), ("\u{0}", .refused),
        ] as [(String, RedisError.Code)]
    )
    func code(text: String, code: RedisError.Code) {
        let error = RedisError(answer: text, to: "asking")
        #expect(error.code == code)
        #expect(error.message.hasPrefix("asking: "))
        #expect(code == .refused || error.message.hasPrefix("asking: \(text)"))
        #expect(error.message.hasSuffix(")") == [.noPermission, .badDatabase].contains(code))
        #expect(error.redirection == nil)
    }

    @Test("tells where to ask instead")
    func redirected() {
        let moved = RedisError(answer: "MOVED 3999 127.0.0.1:6381", to: "asking")
        #expect(moved.code == .redirected)
        #expect(moved.redirection == RedisRedirection(isPermanent: true, slot: 3999, host: "127.0.0.1", port: 6381))
        let ask = RedisError(answer: "ASK 0 ::1:65535", to: "asking")
        #expect(ask.redirection == RedisRedirection(isPermanent: false, slot: 0, host: "::1", port: 65_535))
        #expect(RedisError(answer: "MOVED 1 :6381", to: "asking").redirection?.host == "")
    }

    @Test("shows no control characters, no more than a line's worth, and nothing of what was sent")
    func shown() {
        let long = RedisError(answer: String(repeating: "é", count: 5000), to: "asking").message
        #expect(long.unicodeScalars.count < 250)
        #expect(RedisError(answer: "ERR a\u{1B}[31mb", to: "asking").message == "asking: ERR a?[31mb")
        let echo = "ERR unknown command `AUTH`, with args beginning with: `hunter2`, "
        #expect(RedisError(answer: echo, to: "AUTH").message == "AUTH: ERR unknown command `AUTH`")
    }

    @Test("says whether trying again may help")
    func retriable() {
        let final: Set<RedisError.Code> = [
            .authFailed, .badDatabase, .noPermission, .refused, .tls, .tooLarge,
        ]
        for code in RedisError.Code.allCases {
            #expect(RedisError(code, "").isRetriable != final.contains(code))
        }
        #expect(Set(RedisError.Code.allCases.map(\.description)).count == RedisError.Code.allCases.count)
    }
}

extension RedisError {
    /// Reads the words of a server.
    init(answer: String, to action: String) {
        self = Array(answer.utf8).withUnsafeBytes { RedisError(answer: $0, to: action) }
    }
}
