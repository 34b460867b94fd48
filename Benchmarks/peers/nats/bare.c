// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
//
// What NATS itself costs: the library nats.c with nothing around it.
//
// usage: bare-nats publish HOST:PORT BYTES SECONDS   as fast as the library takes it, flushed in the end
//        bare-nats confirm HOST:PORT BYTES SECONDS   in batches of 32, each known to be at the server before the next
//        bare-nats latency HOST:PORT BYTES SECONDS   1 000 a second, to another connection that subscribes
//        bare-nats store HOST:PORT BYTES SECONDS     to the stream, with ids, at most 4 000 without their answers
//        bare-nats pull HOST:PORT BYTES SECONDS      from the stream, by requests for 256; says "ready", ends with its input
#include <nats/nats.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RATE = 1000, WINDOW = 4000, BATCH = 256, CONFIRMED = 32 };

static const char subject[] = "gohub.topic.bench", stream[] = "GOHUB_BUS", consumer[] = "bare";
static char url[128], *payload;
static int bytes;

static _Noreturn void fail(const char *what, natsStatus status) {
    fprintf(stderr, "bare-nats: %s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static void check(natsStatus status, const char *what) {
    if (status != NATS_OK) fail(what, status);
}

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static natsConnection *dial(bool at_once) {
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    check(natsOptions_Create(&options), "options");
    check(natsOptions_SetURL(options, url), "address");
    check(natsOptions_SetSendAsap(options, at_once), "send at once");
    check(natsConnection_Connect(&connection, options), "connect");
    natsOptions_Destroy(options);
    return connection;
}

static void report(long long count, long long start, long long used) {
    printf("{\"seconds\":%f,\"processor_seconds\":%f,\"messages\":%lld}\n", (now(CLOCK_MONOTONIC) - start) / 1e9,
           (now(CLOCK_PROCESS_CPUTIME_ID) - used) / 1e9, count);
}

static void publish(int seconds) {
    natsConnection *connection = dial(false);
    long long count = 0, start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    long long end = start + seconds * 1000000000LL;
    while (now(CLOCK_MONOTONIC) < end)
        for (int i = 0; i < 64; i++, count++) check(natsConnection_Publish(connection, subject, payload, bytes), "publish");
    check(natsConnection_FlushTimeout(connection, 10000), "flush");
    report(count, start, used);
}

static void confirm(int seconds) {
    natsConnection *connection = dial(false);
    long long count = 0, start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    long long end = start + seconds * 1000000000LL;
    while (now(CLOCK_MONOTONIC) < end) {
        for (int i = 0; i < CONFIRMED; i++, count++)
            check(natsConnection_Publish(connection, subject, payload, bytes), "publish");
        check(natsConnection_FlushTimeout(connection, 10000), "flush");
    }
    report(count, start, used);
}

static long long *latencies;
static int expected;
static atomic_int received;

static void note(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure) {
    long long sent;
    memcpy(&sent, natsMsg_GetData(message), sizeof sent);
    int index = atomic_load(&received);
    if (index < expected) latencies[index] = now(CLOCK_MONOTONIC) - sent;
    atomic_store(&received, index + 1);
    natsMsg_Destroy(message);
}

static int compare(const void *left, const void *right) {
    long long a = *(const long long *)left, b = *(const long long *)right;
    return (a > b) - (a < b);
}

static void latency(int seconds) {
    natsConnection *publisher = dial(true), *subscriber = dial(true);
    natsSubscription *subscription = NULL;
    expected = seconds * RATE;
    latencies = calloc(expected, sizeof *latencies);
    check(natsConnection_Subscribe(&subscription, subscriber, subject, note, NULL), "subscribe");
    check(natsConnection_Flush(subscriber), "flush");
    for (int i = 0; i < expected; i++) {
        usleep(1000000 / RATE);
        long long sent = now(CLOCK_MONOTONIC);
        memcpy(payload, &sent, sizeof sent);
        check(natsConnection_Publish(publisher, subject, payload, bytes), "publish");
    }
    while (atomic_load(&received) < expected) usleep(1000);
    qsort(latencies, expected, sizeof *latencies, compare);
    printf("{\"p50_microseconds\":%f,\"p99_microseconds\":%f}\n", latencies[(int)((expected - 1) * 0.5)] / 1e3,
           latencies[(int)((expected - 1) * 0.99)] / 1e3);
}

static void store(int seconds) {
    natsConnection *connection = dial(false);
    jsCtx *context = NULL;
    jsOptions options;
    jsOptions_Init(&options);
    options.PublishAsync.MaxPending = WINDOW;
    options.PublishAsync.StallWait = 10000;  // milliseconds; a server that writes a file may take longer than 200
    check(natsConnection_JetStream(&context, connection, &options), "JetStream");
    long long count = 0, start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    long long end = start + seconds * 1000000000LL;
    while (now(CLOCK_MONOTONIC) < end)
        for (int i = 0; i < 64; i++, count++) {
            char id[64];
            jsPubOptions how;
            jsPubOptions_Init(&how);
            snprintf(id, sizeof id, "%016llx-%016llx", start, count);
            how.MsgId = id;
            check(js_PublishAsync(context, subject, payload, bytes, &how), "store");
        }
    check(js_PublishAsyncComplete(context, NULL), "answers");
    report(count, start, used);
}

static char next_subject[256];
static long long first, last, taken;
static int credit;

static void pull(natsConnection *connection) {
    char request[128];
    snprintf(request, sizeof request, "{\"batch\":%d,\"expires\":30000000000,\"idle_heartbeat\":5000000000}", BATCH);
    check(natsConnection_PublishRequest(connection, next_subject, "bare.inbox", request, (int)strlen(request)), "pull");
    credit += BATCH;
}

static void take(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure) {
    const char *reply = natsMsg_GetReply(message);
    if (reply) {
        check(natsConnection_Publish(connection, reply, "+ACK", 4), "acknowledge");
        last = now(CLOCK_MONOTONIC);
        if (!taken++) first = last;
        if (--credit <= BATCH / 2) pull(connection);
    }
    natsMsg_Destroy(message);
}

static void pull_all(void) {
    natsConnection *connection = dial(false);
    natsSubscription *subscription = NULL;
    jsCtx *context = NULL;
    jsConsumerConfig config;
    check(natsConnection_JetStream(&context, connection, NULL), "JetStream");
    jsConsumerConfig_Init(&config);
    config.Durable = consumer;
    config.DeliverPolicy = js_DeliverNew;
    config.AckPolicy = js_AckExplicit;
    config.MaxAckPending = 1000;
    js_DeleteConsumer(context, stream, consumer, NULL, NULL);
    check(js_AddConsumer(NULL, context, stream, &config, NULL, NULL), "consumer");
    snprintf(next_subject, sizeof next_subject, "$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, consumer);
    check(natsConnection_Subscribe(&subscription, connection, "bare.inbox", take, NULL), "subscribe");
    pull(connection);
    pull(connection);
    check(natsConnection_Flush(connection), "flush");
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF) {}
    printf("{\"seconds\":%f,\"processor_seconds\":%f,\"messages\":%lld}\n", (last - first) / 1e9,
           now(CLOCK_PROCESS_CPUTIME_ID) / 1e9, taken);
    js_DeleteConsumer(context, stream, consumer, NULL, NULL);
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "usage: bare-nats publish|confirm|latency|store|pull HOST:PORT BYTES SECONDS\n"), 1;
    snprintf(url, sizeof url, "nats://%s", arguments[2]);
    bytes = atoi(arguments[3]);
    if (bytes < (int)sizeof(long long)) return fprintf(stderr, "bare-nats: at least 8 bytes\n"), 1;
    payload = malloc(bytes);
    memset(payload, 'x', bytes);
    int seconds = atoi(arguments[4]);
    if (!strcmp(arguments[1], "publish")) publish(seconds);
    else if (!strcmp(arguments[1], "confirm")) confirm(seconds);
    else if (!strcmp(arguments[1], "latency")) latency(seconds);
    else if (!strcmp(arguments[1], "store")) store(seconds);
    else if (!strcmp(arguments[1], "pull")) pull_all();
    else return fprintf(stderr, "bare-nats: no such mode\n"), 1;
    fflush(stdout);
    _exit(0);
}
