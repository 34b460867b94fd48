// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus

/// What a connection says first, and what it takes for an answer.
///
/// All of it is sent at once. The last word is `PING`, by which a server that still loads its data, or wants a password,
/// shows itself before the connection counts as open.
package struct RedisHandshake: Sendable {
    struct Step: Sendable {
        let command: RedisCommand
        /// Whether a server that does not know or not allow the command is no server for us.
        let isRequired: Bool
    }

    /// The steps in their order, without the `PING` at the end.
    private var steps: [Step] = []
    /// What no message may show.
    private let password: BusSecret?
    private let user: String?
    /// The keys of the configuration that say who the node is.
    private let keys: String

    /// Puts the usual steps together.
    ///
    /// - Parameter user: The ACL user; with nil the password is that of the user `default`.
    /// - Parameter clientName: What `CLIENT LIST` shows; a server that does not allow to set it is taken all the same.
    /// - Parameter keys: The keys of the configuration that say who the node is, for messages.
    /// - Parameter database: The number of the database; 0 is selected without being said.
    package init(
        user: String? = nil,
        password: BusSecret? = nil,
        clientName: String? = nil,
        keys: String = "bus.redis.user and bus.redis.password_file",
        database: Int = 0
    ) {
        self.user = user
        self.keys = keys
        self.password = password
        if let password {
            var command = RedisCommand("AUTH")
            if let user { command.append(user.utf8) }
            command.append(password.value.utf8)
            append(command)
        }
        if let clientName { append(RedisCommand("CLIENT", "SETNAME", clientName), isRequired: false) }
        if database != 0 { append(RedisCommand("SELECT", String(database))) }
    }

    /// Adds a step, whose answer may be anything but an error.
    ///
    /// - Parameter isRequired: Whether an error ends the connection; if not, only one that the `PING` has too does.
    package mutating func append(_ command: RedisCommand, isRequired: Bool = true) {
        steps.append(Step(command: command, isRequired: isRequired))
    }

    /// All steps, with the last one.
    var allSteps: [Step] { steps + [Step(command: RedisCommand("PING"), isRequired: true)] }

    /// What an answer means for the connection; nil if it goes on.
    func failure(of step: Step, reply: RESPReply, at address: String) -> RedisError? {
        guard let error = reply.error(to: "\(address) answers to \(step.command)") else { return nil }
        // Whoever may do nothing but publish and subscribe may not ping either, but is known to the server.
        guard step.isRequired, step.command.description != "PING" || error.code != .noPermission else { return nil }
        if step.command.description == "AUTH" { return authFailure(error, at: address) }
        let advice = error.code == .authFailed ? " (see \(keys))" : ""
        return RedisError(error.code, hidingSecret(error.message) + advice, redirection: error.redirection)
    }

    /// Says what is wrong with the password in words that help; servers of all ages have their own.
    private func authFailure(_ error: RedisError, at address: String) -> RedisError {
        let message = hidingSecret(error.message)
        let needsAdvice = error.code == .authFailed || error.code == .refused
        guard needsAdvice else { return RedisError(error.code, message) }
        if message.contains("without any password configured") || message.contains("no password is set") {
            return RedisError(.authFailed, message + " (the server wants no password: give none in \(keys))")
        }
        if message.contains("wrong number of arguments") {
            return RedisError(
                .authFailed,
                message + " (a server before Redis 6 knows no users: give the password alone)"
            )
        }
        return RedisError(.authFailed, message + " (see \(keys))")
    }

    private func hidingSecret(_ message: String) -> String {
        guard let password, !password.value.isEmpty else { return message }
        return message.replacing(password.value, with: password.description)
    }
}
