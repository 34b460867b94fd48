// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "gohub_wake.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>

int gohub_wake_open(int descriptors[2]) {
    descriptors[0] = descriptors[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptors[0] < 0 ? -errno : 0;
}
#else
int gohub_wake_open(int descriptors[2]) {
    if (pipe(descriptors) != 0) return -errno;
    for (int i = 0; i < 2; i++) {
        if (fcntl(descriptors[i], F_SETFL, O_NONBLOCK) != 0 || fcntl(descriptors[i], F_SETFD, FD_CLOEXEC) != 0) {
            int number = errno;
            gohub_wake_close(descriptors);
            return -number;
        }
    }
    return 0;
}
#endif

void gohub_wake_close(const int descriptors[2]) {
    close(descriptors[0]);
    if (descriptors[1] != descriptors[0]) close(descriptors[1]);
}

void gohub_wake_send(int descriptor) {
    const uint64_t one = 1;
    // Where there is no room it is readable already.
    while (write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {}
}

void gohub_wake_clear(int descriptor) {
    uint64_t taken[64];
    ssize_t count;
    do {
        count = read(descriptor, taken, sizeof taken);
    } while (count == sizeof taken || (count < 0 && errno == EINTR));
}
