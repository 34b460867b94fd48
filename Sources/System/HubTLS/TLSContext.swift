// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// What all connections of one client have in common: whom it trusts, and the certificate it presents.
///
/// Made once a configuration, as that reads files. Any thread may make sessions. Sessions outlive it.
package final class TLSContext: Sendable {
    private let handle: ContextHandle
    private let serverName: PeerName?
    private let trust: String

    /// Reads the files.
    ///
    /// That takes under a millisecond for a few CAs, and some 40 ms for all those of the system. Of the system's store a
    /// handshake may read one more file, if that is where its directory has the CA.
    ///
    /// - Throws: ``TLSError`` `.badFile` names the file and what is wrong with it; `.badOptions` when there is a
    ///   certificate without a key or the other way round, or when the server's name is none; `.library`.
    package init(_ options: TLSClientOptions) throws(TLSError) {
        handle = try ContextHandle(TLS_client_method())
        if let name = options.serverName { serverName = try PeerName(name) } else { serverName = nil }
        if let file = options.caFile {
            try handle.trust(caFile: file, namingThem: false)
            trust = "those in \"\(file)\""
        } else {
            try handle.trustSystem()
            trust = "those of the system"
        }
        switch (options.certificateFile, options.keyFile) {
        case (nil, nil): break
        case (let certificate?, let key?): try handle.present(certificateFile: certificate, keyFile: key)
        case (let certificate?, nil):
            throw TLSError(.badOptions, "the client certificate \"\(certificate)\" has no key file: give both or none")
        case (nil, let key?):
            throw TLSError(.badOptions, "the client's key \"\(key)\" has no certificate file: give both or none")
        }
        handle.requireCertificate()
    }

    /// Begins a connection; its first output is there at once.
    ///
    /// - Parameter host: Whom it is to: a name or an address. The server has to prove that it is this one, unless the
    ///   options name another.
    /// - Throws: ``TLSError`` `.badOptions` when the host is no name and no address; `.library`.
    package func session(to host: String) throws(TLSError) -> TLSSession {
        let peer: PeerName
        if let serverName { peer = serverName } else { peer = try PeerName(host) }
        return try TLSSession(handle, .client(peer), trust: trust)
    }
}
