// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubWire
import Testing

@Suite("The catalogue")
struct CatalogueTests {
    static func registry() -> Registry {
        let registry = Registry()
        _ = registry.gauge("b_value", help: "A | B\nand \"more\" \\ \u{1}é.", shown: .dashboard(.bus))
        _ = registry.histogram(
            "a_seconds",
            help: "Time.",
            by: Transport.self,
            Scope.self,
            buckets: .custom(seconds: [0.25, 1]),
            shown: .dashboard(.delivery)
        )
        _ = registry.dynamicCounter("c_total", help: "Counted.", labels: ["peer"], limit: 32, shown: .diagnostic)
        _ = registry.stateSet("d_state", help: "State.", of: Only.self, shown: .dashboard(.bus))
        return registry
    }

    @Test("lists what was registered, by name")
    func lists() {
        let catalogue = Self.registry().catalogue
        #expect(catalogue.map(\.name) == ["a_seconds", "b_value", "c_total", "d_state"])
        #expect(catalogue[0].labels.map(\.values) == [["ws", "sse"], ["room", "user", "broadcast"]])
        #expect(catalogue[0].buckets == [0.25, 1])
        #expect(catalogue[2].labels == [LabelDescription(name: "peer")])
        #expect(catalogue[2].seriesLimit == 32)
    }

    @Test("is printed as Markdown, by dashboard, whatever the order of registration")
    func markdown() {
        let expected = """
            ## Delivery and slow clients

            | name | type | labels | what it says |
            |---|---|---|---|
            | `a_seconds` | histogram, seconds | `transport`: `ws`, `sse`; `scope`: `room`, `user`, `broadcast` | Time. \
            Buckets: 0.25, 1.0. |

            ## Bus

            | name | type | labels | what it says |
            |---|---|---|---|
            | `b_value` | gauge |  | A \\| B<br>and "more" \\ \u{1}é. |
            | `d_state` | stateset | `d_state`: `one` | State. |

            ## Diagnostics

            | name | type | labels | what it says |
            |---|---|---|---|
            | `c_total` | counter | `peer` | Counted. At most 32 series. |

            """
        #expect(Catalogue.markdown(Self.registry().catalogue) == expected)
        #expect(Catalogue.markdown(Self.registry().catalogue.reversed()) == expected)
        #expect(Catalogue.markdown([]) == "")
    }

    @Test("is printed as JSON that a strict reader takes")
    func json() throws {
        let text = Catalogue.json(Self.registry().catalogue)
        try Array(text.utf8).withUnsafeBytes { try JSONReader.validate($0) }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 6)
        #expect(
            lines[1] == """
                  {"name": "a_seconds", "type": "histogram", "unit": "seconds", "labels": [{"name": "transport", \
                "values": ["ws", "sse"]}, {"name": "scope", "values": ["room", "user", "broadcast"]}], \
                "combinations": null, "buckets": [0.25, 1.0], "help": "Time.", "dashboard": "delivery", "series_limit": null},
                """
        )
        #expect(lines[2].contains(#""help": "A | B\nand \"more\" \\ \u0001é.", "dashboard": "bus""#))
        #expect(lines[3].contains(#""labels": [{"name": "peer", "values": null}]"#))
        #expect(lines[3].contains(#""dashboard": null, "series_limit": 32}"#))
        #expect(Catalogue.json([]) == "[]\n")
    }
}
