// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The program: finds the command, hands it its arguments, exits with its code.
@main
struct Gohub {
    static func main() {
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
            Output.complain("there is no command \"\(first)\"; `gohub --help` lists them")
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
