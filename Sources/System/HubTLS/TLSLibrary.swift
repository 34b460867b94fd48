// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// OpenSSL as a whole, which the process shares with C libraries that use it on threads of their own.
package enum TLSLibrary {
    /// Has OpenSSL stay usable until the process is gone, instead of tidying up when `exit` is called.
    ///
    /// A C library's thread that nobody can wait for may be in a handshake at that moment, and would crash. To be called before
    /// anything else of OpenSSL is: the first call settles it (OPENSSL_init_crypto(3)). A failure for want of memory is
    /// left to whatever uses OpenSSL next, which meets it again.
    package static func stayUntilExit() {
        _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
