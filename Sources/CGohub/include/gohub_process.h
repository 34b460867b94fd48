// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>

/// The commit that the program was built from, or "unknown".
const char *gohub_revision(void);

/// Opens /dev/null as each of the descriptors 0, 1 and 2 that is closed, so that nothing else is taken for them later.
/// To be called before anything is opened. 0 or a negated errno.
int gohub_open_standard_descriptors(void);

/// Has a process that is spawned keep no descriptor from `first` on; it inherits them where the system cannot do so.
/// 0 or an errno.
int gohub_spawn_close_from(posix_spawn_file_actions_t *actions, int first);

/// How many file descriptors the process has open, or -1 where the system does not tell. Allocates nothing.
int64_t gohub_open_descriptors(void);

/// What malloc has taken from the system, in bytes.
struct gohub_heap_usage {
    /// In use, of the arenas.
    uint64_t used;
    /// Free within the arenas: held back for later, or lost to fragmentation.
    uint64_t unused;
    /// In use, of large blocks that were mapped one by one.
    uint64_t mapped;
};

/// Asks malloc what it holds; false where it does not tell. Visits all arenas under their locks.
bool gohub_heap_usage(struct gohub_heap_usage *usage);

/// Memory of the process that is in RAM, in bytes, without mapped files; 0 where the system does not tell.
uint64_t gohub_anonymous_bytes(void);

/// Gives the heap's free pages back to the system, but for the end of an arena that is not the first thread's: its pages go
/// only after a thread of that arena frees 64 KiB at once. Holds each arena's lock meanwhile.
void gohub_heap_trim(void);

/// Gives back the free end of the calling thread's arena, from 128 KiB on once gohub_heap_map_from was called.
void gohub_heap_trim_own_end(void);

/// Lets malloc map blocks of this size and more one by one, so that freeing one gives it back at once. Not to be called
/// once there are threads.
void gohub_heap_map_from(int byte_count);
