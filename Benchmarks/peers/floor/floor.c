// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
//
// The floor: what fan-out costs when nothing but the system calls is done. One thread, epoll; every data message that comes
// in is sent to every connection, all messages of one wake-up by one send of one prepared buffer. It checks nothing, queues
// nothing, counts nothing and gives up on a connection whose socket is full: it is a measure, not a server.
//
// usage: floor PORT    (listens on 127.0.0.1)

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 65536, BUFFER = 1 << 18, OUTPUT = 1 << 22 };

static int connections[MAX_CONNECTIONS];
static int connection_count;
static unsigned char open_socket[MAX_CONNECTIONS];
static unsigned char input[BUFFER];
static unsigned char output[OUTPUT];
static size_t output_count;

static void forget(int descriptor) {
    for (int index = 0; index < connection_count; index++) {
        if (connections[index] != descriptor) continue;
        connections[index] = connections[--connection_count];
        break;
    }
    open_socket[descriptor] = 0;
    close(descriptor);
}

static void shake_hands(int descriptor, const char *request) {
    static const char name[] = "Sec-WebSocket-Key: ";
    const char *key = strcasestr(request, name);
    if (!key) {
        forget(descriptor);
        return;
    }
    char text[64];
    int length = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + sizeof name - 1);
    unsigned char digest[20], accept[32];
    unsigned size = 0;
    EVP_Digest(text, (size_t)length, digest, &size, EVP_sha1(), NULL);
    EVP_EncodeBlock(accept, digest, 20);
    char response[256];
    length = snprintf(
        response, sizeof response,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    if (send(descriptor, response, (size_t)length, MSG_NOSIGNAL) != length) {
        forget(descriptor);
        return;
    }
    open_socket[descriptor] = 1;
    connections[connection_count++] = descriptor;
}

// Unmasks the whole frames of one read into the output; a load generator sends whole frames.
static void collect(size_t count) {
    size_t at = 0;
    while (at + 6 <= count) {
        unsigned opcode = input[at] & 15;
        size_t length = input[at + 1] & 127, header = 2;
        if (length == 126) length = (size_t)input[at + 2] << 8 | input[at + 3], header = 4;
        if (length == 127) return;
        const unsigned char *mask = input + at + header;
        const unsigned char *payload = mask + 4;
        if (at + header + 4 + length > count) return;
        if (opcode < 8 && output_count + length + 4 <= OUTPUT) {
            output[output_count++] = input[at];
            if (length < 126) {
                output[output_count++] = (unsigned char)length;
            } else {
                output[output_count++] = 126;
                output[output_count++] = (unsigned char)(length >> 8);
                output[output_count++] = (unsigned char)length;
            }
            for (size_t index = 0; index < length; index++) output[output_count++] = payload[index] ^ mask[index & 3];
        }
        at += header + 4 + length;
    }
}

int main(int count, char **arguments) {
    int port = count > 1 ? atoi(arguments[1]) : 9002;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("floor: listen");
        return 1;
    }
    int events = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(events, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event ready[256];
    for (;;) {
        int found = epoll_wait(events, ready, 256, -1);
        output_count = 0;
        for (int index = 0; index < found; index++) {
            int descriptor = ready[index].data.fd;
            if (descriptor == listener) {
                int accepted;
                while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    if (accepted >= MAX_CONNECTIONS) {
                        close(accepted);
                        continue;
                    }
                    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    struct epoll_event fresh = {.events = EPOLLIN, .data.fd = accepted};
                    epoll_ctl(events, EPOLL_CTL_ADD, accepted, &fresh);
                }
                continue;
            }
            ssize_t got = recv(descriptor, input, BUFFER - 1, 0);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (got <= 0) {
                forget(descriptor);
                continue;
            }
            if (!open_socket[descriptor]) {
                input[got] = 0;
                shake_hands(descriptor, (const char *)input);
            } else {
                collect((size_t)got);
            }
        }
        if (output_count == 0) continue;
        for (int index = connection_count - 1; index >= 0; index--) {
            if (send(connections[index], output, output_count, MSG_NOSIGNAL) != (ssize_t)output_count) {
                forget(connections[index]);
            }
        }
    }
}
