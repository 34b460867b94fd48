// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// TLS 1.2 and 1.3 on OpenSSL, without I/O: bytes go in, bytes come out, and whoever has the socket moves them.
///
/// ```
///  socket ── ciphertext ──→ receive ─┐            ┌─→ read ──── plaintext ──→ protocol
///                                    │ TLSSession │
///  socket ←─ ciphertext ─ takeOutput ┘            └── write ←── plaintext ─── protocol
///                                          │
///                         TLSContext(TLSClientOptions)      files are read here, once a configuration
/// ```
///
/// - ``TLSContext`` has what connections to one service share: the CAs that are trusted, and our own certificate.
///   ``TLSServerContext`` is the same for the accepting side.
/// - ``TLSSession`` is one connection, from its handshake to its end; ``TLSResult`` is what came of a read or a write.
/// - ``TLSError`` says what was wrong, with a code for a metric and a message for the log.
/// - ``TLSLibrary`` is what the whole process has of OpenSSL.
///
/// Certificates are always verified; nothing turns that off. A server has to prove the name it was asked for by a
/// subjectAltName (RFC 9525); the common name of its subject does not count. What the CA file has is trusted, whether it
/// is a root or not. Revocation is not looked at.
///
/// No C type leaves this target. OpenSSL keeps its errors in a queue for each thread: ``LibraryFault`` clears it before
/// each call that may fail and empties it right after.
enum HubTLSOverview {}
