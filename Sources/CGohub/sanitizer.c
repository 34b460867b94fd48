// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

// Only for builds with the thread sanitizer, which otherwise reports races that are none: Swift's `Mutex` leaves a
// contended lock to its library and the kernel (FUTEX_LOCK_PI), where the sanitizer cannot see who passes it to whom.
// These two stand before the library's functions, call them, and tell the sanitizer. Races that are some it still finds.

#if defined(__linux__) && defined(__has_feature)
#if __has_feature(thread_sanitizer)
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

void __tsan_acquire(void *address);
void __tsan_release(void *address);

SWIFT void gohub_lock_contended(uint32_t thread, SELF mutex) __asm__(LOCK);
SWIFT void gohub_unlock_contended(SELF mutex) __asm__(UNLOCK);

SWIFT void gohub_lock_contended(uint32_t thread, SELF mutex) {
    SWIFT void (*lock)(uint32_t, SELF) = (SWIFT void (*)(uint32_t, SELF))dlsym(RTLD_NEXT, LOCK);
    lock(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT void gohub_unlock_contended(SELF mutex) {
    SWIFT void (*unlock)(SELF) = (SWIFT void (*)(SELF))dlsym(RTLD_NEXT, UNLOCK);
    __tsan_release(mutex);
    unlock(mutex);
}
#endif
#endif
