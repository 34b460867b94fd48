// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// A number that is different for each living thread. Not inlined, so that no compiler keeps its value across `await`.
uint64_t gohub_thread_token(void);

/// The number by which /proc knows the calling thread; 0 where there is no /proc.
int32_t gohub_thread_id(void);

/// Starts a plain thread with a stack of `stack_bytes`; puts a handle for join or detach into `handle`. 0 or an errno.
int gohub_thread_start(uintptr_t *handle, size_t stack_bytes, void *(*entry)(void *), void *context);

/// Waits for the thread's end. 0 or an errno. To be called once for each handle that was not detached.
int gohub_thread_join(uintptr_t handle);

/// Lets the thread's remains go by themselves. 0 or an errno.
int gohub_thread_detach(uintptr_t handle);

/// Names the calling thread, cut to the 15 bytes that Linux shows.
void gohub_thread_set_name(const char *name);
