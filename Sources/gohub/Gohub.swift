// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig

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
            if arguments == ["--help"] || arguments == ["-h"] {
                Output.write(Command.overview)
                return .success
            }
            if arguments == ["--version"] { return run(.version, []) }
            return run(.serve, arguments)
        }
        if first == "help" {
            let command = Command.all.first { $0.name == arguments.dropFirst().first }
            Output.write(command?.help ?? Command.overview)
            return .success
        }
        guard let command = Command.all.first(where: { $0.name == first }) else {
            let near = Suggestion.nearest(to: first, among: Command.all.map(\.name))
            let hint = near.map { " (did you mean \($0)?)" } ?? ""
            Output.complain("there is no command \"\(first)\"\(hint); `gohub --help` lists them")
            return .usage
        }
        return run(command, Array(arguments.dropFirst()))
    }

    private static func run(_ command: Command, _ arguments: [String]) -> ExitCode {
        // Behind -- nothing is a flag.
        if arguments.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            Output.write(command.help)
            return .success
        }
        do throws(Arguments.Fault) {
            return try command.run(try Arguments(arguments, flags: command.flags))
        } catch {
            Output.complain("\(error.message); `gohub \(command.name) --help` says more")
            return .usage
        }
    }
}
