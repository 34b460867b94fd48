// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Starts processes with their outputs connected to pipes.
enum ProcessLauncher {
    struct Spawned {
        let pid: pid_t
        let output: Int32
        let errors: Int32
        let watchdog: Watchdog?
    }

    /// One start at a time: between making a pipe and marking it as ours alone, no other program may start.
    private static let starting = Mutex<Void>(())

    static func launch(
        _ executable: String,
        _ arguments: [String],
        _ environment: [String: String],
        input: String?
    ) throws(ProcessFault) -> Spawned {
        let result = starting.withLock { _ -> Result<Spawned, ProcessFault> in
            Result { () throws(ProcessFault) in
                try start(executable, arguments, environment, input: input ?? "/dev/null")
            }
        }
        return try result.get()
    }

    private static func start(
        _ executable: String,
        _ arguments: [String],
        _ environment: [String: String],
        input: String
    ) throws(ProcessFault) -> Spawned {
        let output = try Pipe()
        let errors = try Pipe()
        let pid = try spawn(
            executable,
            [executable] + arguments,
            environment,
            streams: [.file(input), .descriptor(output.writing), .descriptor(errors.writing)]
        )
        close(output.writing)
        close(errors.writing)
        return Spawned(
            pid: pid,
            output: output.reading,
            errors: errors.reading,
            watchdog: Watchdog(over: pid)
        )
    }

    /// Where one of the three standard streams goes.
    enum Stream {
        case file(String)
        case descriptor(Int32)
    }

    static func spawn(
        _ executable: String,
        _ arguments: [String],
        _ environment: [String: String],
        streams: [Stream]
    ) throws(ProcessFault) -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in streams.enumerated() {
            switch stream {
            case .file(let path): posix_spawn_file_actions_addopen(&actions, Int32(number), path, O_RDWR, 0)
            case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
            }
        }
        // Libraries open sockets that a child would inherit, and so keep open for as long as it lives.
        let refusal = gohub_spawn_close_from(&actions, Int32(streams.count))
        guard refusal == 0 else {
            throw ProcessFault(.notStarted, "\(executable): \(String(cString: strerror(refusal)))")
        }
        // A group of its own, and signals as a shell would give them, whatever the tests have done to theirs.
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: Int(flags)))
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)

        var pid: pid_t = 0
        let failure = withCStrings(arguments) { arguments in
            withCStrings(merged(environment)) { environment in
                posix_spawnp(&pid, executable, &actions, &attributes, arguments, environment)
            }
        }
        guard failure == 0 else {
            throw ProcessFault(.notStarted, "\(executable): \(String(cString: strerror(failure)))")
        }
        return pid
    }

    private static func merged(_ additions: [String: String]) -> [String] {
        var all: [String] = []
        var place = environ
        while let entry = place.pointee {
            let text = String(cString: entry)
            if additions[String(text.prefix { $0 != "=" })] == nil { all.append(text) }
            place += 1
        }
        return all + additions.map { "\($0.key)=\($0.value)" }
    }

    private static func withCStrings<R>(
        _ strings: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }

    /// A pipe that no other child inherits.
    struct Pipe {
        let reading: Int32
        let writing: Int32

        init() throws(ProcessFault) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else {
                throw ProcessFault(.notStarted, "pipe: \(String(cString: strerror(errno)))")
            }
            reading = ends[0]
            writing = ends[1]
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// A shell that kills the group once our end of its pipe is closed, by us or by our sudden end.
    struct Watchdog {
        private let pid: pid_t
        private let leash: Int32

        init?(over group: pid_t) {
            guard let pipe = try? Pipe() else { return nil }
            defer { close(pipe.reading) }
            let program = "read -r line; kill -s KILL -- \"-$1\" 2>/dev/null"
            let pid = try? ProcessLauncher.spawn(
                "/bin/sh",
                ["sh", "-c", program, "watchdog", String(group)],
                [:],
                streams: [.descriptor(pipe.reading), .file("/dev/null"), .file("/dev/null")]
            )
            guard let pid else {
                close(pipe.writing)
                return nil
            }
            self.pid = pid
            leash = pipe.writing
        }

        /// Ends it without letting it bite.
        func dismiss() {
            kill(pid, SIGKILL)
            while waitpid(pid, nil, 0) < 0, errno == EINTR {}
            close(leash)
        }
    }
}
