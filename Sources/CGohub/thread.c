// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#include "CGohub.h"
#include <pthread.h>

__attribute__((noinline)) uint64_t gohub_thread_token(void) { return (uint64_t)(uintptr_t)pthread_self(); }
