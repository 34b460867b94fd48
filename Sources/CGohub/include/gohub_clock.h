// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <stdint.h>

// The system's clocks in one number. Whatever a clock says, the result is the nearest that its type holds.

/// Nanoseconds since 1970 by the wall clock, negative before; the 64 bits reach from 1677 to 2262.
int64_t gohub_wall_clock(void);

/// Nanoseconds of the clock that is never set; its start is unspecified.
uint64_t gohub_monotonic_clock(void);

/// Nanoseconds of processor time that the process has used.
uint64_t gohub_processor_clock(void);

/// Seconds and nanoseconds as nanoseconds, cut to what 64 bits hold.
int64_t gohub_join_time(int64_t seconds, int64_t nanoseconds);

/// The same for a clock that has no time before its start: negative times are 0.
uint64_t gohub_join_span(int64_t seconds, int64_t nanoseconds);
