// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ChildProcess {
    /// Stops the process where it is, as a debugger would, and waits until it stands still; its sockets stay open.
    package func freeze() async throws {
        signal(SIGSTOP)
        _ = try await wait(for: "\(name) to stand still") {
            var information = siginfo_t()
            let status = waitid(P_PID, id_t(pid), &information, WSTOPPED | WNOHANG | WNOWAIT)
            return status == 0 && information.si_signo == SIGCHLD ? true : nil
        }
    }

    /// Lets the process go on after ``freeze()``.
    package func thaw() {
        signal(SIGCONT)
    }
}
