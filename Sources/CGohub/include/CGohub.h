// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <stdint.h>

/// A number that is different for each living thread. Not inlined, so that no compiler keeps its value across `await`.
uint64_t gohub_thread_token(void);
