// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Whether this build counts allocations: not without glibc, nor under a sanitizer, which brings its own malloc.
bool gohub_allocations_are_counted(void);

/// How often the calling thread has taken memory from malloc and its relatives.
uint64_t gohub_allocations(void);
