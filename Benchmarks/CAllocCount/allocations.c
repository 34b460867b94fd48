// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
//
// Stands before glibc's malloc and counts. For probes only; never linked into the hub.
#include "CAllocCount.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define GOHUB_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(GOHUB_SANITIZED)
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static __thread uint64_t allocations;

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    allocations++;
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *taken = memalign(alignment, size);
    if (taken == NULL) return ENOMEM;
    *memory = taken;
    return 0;
}

bool gohub_allocations_are_counted(void) { return true; }

uint64_t gohub_allocations(void) { return allocations; }
#else
bool gohub_allocations_are_counted(void) { return false; }

uint64_t gohub_allocations(void) { return 0; }
#endif
