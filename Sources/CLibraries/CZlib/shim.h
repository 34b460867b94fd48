// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <zlib.h>

/// `deflateInit2`, a macro that Swift cannot see, for the gzip format (RFC 1952).
static inline int gohub_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

/// `inflateInit2`, a macro as well, for the same format.
static inline int gohub_gunzip_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
