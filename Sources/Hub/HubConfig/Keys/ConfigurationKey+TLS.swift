// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationKey {
    /// The section `tls` of a bus.
    ///
    /// - Parameter path: Where the section stands in the file: `bus.redis.tls`.
    /// - Parameter servers: To whom TLS is, in the sentence "whether connections to … use TLS".
    static func tls(
        _ path: String,
        _ section: any WritableKeyPath<Configuration, BusTLSSection> & Sendable,
        of servers: String
    ) -> [ConfigurationKey] {
        [
            ConfigurationKey(
                "\(path).enabled",
                section,
                \.enabled,
                .truth,
                "Whether connections to \(servers) use TLS. The other keys here need it."
            ),
            ConfigurationKey(
                "\(path).ca_file",
                section,
                \.caFile,
                .text(.file.orEmpty("the system's store")),
                "The certificates that are trusted to sign the server's."
            ),
            ConfigurationKey(
                "\(path).server_name",
                section,
                \.serverName,
                .text(.host.orEmpty("the host of the address")),
                "The name or address for which the server's certificate has to be."
            ),
            ConfigurationKey(
                "\(path).cert_file",
                section,
                \.certFile,
                .text(.file.orEmpty("none")),
                "The node's own certificate and those between it and a root. Needs \(path).key_file."
            ),
            ConfigurationKey(
                "\(path).key_file",
                section,
                \.keyFile,
                .text(.file.orEmpty("none")),
                "The private key of that certificate, without a passphrase."
            ),
        ]
    }
}
