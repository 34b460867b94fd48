// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubFuzz
import HubLoop
import HubRedis
import HubTesting

/// Notes all that a connection tells, and does what the test wants done.
final class Recorder: RedisConnectionHandler {
    struct Push: Equatable {
        var kind: RedisPush.Kind
        var channel: String
        var payload: String
        var pattern: String?
        var subscriptions: Int64?
    }

    struct Answer: Equatable {
        var token: UInt64
        var value: RESPValue
    }

    private(set) var openings = 0
    private(set) var answers: [Answer] = []
    private(set) var pushes: [Push] = []
    private(set) var errors: [RedisError] = []
    private(set) var roomReports = 0
    var onAnswer: ((RedisConnection, UInt64) -> Void)?
    var onPush: ((RedisConnection) -> Void)?
    var onRoom: ((RedisConnection) -> Void)?
    /// Counts answers instead of keeping them, for many.
    var onlyCounts = false
    private(set) var answerCount = 0

    func connectionOpened(_ connection: RedisConnection) { openings += 1 }

    func connection(_ connection: RedisConnection, answered token: UInt64, with reply: RESPReply) {
        answerCount += 1
        if !onlyCounts { answers.append(Answer(token: token, value: RESPValue(reply))) }
        onAnswer?(connection, token)
    }

    func connection(_ connection: RedisConnection, pushed push: RedisPush) {
        pushes.append(
            Push(
                kind: push.kind,
                channel: String(decoding: push.channel, as: UTF8.self),
                payload: String(decoding: push.payload, as: UTF8.self),
                pattern: push.pattern.map { String(decoding: $0, as: UTF8.self) },
                subscriptions: push.subscriptions
            )
        )
        onPush?(connection)
    }

    func connectionHasRoom(_ connection: RedisConnection) {
        roomReports += 1
        onRoom?(connection)
    }

    func connection(_ connection: RedisConnection, closed error: RedisError) { errors.append(error) }

    var values: [RESPValue] { answers.map(\.value) }
    var code: RedisError.Code? { errors.first?.code }
}

extension RedisConnection {
    func publish(_ channel: String, _ payload: [UInt8], token: UInt64 = 0) throws {
        try publish(to: Array(channel.utf8), EncodedEnvelope(payload), token: token)
    }

    func publish(_ channel: String, _ payload: String, token: UInt64 = 0) throws {
        try publish(channel, Array(payload.utf8), token: token)
    }

    func subscribe(_ kind: RedisSubscriptionKind, _ channels: String..., token: UInt64 = 0) throws {
        try subscribe(kind, to: channels.map { Array($0.utf8) }, token: token)
    }

    func unsubscribe(_ kind: RedisSubscriptionKind, _ channels: String..., token: UInt64 = 0) throws {
        try unsubscribe(kind, from: channels.map { Array($0.utf8) }, token: token)
    }
}
