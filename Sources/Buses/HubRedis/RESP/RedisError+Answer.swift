// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension RedisError {
    /// How much of a server's words goes into a message.
    private static let maxShown = 200
    /// The parts of an answer behind which it repeats what it was sent, which may be a password.
    private static let echoes = [", with args beginning with", "with args beginning with:"]

    /// Reads an error that a server answered with.
    ///
    /// - Parameter answer: The line without its `-` and its end.
    /// - Parameter action: What was asked, for the message; never with a secret.
    package init(answer: UnsafeRawBufferPointer, to action: String) {
        let text = Self.printable(answer)
        let words = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        let word = words.first ?? ""
        let redirection = Self.redirection(words)
        let code = redirection != nil ? .redirected : Self.code(of: word, text)
        let said = text.isEmpty ? "an error without a word" : text
        self.init(code, "\(action): \(said)\(Self.advice(on: code, word))", redirection: redirection)
    }

    /// What to look at, where Redis' words do not say it.
    private static func advice(on code: Code, _ word: Substring) -> String {
        switch code {
        case .noPermission: " (docs/bus_spec.md, Keeping others out, lists the rights of a node)"
        case .badDatabase: " (see bus.redis.db)"
        case _ where word == "WRONGTYPE": " (another program has written to that name: see bus.redis.key_prefix)"
        default: ""
        }
    }

    private static func code(of word: Substring, _ text: String) -> Code {
        switch word {
        case "WRONGPASS", "NOAUTH": .authFailed
        case "NOPERM": .noPermission
        case "READONLY": .notMaster
        case "LOADING": .loading
        case "CLUSTERDOWN": .clusterDown
        case "MASTERDOWN", "TRYAGAIN", "BUSY", "NOREPLICAS", "MISCONF": .unavailable
        case "OOM": .outOfMemory
        case "ERR": code(ofUnnamed: text)
        default: .refused
        }
    }

    /// Older answers all begin with the same word.
    private static func code(ofUnnamed text: String) -> Code {
        let known: [(start: String, code: Code)] = [
            ("ERR Client sent AUTH, but no password is set", .authFailed),
            ("ERR AUTH <password> called without any password configured", .authFailed),
            ("ERR invalid password", .authFailed),
            ("ERR operation not permitted", .authFailed),
            ("ERR DB index is out of range", .badDatabase),
            ("ERR invalid DB index", .badDatabase),
            ("ERR SELECT is not allowed in cluster mode", .badDatabase),
            ("ERR max number of clients", .tooManyClients),
        ]
        return known.first { text.hasPrefix($0.start) }?.code ?? .refused
    }

    /// `MOVED 3999 host:port` and `ASK 3999 host:port`; the host may be IPv6, which has colons of its own.
    private static func redirection(_ words: [Substring]) -> RedisRedirection? {
        guard words.count >= 3, words[0] == "MOVED" || words[0] == "ASK",
            let slot = Int(words[1]), (0..<16_384).contains(slot),
            let colon = words[2].lastIndex(of: ":"),
            let port = Int(words[2][words[2].index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        return RedisRedirection(
            isPermanent: words[0] == "MOVED",
            slot: slot,
            host: String(words[2][..<colon]),
            port: port
        )
    }

    /// A server's words as one short line, without what it repeats of a command.
    static func printable(_ bytes: UnsafeRawBufferPointer) -> String {
        var text = String(decoding: bytes.prefix(4 * maxShown), as: UTF8.self)
        for echo in echoes {
            if let range = text.firstRange(of: echo) { text = String(text[..<range.lowerBound]) }
        }
        let isLong = bytes.count > 4 * maxShown || text.unicodeScalars.count > maxShown
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maxShown) {
            line.append(scalar.properties.generalCategory == .control ? "?" : scalar)
        }
        return String(line) + (isLong ? "…" : "")
    }
}
