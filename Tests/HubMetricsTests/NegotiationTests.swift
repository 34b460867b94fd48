// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Testing

@Suite("Content negotiation")
struct NegotiationTests {
    struct Case: CustomTestStringConvertible {
        let accept: String?
        let format: ExpositionFormat
        var testDescription: String { accept ?? "no Accept" }

        init(_ accept: String?, _ format: ExpositionFormat) {
            self.accept = accept
            self.format = format
        }
    }

    static let prometheus2 =
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

    static let prometheus3 =
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

    static let protobufFirst =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
        + prometheus3

    @Test("C1 Prometheus 2.42 gets OpenMetrics 1.0")
    func prometheus2() {
        #expect(ExpositionFormat.negotiate(accept: Self.prometheus2) == .openMetrics)
    }

    @Test(
        "C2 the highest quality that is supported wins, whatever the order, the spaces and the case",
        arguments: [
            Case(prometheus3, .openMetrics),
            Case("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", .text004),
            Case("text/plain;q=0.5 , application/openmetrics-text ; version=1.0.0 ; q=0.6", .openMetrics),
            Case("text/plain; Q=0.50,Application/OpenMetrics-Text; Version=1.0.0; Q=0.500", .text004),
            Case("application/openmetrics-text; version=\"1.0.0\", text/plain; q=0.9", .openMetrics),
            Case("text/plain;version=0.0.4;q=0.999,application/openmetrics-text;q=1.000", .openMetrics),
            Case("text/plain;q=0.3333333,application/openmetrics-text;q=0.4", .openMetrics),
            Case("application/openmetrics-text;q=2,text/plain;q=0.1", .text004),
            Case("application/openmetrics-text;q=high,text/plain;q=0.1", .text004),
            Case("application/openmetrics-text;q=,text/plain;q=0.1", .text004),
            Case("application/openmetrics-text;version=1.0.0;q=0.6;escaping=\"a,b;c\",text/plain;q=0.5", .openMetrics),
        ]
    )
    func highestQuality(_ test: Case) {
        #expect(ExpositionFormat.negotiate(accept: test.accept) == test.format)
    }

    @Test(
        "C3 without a wish, for a browser, and where nothing is acceptable, the answer is text; q=0 excludes",
        arguments: [
            Case(nil, .text004),
            Case("", .text004),
            Case(",;,", .text004),
            Case("*/*", .text004),
            Case("*", .text004),
            Case("text/*", .text004),
            Case("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", .text004),
            Case("application/json, text/plain, */*", .text004),
            Case("application/json, */*", .text004),
            Case("application/json", .text004),
            Case("application/openmetrics-text;version=1.0.0;q=0,text/plain;q=0.1", .text004),
            Case("application/openmetrics-text;version=1.0.0;q=0.000,*/*", .text004),
            Case("application/openmetrics-text;q=0", .text004),
            Case("text/plain;q=0,*/*;q=0.1", .openMetrics),
            Case("application/openmetrics-text,text/plain", .openMetrics),
            Case("text/plain,application/openmetrics-text", .text004),
        ]
    )
    func defaults(_ test: Case) {
        #expect(ExpositionFormat.negotiate(accept: test.accept) == test.format)
    }

    @Test(
        "C4 OpenMetrics is version 1.0.0 and no other",
        arguments: [
            Case("application/openmetrics-text;version=0.0.1", .text004),
            Case("application/openmetrics-text;version=0.0.1,text/plain;q=0.1", .text004),
            Case("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", .text004),
            Case("application/openmetrics-text;version=0.0.1,application/openmetrics-text;version=1.0.0", .openMetrics),
            Case("application/openmetrics-text", .openMetrics),
        ]
    )
    func versions(_ test: Case) {
        #expect(ExpositionFormat.negotiate(accept: test.accept) == test.format)
    }

    @Test(
        "C5 protobuf is not offered, so the next best is chosen",
        arguments: [
            Case(protobufFirst, .openMetrics),
            Case(
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
                .text004
            ),
        ]
    )
    func protobuf(_ test: Case) {
        #expect(ExpositionFormat.negotiate(accept: test.accept) == test.format)
    }

    @Test("C6 the content types are exact")
    func contentTypes() {
        #expect(ExpositionFormat.text004.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            ExpositionFormat.openMetrics.contentType
                == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        )
    }

    @Test(
        "C7 gzip is allowed only where Accept-Encoding says so",
        arguments: [
            ("gzip", true), ("gzip, deflate, br", true), ("deflate;q=0.5 , GZIP;q=0.1", true), ("x-gzip", true),
            ("*", true), ("br, *;q=0.1", true), ("identity", false), ("", false), ("gzip;q=0", false),
            ("gzip; q=0.0, *", false), ("*;q=0", false), ("deflate", false), ("gzip;q=x", false),
        ]
    )
    func gzip(header: String, allowed: Bool) {
        #expect(ContentCoding.allowsGzip(acceptEncoding: header) == allowed)
    }

    @Test("C7 without Accept-Encoding there is no gzip, and Vary names both headers")
    func noEncoding() {
        #expect(!ContentCoding.allowsGzip(acceptEncoding: nil))
        #expect(ContentCoding.vary == "Accept, Accept-Encoding")
    }

    @Test(
        "C9 an escaping that Prometheus 3 asks for changes neither format nor content type",
        arguments: ["allow-utf-8", "underscores", "dots", "values"]
    )
    func escaping(scheme: String) {
        let asked = "application/openmetrics-text;version=1.0.0;escaping=\(scheme);q=0.6,text/plain;q=0.5"
        let format = ExpositionFormat.negotiate(accept: asked)
        #expect(format == .openMetrics)
        #expect(!format.contentType.contains("escaping"))
    }
}
