// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubTLS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension CommandLine {
    /// The arguments as the system gave them, the program's name first.
    fileprivate static var unsafeArguments: [UnsafeMutablePointer<CChar>] {
        (0..<Int(argc)).compactMap { unsafeArgv[$0] }
    }
}

/// The program: finds the command, hands it its arguments, exits with its code.
@main
struct Gohub {
    static func main() {
        // Whatever is opened first would otherwise be taken for the log, or for standard input.
        guard gohub_open_standard_descriptors() == 0 else { exit(ExitCode.failure.rawValue) }
        TLSLibrary.stayUntilExit()
        for (index, argument) in CommandLine.unsafeArguments.enumerated() {
            guard String(validatingCString: argument) != nil else {
                Output.complain("argument \(index) is not UTF-8")
                exit(ExitCode.usage.rawValue)
            }
        }
        exit(run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    /// Runs a command line.
    static func run(_ arguments: [String]) -> ExitCode {
        guard let first = arguments.first, !first.hasPrefix("-") else {
            if arguments == ["--help"] || arguments == ["-h"] { return Output.write(Command.overview) ?? .success }
            if arguments == ["--version"] { return run(.version, []) }
            return run(.serve, arguments)
        }
        return Command.find(first).map { run($0, Array(arguments.dropFirst())) } ?? .usage
    }

    private static func run(_ command: Command, _ arguments: [String]) -> ExitCode {
        // Behind -- nothing is a flag.
        if arguments.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            return Output.write(command.help) ?? .success
        }
        do throws(Arguments.Fault) {
            return try command.run(try Arguments(arguments, flags: command.flags))
        } catch {
            Output.complain("\(error.message); `gohub \(command.name) --help` says more")
            return .usage
        }
    }
}
