// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Registry {
    /// Registers `gohub_build_info`: which build this is.
    ///
    /// - Parameter revision: The commit it was built from.
    package func registerBuild(version: String, revision: String) {
        info(
            "gohub_build_info",
            help: "The version that runs here, the commit it was built from, and the compiler.",
            labels: [
                (name: "version", value: version), (name: "revision", value: revision),
                (name: "swift_version", value: SwiftCompiler.version),
            ],
            shown: .dashboard(.overview)
        )
    }
}

/// The compiler that built this.
enum SwiftCompiler {
    /// Its version as far as a program can tell.
    static var version: String {
        #if compiler(>=6.5)
            "6.5 or later"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
