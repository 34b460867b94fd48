// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#define _GNU_SOURCE
#include "gohub_process.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int gohub_open_standard_descriptors(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is taken, which is this one: those below are open by now.
        int opened = open("/dev/null", O_RDWR);
        // Without a /dev, anything will do that no byte can be written to.
        if (opened < 0) opened = open("/", O_RDONLY);
        if (opened < 0) return -errno;
    }
    return 0;
}

int gohub_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
#else
    (void)actions, (void)first;
    return 0;
#endif
}

#if defined(__linux__)
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int64_t gohub_open_descriptors(void) {
    int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -1;
    // From Linux 6.2 on the directory's size is the answer; before, it is 0 and the entries are counted.
    struct stat status;
    int64_t count = fstat(directory, &status) == 0 ? (int64_t)status.st_size : 0;
    if (count == 0) {
        _Alignas(struct dirent64) char entries[4096];
        ssize_t length;
        while ((length = getdents64(directory, entries, sizeof entries)) > 0) {
            for (ssize_t at = 0; at < length;) {
                struct dirent64 *entry = (struct dirent64 *)(entries + at);
                if (entry->d_name[0] != '.') count++;
                at += entry->d_reclen;
            }
        }
        if (length < 0) count = 0;
    }
    close(directory);
    return count > 0 ? count - 1 : -1; // not the one that this call opened
}

bool gohub_heap_usage(struct gohub_heap_usage *usage) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();
    usage->used = info.uordblks;
    usage->unused = info.fordblks;
    usage->mapped = info.hblkhd;
    return true;
#else
    (void)usage;
    return false;
#endif
}

uint64_t gohub_anonymous_bytes(void) {
    char text[128];
    unsigned long long size, resident, shared;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 0;
    text[length] = 0;
    if (sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident) return 0;
    return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void gohub_heap_trim(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

void gohub_heap_trim_own_end(void) {
#if defined(__GLIBC__)
    // FASTBIN_CONSOLIDATION_THRESHOLD; volatile, as a compiler may leave out what nobody reads.
    void *volatile block = malloc(64 * 1024);
    free(block);
#endif
}

void gohub_heap_map_from(int byte_count) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, byte_count);
#else
    (void)byte_count;
#endif
}
#else
uint64_t gohub_anonymous_bytes(void) { return 0; }

void gohub_heap_trim(void) {}

void gohub_heap_trim_own_end(void) {}

void gohub_heap_map_from(int byte_count) { (void)byte_count; }

int64_t gohub_open_descriptors(void) { return -1; }

bool gohub_heap_usage(struct gohub_heap_usage *usage) {
    (void)usage;
    return false;
}
#endif
