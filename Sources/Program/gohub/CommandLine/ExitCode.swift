// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What the process says to whoever started it; the numbers of sysexits.h where there is one.
enum ExitCode: Int32 {
    /// Done.
    case success = 0
    /// It was tried and did not work.
    case failure = 1
    /// The command line is wrong.
    case usage = 64
    /// The hub cannot be reached, or does not let the client in.
    case unavailable = 69
    /// Another process has what this one needs: a node's name, for example.
    case inUse = 73
    /// The configuration is wrong.
    case configuration = 78
    /// Ended by a second signal.
    case interrupted = 130
}
