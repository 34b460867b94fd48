// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Section `tls` of a bus: TLS to its servers.
package struct BusTLSSection: Equatable, Sendable {
    /// Whether connections use TLS.
    package var enabled = false
    /// The certificates to trust; empty is the system's store.
    package var caFile = ""
    /// The name that the server's certificate has to be for; empty is the host of the address.
    package var serverName = ""
    /// The node's own certificate; empty is none.
    package var certFile = ""
    /// The private key of the node's certificate.
    package var keyFile = ""

    /// Starts with the defaults.
    package init() {}
}
