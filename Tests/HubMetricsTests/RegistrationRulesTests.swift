// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

@Suite("Registration")
struct RegistrationRulesTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let type: MetricType
        var labels: [LabelDescription] = []
        var buckets: [Double] = []
        var help = "Help."
        var unit: MetricUnit?
        let code: RegistrationError.Code?
        var testDescription: String { "\(type) \(name) \(labels.map(\.name)) -> \(code?.rawValue ?? "allowed")" }

        var family: FamilyDescription {
            var family = FamilyDescription(
                name: name,
                type: type,
                labels: labels,
                buckets: buckets,
                help: help,
                shown: .diagnostic
            )
            if let unit { family.unit = unit }
            return family
        }
    }

    static func label(_ name: String, _ values: String...) -> LabelDescription {
        LabelDescription(name: name, values: values.isEmpty ? nil : values)
    }

    static func code(of body: () throws(RegistrationError) -> Void) -> RegistrationError.Code? {
        do throws(RegistrationError) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "checks each family by itself",
        arguments: [
            Case(name: "a_total", type: .counter, code: nil),
            Case(name: "a_info", type: .info, code: nil),
            Case(name: "a", type: .stateSet, labels: [label("a", "x")], code: nil),
            Case(name: "a_seconds", type: .histogram, buckets: [1, 2], code: nil),
            Case(name: "9a", type: .gauge, code: .badName),
            Case(name: "a:b", type: .gauge, code: .badName),
            Case(name: "é", type: .gauge, code: .badName),
            Case(name: "", type: .gauge, code: .badName),
            Case(name: String(repeating: "a", count: 201), type: .gauge, code: .badName),
            Case(name: "a", type: .counter, code: .badSuffix),
            Case(name: "_total", type: .counter, code: .badSuffix),
            Case(name: "a", type: .info, code: .badSuffix),
            Case(name: "a_total", type: .gauge, code: .badSuffix),
            Case(name: "a_total_total", type: .counter, code: .badSuffix),
            Case(name: "a_count", type: .gauge, code: .badSuffix),
            Case(name: "a_sum", type: .gauge, code: .badSuffix),
            Case(name: "a_bucket", type: .histogram, buckets: [1], code: .badSuffix),
            Case(name: "a_info", type: .gauge, code: .badSuffix),
            Case(name: "a_created", type: .gauge, code: .badSuffix),
            Case(name: "a", type: .gauge, unit: .seconds, code: .badUnit),
            Case(name: "a_bytes", type: .gauge, unit: MetricUnit.none, code: .badUnit),
            Case(name: "a", type: .gauge, help: "", code: .badHelp),
            Case(name: "a", type: .gauge, help: " \n", code: .badHelp),
            Case(name: "a", type: .gauge, help: "a\r", code: .badHelp),
            Case(name: "a", type: .gauge, help: "a\0", code: .badHelp),
            Case(name: "a", type: .gauge, labels: [label("le", "x")], code: .badLabelName),
            Case(name: "a", type: .gauge, labels: [label("__x", "x")], code: .badLabelName),
            Case(name: "a", type: .gauge, labels: [label("x-y", "x")], code: .badLabelName),
            Case(name: "a", type: .stateSet, labels: [label("b", "x")], code: .badLabelName),
            Case(name: "a", type: .gauge, labels: [label("x", "x"), label("x", "y")], code: .duplicateLabel),
            Case(name: "a", type: .gauge, labels: [LabelDescription(name: "x", values: [])], code: .badLabelValue),
            Case(name: "a", type: .gauge, labels: [label("x", "")], code: .badLabelValue),
            Case(name: "a", type: .gauge, labels: [label("x", "y", "y")], code: .badLabelValue),
            Case(name: "a", type: .gauge, labels: [label("x", "y\0")], code: .badLabelValue),
            Case(
                name: "a",
                type: .gauge,
                labels: [
                    LabelDescription(name: "x", values: (0..<51).map(String.init)),
                    LabelDescription(name: "y", values: (0..<40).map(String.init)),
                ],
                code: .tooManySeries
            ),
            Case(name: "a", type: .gauge, buckets: [1], code: .badBuckets),
            Case(name: "a", type: .histogram, code: .badBuckets),
            Case(name: "a", type: .histogram, buckets: [1, 1], code: .badBuckets),
            Case(name: "a", type: .histogram, buckets: [.infinity], code: .badBuckets),
        ]
    )
    func alone(_ test: Case) {
        #expect(
            Self.code { () throws(RegistrationError) in try RegistrationRules.validate(test.family) } == test.code
        )
    }

    @Test(
        "O8 refuses names that would clash by their suffixes",
        arguments: [
            ("x_total", .counter, "x", .gauge), ("x_total", .counter, "x", .histogram),
            ("x_total", .counter, "x_info", .info),
            ("x", .histogram, "x", .gauge), ("x", .histogram, "x_info", .info), ("x", .gauge, "x_info", .info),
            ("x", .stateSet, "x_total", .counter),
        ] as [(String, MetricType, String, MetricType)]
    )
    func clashes(first: String, firstType: MetricType, second: String, secondType: MetricType) {
        let one = Self.family(first, firstType)
        let other = Self.family(second, secondType)
        let expected: RegistrationError.Code = first == second ? .duplicate : .clash
        for (family, others) in [(one, [other]), (other, [one])] {
            let code = Self.code { () throws(RegistrationError) in
                try RegistrationRules.validate(family, against: others)
            }
            #expect(code == expected)
        }
    }

    static func family(_ name: String, _ type: MetricType) -> FamilyDescription {
        FamilyDescription(
            name: name,
            type: type,
            labels: type == .stateSet ? [label(name, "on")] : [],
            buckets: type == .histogram ? [1] : [],
            help: "Help.",
            shown: .diagnostic
        )
    }

    @Test("lets names stand side by side that only look alike")
    func noClash() throws {
        let others = [
            Self.family("x_total", .counter), Self.family("x_bytes_total", .counter), Self.family("y", .gauge),
            Self.family("y_max", .gauge), Self.family("z_seconds", .histogram), Self.family("z_seconds_limit", .gauge),
        ]
        for (index, family) in others.enumerated() {
            try RegistrationRules.validate(
                family,
                against: others.enumerated().filter { $0.offset != index }.map(\.element)
            )
        }
    }

    @Test("stops the program at a family that breaks a rule")
    func stops() async {
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.gauge("a", help: "A.", shown: .diagnostic)
            _ = registry.counter("a_total", help: "A.", shown: .diagnostic)
        }
        await #expect(processExitsWith: .failure) {
            _ = Registry().histogram("a_bytes", help: "A.", buckets: .milliseconds, shown: .diagnostic)
        }
        await #expect(processExitsWith: .failure) {
            _ = Registry().secondsCounter("a_total", help: "A.", shown: .diagnostic)
        }
    }

    @Test("stops the program at a label that is not an enum of plain cases")
    func badLabelTypes() async {
        await #expect(processExitsWith: .failure) {
            _ = Registry().counter("a_total", help: "A.", by: Wide.self, shown: .diagnostic)
        }
        await #expect(processExitsWith: .failure) {
            _ = Registry().counter("a_total", help: "A.", by: Reversed.self, shown: .diagnostic)
        }
    }

    /// A label type that is no enum.
    struct Wide: MetricLabel {
        static var labelName: String { "x" }
        static var allCases: [Wide] { [Wide(labelValue: "a"), Wide(labelValue: "b")] }
        var labelValue: String
    }

    /// An enum whose cases are not listed as declared.
    enum Reversed: String, MetricLabel {
        case a, b
        static var labelName: String { "x" }
        static var allCases: [Reversed] { [.b, .a] }
    }

    @Test("L2 every name that the registry brings along is well formed by the naming lint")
    func ownNames() throws {
        let registry = Registry()
        registry.registerProcess()
        registry.registerRuntime()
        registry.registerBuild(version: "1.0", revision: "abc")
        registry.registerSelfMetrics()
        let findings = NamingLint().findings(in: try registry.read(.text004))
        #expect(findings.isEmpty, "\(findings)")
    }
}
