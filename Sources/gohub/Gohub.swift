// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@main
struct Gohub {
    static func main() {
        var configuration = Configuration()
        var arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "serve" { arguments = arguments.dropFirst() }
        if let addr = arguments.first { configuration.server.addr = addr }
        exit(ServeCommand.run(configuration))
    }
}
