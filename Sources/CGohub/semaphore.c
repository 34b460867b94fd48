// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "gohub_semaphore.h"
#include "gohub_clock.h"
#include <errno.h>
#include <time.h>

void gohub_semaphore_init(struct gohub_semaphore *semaphore) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#if !defined(__APPLE__)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_mutex_init(&semaphore->lock, NULL);
    pthread_cond_init(&semaphore->signalled, &attributes);
    pthread_condattr_destroy(&attributes);
    semaphore->count = 0;
}

void gohub_semaphore_end(struct gohub_semaphore *semaphore) {
    pthread_cond_destroy(&semaphore->signalled);
    pthread_mutex_destroy(&semaphore->lock);
}

void gohub_semaphore_signal(struct gohub_semaphore *semaphore) {
    pthread_mutex_lock(&semaphore->lock);
    semaphore->count++;
    pthread_cond_signal(&semaphore->signalled);
    pthread_mutex_unlock(&semaphore->lock);
}

// Waits until a point of the monotonic clock; whether that has passed.
static bool wait_until(struct gohub_semaphore *semaphore, uint64_t deadline) {
    struct timespec time;
#if defined(__APPLE__)
    uint64_t now = gohub_monotonic_clock();
    uint64_t left = deadline > now ? deadline - now : 0;
    time = (struct timespec){(time_t)(left / 1000000000), (long)(left % 1000000000)};
    return pthread_cond_timedwait_relative_np(&semaphore->signalled, &semaphore->lock, &time) == ETIMEDOUT;
#else
    time = (struct timespec){(time_t)(deadline / 1000000000), (long)(deadline % 1000000000)};
    return pthread_cond_timedwait(&semaphore->signalled, &semaphore->lock, &time) == ETIMEDOUT;
#endif
}

bool gohub_semaphore_wait(struct gohub_semaphore *semaphore, uint64_t nanoseconds) {
    uint64_t deadline;
    if (__builtin_add_overflow(gohub_monotonic_clock(), nanoseconds, &deadline)) deadline = UINT64_MAX;
    bool is_late = false;
    pthread_mutex_lock(&semaphore->lock);
    while (semaphore->count == 0 && !is_late) is_late = wait_until(semaphore, deadline);
    bool came = semaphore->count > 0;
    if (came) semaphore->count--;
    pthread_mutex_unlock(&semaphore->lock);
    return came;
}
