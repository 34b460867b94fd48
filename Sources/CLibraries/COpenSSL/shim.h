// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Macros and variadic functions, which Swift cannot see.

/// What every connection of ours has: no renegotiation, no compression, no sessions kept for later ones, writes that end
/// after a part, and buffers that are given back between records.
static inline void gohub_ssl_ctx_set_defaults(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
                     | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

/// The first and the last version to speak; 1 if the library can.
static inline int gohub_ssl_ctx_set_versions(SSL_CTX *context, int first, int last) {
    return SSL_CTX_set_min_proto_version(context, first) == 1 && SSL_CTX_set_max_proto_version(context, last) == 1;
}

/// Adds a certificate to send after our own; 1 if it was. The context takes a reference of its own.
static inline int gohub_ssl_ctx_add_to_chain(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

/// The name that a client sends in the clear (SNI); 1 if it will be.
static inline int gohub_ssl_set_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}

/// Where a memory BIO has the bytes that were not read, and how many; good until it is next used.
static inline size_t gohub_bio_peek(BIO *bio, const char **start) {
    *start = NULL;
    long count = BIO_get_mem_data(bio, start);
    return count > 0 && *start != NULL ? (size_t)count : 0;
}

/// A new key on the curve P-256, or null.
static inline EVP_PKEY *gohub_ec_key(void) { return EVP_EC_gen("P-256"); }
