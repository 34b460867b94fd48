// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once

/// Makes a descriptor to wait at and one to wake who waits there; on Linux both are the same eventfd. Both are non-blocking
/// and closed on exec. 0 or a negated errno.
int gohub_wake_open(int descriptors[2]);

/// Closes both.
void gohub_wake_close(const int descriptors[2]);

/// Makes the waiting descriptor readable; from any thread.
void gohub_wake_send(int descriptor);

/// Makes it not readable any more.
void gohub_wake_clear(int descriptor);
