// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// Why a call into OpenSSL failed, from the calling thread's queue of errors.
struct LibraryFault {
    /// The part of OpenSSL, an `ERR_LIB_…`; 0 when the queue was empty.
    let library: Int32
    /// The reason, a number that only means something together with the library.
    let reason: Int32
    /// OpenSSL's words for the reason.
    let text: String

    /// Empties the queue, so that ``take()`` finds nothing of an earlier call; needed before each call that may fail.
    static func clear() {
        ERR_clear_error()
    }

    /// Takes the first error of the queue, which is the cause of those behind it, and empties the queue.
    ///
    /// The data that come with an error are left out: they can name what is in files.
    static func take() -> LibraryFault {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return LibraryFault(library: 0, reason: 0, text: "no reason given") }
        let text = ERR_reason_error_string(code).map { String(cString: $0) }
        return LibraryFault(
            library: ERR_GET_LIB(code),
            reason: ERR_GET_REASON(code),
            text: text ?? "error \(ERR_GET_REASON(code)) of library \(ERR_GET_LIB(code))"
        )
    }

    /// Whether it is this reason of the library for TLS itself.
    func isTLS(_ reasons: Int32...) -> Bool { library == ERR_LIB_SSL && reasons.contains(reason) }

    /// The number of the alert that the other end sent (RFC 8446 section 6); nil when it is another error.
    var alert: Int32? {
        let alerts = SSL_AD_REASON_OFFSET...SSL_AD_REASON_OFFSET + 255
        return library == ERR_LIB_SSL && alerts.contains(reason) ? reason - SSL_AD_REASON_OFFSET : nil
    }
}
