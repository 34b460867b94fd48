// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "gohub_thread.h"
#include <pthread.h>
#include <string.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

__attribute__((noinline)) uint64_t gohub_thread_token(void) { return (uint64_t)(uintptr_t)pthread_self(); }

int32_t gohub_thread_id(void) {
#if defined(__linux__)
    return (int32_t)syscall(SYS_gettid);
#else
    return 0;
#endif
}

int gohub_thread_start(uintptr_t *handle, size_t stack_bytes, void *(*entry)(void *), void *context) {
    pthread_attr_t attributes;
    pthread_t thread;
    int failure = pthread_attr_init(&attributes);
    if (failure != 0) return failure;
    failure = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (failure == 0) failure = pthread_create(&thread, &attributes, entry, context);
    pthread_attr_destroy(&attributes);
    if (failure == 0) *handle = (uintptr_t)thread;
    return failure;
}

int gohub_thread_join(uintptr_t handle) { return pthread_join((pthread_t)handle, NULL); }

int gohub_thread_detach(uintptr_t handle) { return pthread_detach((pthread_t)handle); }

void gohub_thread_set_name(const char *name) {
    char cut[16];
    strncpy(cut, name, sizeof(cut) - 1);
    cut[sizeof(cut) - 1] = 0;
#if defined(__APPLE__)
    pthread_setname_np(cut);
#else
    pthread_setname_np(pthread_self(), cut);
#endif
}
