// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubTesting
import Testing

@testable import gohub

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A file with a password")
struct PasswordFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func read(_ contents: String) throws -> String? {
        try PasswordFile(path: directory.write(contents.utf8, to: "password")).read().value
    }

    @Test(
        "is read without the ends of lines at its end",
        arguments: [("secret", "secret"), ("secret\n", "secret"), ("secret\r\n\n", "secret"), (" a\nb \n", " a\nb ")]
    )
    func password(contents: String, password: String) throws {
        #expect(try read(contents) == password)
    }

    @Test("is read anew each time")
    func again() throws {
        #expect(try read("one") == "one")
        #expect(try read("two") == "two")
    }

    @Test(
        "is refused when it holds no password",
        arguments: [
            ("", "it is empty"), ("\n\n", "it is empty"), (String(repeating: "x", count: 4097), "more than 4096"),
        ]
    )
    func noPassword(contents: String, reason: String) throws {
        let error = #expect(throws: BusSecretError.self) { try read(contents) }
        #expect(error?.message.contains(reason) == true)
    }

    @Test("is refused, and waited for by nobody, when it is a directory, a pipe, or not there")
    func noFile() throws {
        let pipe = "\(directory.path)/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for (path, reason) in [
            (directory.path, "not a regular file"), (pipe, "not a regular file"),
            ("\(directory.path)/none", "No such file"),
        ] {
            let error = #expect(throws: BusSecretError.self) { try PasswordFile(path: path).read() }
            #expect(error?.message.contains(reason) == true)
            #expect(error?.message.contains(path) == true)
        }
    }
}
