// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// What all connections that a server accepts have in common: its certificate, and whose clients it trusts.
///
/// Made once a configuration, as that reads files. Any thread may make sessions. Sessions outlive it.
package final class TLSServerContext: Sendable {
    private let handle: ContextHandle
    private let trust: String

    /// Reads the files.
    ///
    /// - Throws: ``TLSError`` `.badFile` names the file and what is wrong with it; `.library`.
    package init(_ options: TLSServerOptions) throws(TLSError) {
        handle = try ContextHandle(TLS_server_method(), newest: options.newestVersion)
        try handle.present(certificateFile: options.certificateFile, keyFile: options.keyFile)
        try handle.nameSessions()
        if let file = options.clientCAFile {
            try handle.trust(caFile: file, namingThem: true)
            handle.requireCertificate()
            trust = "those in \"\(file)\""
        } else {
            trust = "none"
        }
    }

    /// Begins the server's side of a connection that was accepted.
    ///
    /// - Throws: ``TLSError`` `.library`.
    package func session() throws(TLSError) -> TLSSession {
        try TLSSession(handle, .server, trust: trust)
    }
}
