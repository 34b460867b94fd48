// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Child processes of tests")
struct ChildProcessTests {
    @Test("output, errors, exit code, environment and input are what the program made of them")
    func runs() async throws {
        let result = try await ChildProcess.run(
            "sh",
            ["-c", "cat; echo \"$COLOUR\"; echo bad >&2; exit 3"],
            environment: ["COLOUR": "blue"],
            input: Array("in\n".utf8)
        )
        #expect(result.ending == .exited(3))
        #expect(result.output == "in\nblue\n")
        #expect(result.errors == "bad\n")
    }

    @Test("more output than a pipe holds arrives whole")
    func readsMuch() async throws {
        let result = try await ChildProcess.run("sh", ["-c", "yes 0123456789 | head -c 1000000"])
        #expect(result.output.utf8.count == 1_000_000)
    }

    @Test("a program that does not exist is said so")
    func notFound() {
        let fault = #expect(throws: ProcessFault.self) { try ChildProcess("gohub-has-no-such-program") }
        #expect(fault?.code == .notStarted)
        #expect(ChildProcess.find("gohub-has-no-such-program") == nil)
        #expect(ChildProcess.find("sh") != nil)
    }

    @Test("a line is found when it comes, also if it is the last word of the process")
    func waitsForLine() async throws {
        let child = try ChildProcess("sh", ["-c", "echo hello >&2; echo port=4711"])
        let port = try await child.waitForLine("the port") { line in
            line.split(separator: "port=").first.flatMap { Int($0) }
        }
        #expect(port == 4711)
    }

    @Test("waiting ends with the process, and the failure shows what it said")
    func endsEarly() async throws {
        let child = try ChildProcess("sh", ["-c", "echo no such luck; exit 1"])
        let fault = await #expect(throws: ProcessFault.self) {
            try await child.waitForLine("a line that never comes") { $0 == "luck" ? true : nil }
        }
        #expect(fault?.code == .ended)
        #expect(fault?.message.contains("no such luck") == true)
    }

    @Test("a process that ignores SIGTERM is killed, and its children with it")
    func stopsStubborn() async throws {
        let child = try ChildProcess("sh", ["-c", "trap '' TERM; sleep 1000 & echo $!; wait; wait"])
        let grandchild = try await child.waitForLine("the grandchild") { Int32($0) }
        #expect(await child.stop(within: .milliseconds(200)) == .signalled(SIGKILL))
        try await expectGone(grandchild)
    }

    @Test("SIGTERM is enough for one that listens")
    func stopsGently() async throws {
        let child = try ChildProcess(
            "sh",
            ["-c", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"]
        )
        _ = try await child.waitForLine("the start") { $0 == "ready" ? true : nil }
        #expect(await child.stop() == .exited(0))
        #expect(child.output.text == "ready\nbye\n")
        #expect(await child.stop() == .exited(0))
    }

    @Test("a frozen process does nothing until it is let go, and ends although it is frozen")
    func freezes() async throws {
        let child = try ChildProcess("sh", ["-c", "echo ready; while :; do echo tick; sleep 0.01; done"])
        _ = try await child.waitForLine("the start") { $0 == "ready" ? true : nil }
        try await child.freeze()
        child.signal(SIGTERM)
        #expect(child.ending == nil)
        child.thaw()
        #expect(try await child.waitUntilEnded() == .signalled(SIGTERM))
        let other = try ChildProcess("sleep", ["1000"])
        try await other.freeze()
        #expect(await other.stop(within: .milliseconds(100)) == .signalled(SIGKILL))
    }

    @Test("a process that nobody holds any more is gone")
    func dropped() async throws {
        var child: ChildProcess? = try ChildProcess("sleep", ["1000"])
        let pid = try #require(child?.pid)
        child = nil
        try await expectGone(pid)
    }

    @Test("a process is gone after the tests themselves have crashed")
    func outlivesNobody() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardOutputContent]) {
            let child = try ChildProcess("sleep", ["1000"])
            print("pid=\(child.pid)")
            fflush(nil)
            withExtendedLifetime(child) { abort() }
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let field = output.split(separator: "\n").compactMap { $0.split(separator: "pid=").last }
        let pid = try #require(field.compactMap { Int32($0) }.first)
        try await expectGone(pid)
    }

    private func expectGone(_ pid: Int32) async throws {
        let gone = try await eventually("the end of process \(pid)") { isGone(pid) ? true : nil }
        #expect(gone)
    }

    /// Gone, or dead and waiting for somebody to notice, which is not our business for a process that we did not start.
    private func isGone(_ pid: Int32) -> Bool {
        if kill(pid, 0) != 0 { return true }
        guard let status = try? TestFile.read("/proc/\(pid)/stat") else { return false }
        return String(decoding: status, as: UTF8.self).split(separator: ") ").last?.first == "Z"
    }
}
