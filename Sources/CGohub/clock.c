// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "gohub_clock.h"
#include <time.h>

int64_t gohub_join_time(int64_t seconds, int64_t nanoseconds) {
    int64_t whole, sum;
    if (__builtin_mul_overflow(seconds, INT64_C(1000000000), &whole)) return seconds < 0 ? INT64_MIN : INT64_MAX;
    if (__builtin_add_overflow(whole, nanoseconds, &sum)) return nanoseconds < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

uint64_t gohub_join_span(int64_t seconds, int64_t nanoseconds) {
    if (seconds < 0 || nanoseconds < 0) return 0;
    uint64_t whole, sum;
    if (__builtin_mul_overflow((uint64_t)seconds, UINT64_C(1000000000), &whole)) return UINT64_MAX;
    return __builtin_add_overflow(whole, (uint64_t)nanoseconds, &sum) ? UINT64_MAX : sum;
}

static uint64_t span(clockid_t clock) {
    struct timespec time = {0, 0};
    clock_gettime(clock, &time);
    return gohub_join_span(time.tv_sec, time.tv_nsec);
}

int64_t gohub_wall_clock(void) {
    struct timespec time = {0, 0};
    clock_gettime(CLOCK_REALTIME, &time);
    return gohub_join_time(time.tv_sec, time.tv_nsec);
}

uint64_t gohub_monotonic_clock(void) { return span(CLOCK_MONOTONIC); }

uint64_t gohub_processor_clock(void) { return span(CLOCK_PROCESS_CPUTIME_ID); }
