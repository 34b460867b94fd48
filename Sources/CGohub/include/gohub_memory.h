// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once

/// Asks the processor to bring the line of memory that holds `address` near, without waiting for it. Any address will do.
static inline __attribute__((always_inline)) void gohub_prefetch(const void *address) { __builtin_prefetch(address, 1); }
