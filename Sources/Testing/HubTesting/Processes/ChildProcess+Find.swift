// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ChildProcess {
    /// Where `PATH` has the program, or nil if it is not installed.
    package static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Whether tests must fail rather than be skipped when a server that they need is not installed: `scripts/test` says so.
    ///
    /// A gohub that a test starts ignores variables that begin with `GOHUB_TEST_`.
    package static var serversAreRequired: Bool {
        getenv("GOHUB_TEST_REQUIRE_SERVERS").map { String(cString: $0) } == "1"
    }
}
