// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program that a test runs: its output is captured, and it ends with the test whatever becomes of it.
///
/// The process leads a group of its own. The group is killed by ``stop(within:)``, when the last reference goes away,
/// and, should the tests themselves crash, by a watchdog that sees its pipe to us close. No process is ever looked up by
/// name. Until the process was reaped its number cannot be given to another, and no signal is sent after that.
package final class ChildProcess: Sendable {
    package let name: String
    package let pid: Int32
    package let output = CapturedOutput()
    package let errors = CapturedOutput()

    /// How a process ended.
    package enum Ending: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    private let life: ProcessLife

    /// Starts a program.
    ///
    /// - Parameter executable: A path, or a name to look for in `PATH`.
    /// - Parameter environment: Added to that of the tests.
    /// - Parameter input: The file to read from; nothing to read when nil.
    /// - Throws: ``ProcessFault`` `.notStarted`.
    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: String? = nil
    ) throws(ProcessFault) {
        name = executable.split(separator: "/").last.map(String.init) ?? executable
        let spawned = try ProcessLauncher.launch(executable, arguments, environment, input: input)
        pid = spawned.pid
        life = ProcessLife(pid: spawned.pid, watchdog: spawned.watchdog)
        output.capture(spawned.output)
        errors.capture(spawned.errors)
        life.watch()
    }

    deinit {
        life.signal(SIGKILL)
    }

    /// How it ended; nil while it runs.
    package var ending: Ending? { life.ending }

    /// Sends the process itself a signal; does nothing when it has ended.
    package func signal(_ number: Int32) {
        life.signal(number, toGroup: false)
    }

    /// Asks it to end with SIGTERM, and kills its group when it takes too long.
    @discardableResult
    package func stop(within limit: Duration = .seconds(5)) async -> Ending? {
        life.signal(SIGTERM, toGroup: false)
        if let ending = try? await waitUntilEnded(within: limit) { return ending }
        life.signal(SIGKILL)
        return try? await waitUntilEnded(within: limit)
    }

    /// Waits for its end, and for all of its output.
    package func waitUntilEnded(within limit: Duration = .seconds(30)) async throws -> Ending {
        try await eventually("the end of \(name)", within: limit) {
            output.isComplete && errors.isComplete ? ending : nil
        }
    }

    /// Waits until `probe` has an answer, and fails at once when the process ends before.
    package func wait<Answer: Sendable>(
        for what: String,
        within limit: Duration = .seconds(30),
        _ probe: () async throws -> Answer?
    ) async throws -> Answer {
        do {
            return try await eventually(what, within: limit) {
                // Asked first, and with all that it wrote: what the process did just before its end is still an answer.
                let ended = output.isComplete && errors.isComplete ? ending : nil
                if let answer = try await probe() { return answer }
                if let ended { throw ProcessFault(.ended, "\(name) ended (\(ended)) before \(what)") }
                return nil
            }
        } catch let fault as ProcessFault {
            throw ProcessFault(fault.code, "\(fault.message)\n\(errors.tail())\n\(output.tail())")
        }
    }

    /// Waits for a line on either output for which `match` returns something.
    package func waitForLine<Answer: Sendable>(
        _ what: String,
        within limit: Duration = .seconds(30),
        _ match: (Substring) -> Answer?
    ) async throws -> Answer {
        try await wait(for: what, within: limit) {
            for line in errors.lines + output.lines {
                if let answer = match(line) { return answer }
            }
            return nil
        }
    }

    /// Runs a program to its end.
    ///
    /// - Parameter input: What it reads on its standard input.
    package static func run(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: [UInt8] = [],
        within limit: Duration = .seconds(60)
    ) async throws -> (ending: Ending, output: String, errors: String) {
        let directory = try TemporaryDirectory()
        let file = try directory.write(input, to: "input")
        defer { withExtendedLifetime(directory) {} }
        let child = try ChildProcess(executable, arguments, environment: environment, input: file)
        let ending = try await child.waitUntilEnded(within: limit)
        return (ending, child.output.text, child.errors.text)
    }
}

/// Owns the process's number: signals go out only before it is reaped.
final class ProcessLife: Sendable {
    private struct State {
        var isReaped = false
        var ending: ChildProcess.Ending?
        /// Killed as soon as the process has ended, before its number can become another's.
        var watchdog: ProcessLauncher.Watchdog?
    }

    private let pid: pid_t
    private let state: Mutex<State>

    init(pid: pid_t, watchdog: ProcessLauncher.Watchdog?) {
        self.pid = pid
        state = Mutex(State(watchdog: watchdog))
    }

    var ending: ChildProcess.Ending? { state.withLock(\.ending) }

    func signal(_ number: Int32, toGroup: Bool = true) {
        state.withLock { state in
            if !state.isReaped { kill(toGroup ? -pid : pid, number) }
        }
    }

    /// Reaps the process on a thread of its own, after all that it left behind in its group was killed.
    func watch() {
        Blocking.detach { [self] in
            var information = siginfo_t()
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            state.withLock { state in
                state.watchdog?.dismiss()
                state.watchdog = nil
                kill(-pid, SIGKILL)
                var status: Int32 = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                state.isReaped = true
                let signal = status & 0x7F
                state.ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
            }
        }
    }
}
