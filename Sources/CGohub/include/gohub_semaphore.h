// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

// A counting semaphore whose waits are timed by the clock that is never set: those of the system libraries end early, or
// hours late, when the wall clock is set meanwhile.

struct gohub_semaphore {
    pthread_mutex_t lock;
    pthread_cond_t signalled;
    uint64_t count;
};

/// Makes a semaphore at 0 in memory of the caller's, where it stays until its end.
void gohub_semaphore_init(struct gohub_semaphore *semaphore);

/// To be called once, when nobody waits and nobody signals any more.
void gohub_semaphore_end(struct gohub_semaphore *semaphore);

/// Lets one wait end, now or later.
void gohub_semaphore_signal(struct gohub_semaphore *semaphore);

/// Waits for a signal, at most so many nanoseconds; whether one came.
bool gohub_semaphore_wait(struct gohub_semaphore *semaphore, uint64_t nanoseconds);
