// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import PackageDescription

/// What every Swift target is compiled with: strict, and nothing imported that is not named.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
    // The dynamic checks were 37 % of the instructions that a delivery costs outside of the kernel; debug builds, and so
    // all tests, have them.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A C library of the system: a module map and a shim header.
func library(_ name: String, pkgConfig: String?, apt: String, brew: String) -> Target {
    .systemLibrary(
        name: name,
        path: "Sources/CLibraries/\(name)",
        pkgConfig: pkgConfig,
        providers: [.apt([apt]), .brew([brew])]
    )
}

/// A Swift target on one floor of Sources.
func part(_ floor: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "gohub",
    products: [
        .executable(name: "gohub", targets: ["gohub"]),
        .executable(name: "Echo", targets: ["Echo"]),
    ],
    targets: [
        // The C libraries, and our own C.
        library("CUV", pkgConfig: "libuv", apt: "libuv1-dev", brew: "libuv"),
        library("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev", brew: "openssl@3"),
        library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev", brew: "zlib"),
        library("CYaml", pkgConfig: "yaml-0.1", apt: "libyaml-dev", brew: "libyaml"),
        // Without its pkg-config file, which has a flag that the package manager warns about.
        library("CHiredis", pkgConfig: nil, apt: "libhiredis-dev", brew: "hiredis"),
        library("CNats", pkgConfig: nil, apt: "libnats-dev", brew: "cnats"),
        .target(
            name: "CGohub",
            cSettings: [.treatAllWarnings(as: .error)]
                // The commit, which scripts/build tells; part of one C file, so that a new commit builds no more than that.
                + (Context.environment["GOHUB_REVISION"].map { [.define("GOHUB_REVISION", to: "\"\($0)\"")] } ?? [])
        ),

        // The ground floor: Swift, and of our own C what needs no library.
        part("Ground", "HubWire"),
        part("Ground", "HubMetrics", ["CGohub"]),
        part("Ground", "HubLog", ["CGohub"]),

        // The hub and its bus; the loops beside them.
        part("Hub", "HubBus", ["HubWire", "HubMetrics", "HubLog"]),
        part("Hub", "HubCore", ["HubWire", "HubMetrics", "HubLog"]),
        part("System", "HubLoop", ["CUV", "CGohub", "HubMetrics", "HubLog"]),
        part("System", "HubTLS", ["COpenSSL"]),
        part("Hub", "HubConfig", ["CYaml", "HubLog"]),

        // One node's hub and its bus together.
        part("Hub", "HubBridge", ["HubWire", "HubMetrics", "HubLog", "HubBus", "HubCore"]),

        // What clients connect to.
        part(
            "Hub",
            "HubServer",
            ["COpenSSL", "CZlib", "CGohub", "HubWire", "HubMetrics", "HubLog", "HubCore", "HubLoop"]
        ),

        // What connects the nodes: one target a bus, none visible to another.
        part("Buses", "HubRedis", ["CHiredis", "HubWire", "HubBus", "HubLoop", "HubTLS"]),
        part("Buses", "HubNATS", ["CNats", "HubWire", "HubBus", "HubLoop", "HubTLS", "HubMetrics", "HubLog"]),

        // For tests: virtual clock, fake transport, fixtures.
        part(
            "Testing",
            "HubTesting",
            [
                "COpenSSL", "CGohub", "HubWire", "HubMetrics", "HubLog", "HubBus", "HubCore", "HubBridge", "HubLoop",
                "HubServer",
            ]
        ),

        // What must hold of parsers for every input: run over a corpus by the tests, and by scripts/fuzz.
        .target(
            name: "HubFuzz",
            dependencies: ["HubWire", "HubBus", "HubBridge", "HubRedis"],
            path: "Fuzz",
            exclude: ["corpus"],
            swiftSettings: strict
        ),

        // The one place that knows every part.
        .executableTarget(
            name: "gohub",
            dependencies: [
                "CGohub", "HubWire", "HubMetrics", "HubLog", "HubBus", "HubCore", "HubBridge", "HubLoop", "HubTLS",
                "HubServer", "HubRedis", "HubNATS", "HubConfig",
            ],
            path: "Sources/Program/gohub",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Echo",
            dependencies: ["HubMetrics", "HubLog", "HubCore", "HubLoop", "HubServer"],
            path: "Examples/Echo",
            swiftSettings: strict
        ),

        // What the registry costs; the C target stands before malloc and counts.
        .target(name: "CAllocCount", path: "Benchmarks/CAllocCount", cSettings: [.treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "AllocationProbe",
            dependencies: ["CAllocCount", "HubMetrics", "HubCore", "HubWire"],
            path: "Benchmarks/AllocationProbe",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "BusBench",
            dependencies: [
                "HubWire", "HubMetrics", "HubLog", "HubBus", "HubCore", "HubBridge", "HubLoop", "HubTLS", "HubRedis",
                "HubNATS",
            ],
            path: "Benchmarks/BusBench",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "RegistryBench",
            dependencies: ["HubMetrics"],
            path: "Benchmarks/RegistryBench",
            swiftSettings: strict
        ),

        tests("HubWireTests", ["HubWire", "HubFuzz", "HubTesting"]),
        tests("HubMetricsTests", ["HubMetrics", "HubWire", "HubTesting"]),
        tests("HubLogTests", ["HubLog", "CGohub", "HubTesting"]),
        tests("HubBusTests", ["HubBus", "HubWire", "HubMetrics", "HubLog", "HubTesting"]),
        tests("HubBridgeTests", ["HubBridge", "HubBus", "HubCore", "HubWire", "HubMetrics", "HubLog", "HubTesting"]),
        tests("HubCoreTests", ["HubCore", "HubWire", "HubMetrics", "HubTesting"]),
        tests("HubLoopTests", ["HubLoop", "HubMetrics", "HubTesting"]),
        tests("HubTLSTests", ["COpenSSL", "CGohub", "HubTLS", "HubTesting"]),
        tests(
            "HubServerTests",
            ["CZlib", "CGohub", "HubServer", "HubCore", "HubLoop", "HubWire", "HubMetrics", "HubLog", "HubTesting"]
        ),
        tests("HubConfigTests", ["HubConfig", "HubLog"]),
        tests(
            "HubRedisTests",
            ["CHiredis", "HubFuzz", "HubRedis", "HubBus", "HubLog", "HubMetrics", "HubLoop", "HubTLS", "HubTesting"]
        ),
        tests(
            "HubNATSTests",
            ["CNats", "HubNATS", "HubWire", "HubBus", "HubLog", "HubMetrics", "HubLoop", "HubTLS", "HubTesting"]
        ),
        tests("HubTestingTests", ["HubTesting", "HubWire", "HubMetrics"], exclude: ["Fixtures"]),
        tests(
            "GohubTests",
            [
                "gohub", "HubWire", "HubMetrics", "HubLog", "HubBus", "HubCore", "HubBridge", "HubLoop", "HubTLS",
                "HubServer", "HubRedis", "HubNATS", "HubConfig", "HubTesting",
            ]
        ),
        tests(
            "IntegrationTests",
            ["HubTesting", "HubWire", "HubBus", "HubLoop", "HubRedis", "HubNATS", "HubTLS", "HubMetrics", "HubLog"]
        ),
    ],
    swiftLanguageModes: [.v6]
)
