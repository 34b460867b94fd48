// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
//
// What Redis itself costs: publishes with hiredis' formatter and reader, with nothing around them.
//
// usage: bare publish PORT BYTES SECONDS      batches of 32, each answered before the next
//        bare latency PORT BYTES SECONDS      1 000 a second, to a second thread that subscribes
#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, RATE = 1000 };

static const char channel[] = "gohub:topic/bench";
static int port;
static size_t bytes;
static char *payload;

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "bare: %s\n", what);
    exit(1);
}

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static redisContext *dial(void) {
    redisContext *context = redisConnect("127.0.0.1", port);
    if (!context || context->err) fail(context ? context->errstr : "no memory");
    return context;
}

static void take(redisContext *context) {
    void *reply = NULL;
    if (redisGetReply(context, &reply) != REDIS_OK) fail(context->errstr);
    freeReplyObject(reply);
}

static void append(redisContext *context) {
    const char *words[] = {"PUBLISH", channel, payload};
    const size_t sizes[] = {7, sizeof channel - 1, bytes};
    if (redisAppendCommandArgv(context, 3, words, sizes) != REDIS_OK) fail(context->errstr);
}

static void publish(int seconds) {
    redisContext *context = dial();
    long long count = 0, start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    long long end = start + seconds * 1000000000LL;
    while (now(CLOCK_MONOTONIC) < end) {
        for (int i = 0; i < BATCH; i++) append(context);
        for (int i = 0; i < BATCH; i++) take(context);
        count += BATCH;
    }
    printf("{\"seconds\":%f,\"processor_seconds\":%f,\"messages\":%lld}\n", (now(CLOCK_MONOTONIC) - start) / 1e9,
           (now(CLOCK_PROCESS_CPUTIME_ID) - used) / 1e9, count);
    redisFree(context);
}

static long long *latencies;
static int expected;

static void *receive(void *argument) {
    redisContext *context = argument;
    for (int i = 0; i < expected; i++) {
        void *answer = NULL;
        if (redisGetReply(context, &answer) != REDIS_OK) fail(context->errstr);
        redisReply *reply = answer;
        long long sent;
        if (reply->elements != 3 || reply->element[2]->len < sizeof sent) fail("no message");
        memcpy(&sent, reply->element[2]->str, sizeof sent);
        latencies[i] = now(CLOCK_MONOTONIC) - sent;
        freeReplyObject(reply);
    }
    return NULL;
}

static int compare(const void *left, const void *right) {
    long long a = *(const long long *)left, b = *(const long long *)right;
    return (a > b) - (a < b);
}

static void latency(int seconds) {
    expected = seconds * RATE;
    latencies = calloc(expected, sizeof *latencies);
    if (!latencies) fail("no memory");
    redisContext *subscriber = dial(), *publisher = dial();
    freeReplyObject(redisCommand(subscriber, "SUBSCRIBE %s", channel));
    pthread_t thread;
    if (pthread_create(&thread, NULL, receive, subscriber)) fail("no thread");
    for (int i = 0; i < expected; i++) {
        usleep(1000000 / RATE);
        long long sent = now(CLOCK_MONOTONIC);
        memcpy(payload, &sent, sizeof sent);
        append(publisher);
        take(publisher);
    }
    pthread_join(thread, NULL);
    qsort(latencies, expected, sizeof *latencies, compare);
    printf("{\"p50_microseconds\":%f,\"p99_microseconds\":%f}\n", latencies[(int)((expected - 1) * 0.5)] / 1e3,
           latencies[(int)((expected - 1) * 0.99)] / 1e3);
}

int main(int count, char **arguments) {
    if (count != 5) fail("usage: bare publish|latency PORT BYTES SECONDS");
    port = atoi(arguments[2]);
    bytes = strtoul(arguments[3], NULL, 10);
    if (bytes < sizeof(long long)) fail("at least 8 bytes");
    payload = malloc(bytes);
    if (!payload) fail("no memory");
    memset(payload, 'x', bytes);
    if (!strcmp(arguments[1], "publish")) publish(atoi(arguments[4]));
    else if (!strcmp(arguments[1], "latency")) latency(atoi(arguments[4]));
    else fail("no such mode");
}
