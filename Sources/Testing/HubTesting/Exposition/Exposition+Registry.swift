// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

extension Exposition {
    /// Scrapes a registry and accepts no fault.
    package init(scraping registry: Registry, as format: Format = .openMetrics) throws(ExpositionFaults) {
        try self.init(parsing: Self.body(of: registry, as: format), as: format)
    }

    /// A page of the registry, as a scrape would get it.
    package static func body(of registry: Registry, as format: Format) -> [UInt8] {
        var buffer = ExpositionBuffer()
        registry.render(format == .text ? .text004 : .openMetrics, into: &buffer)
        return buffer.bytes
    }
}

extension PrometheusTargets {
    /// Serves the registry's page in a fixed format, written anew for each request.
    package func serve(_ path: String, _ registry: Registry, as format: Exposition.Format) {
        serve(path) { _ in
            Response(Exposition.body(of: registry, as: format), contentType: format.contentType)
        }
    }
}
