// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "gohub_socket.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((struct gohub_address *)0)->storage), "an address fits");
_Static_assert(sizeof(socklen_t) == sizeof(uint32_t), "the kernel writes the length itself");
_Static_assert(sizeof(struct gohub_piece) == sizeof(struct iovec), "a piece is an iovec");
_Static_assert(offsetof(struct gohub_piece, count) == offsetof(struct iovec, iov_len), "a piece is an iovec");

#ifndef IOV_MAX
#define IOV_MAX 1024
#endif
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static int set(int descriptor, int level, int option, int value) {
    return setsockopt(descriptor, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

#if !defined(__linux__)
// Where sockets cannot be made non-blocking and closed on exec in one call.
static int prepare(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) return -errno;
#ifdef SO_NOSIGPIPE
    return set(descriptor, SOL_SOCKET, SO_NOSIGPIPE, 1);
#else
    return 0;
#endif
}
#endif

static int open_stream(int family) {
#if defined(__linux__)
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
#else
    int descriptor = socket(family, SOCK_STREAM, 0);
    if (descriptor < 0) return -errno;
    int failure = prepare(descriptor);
    if (failure < 0) {
        close(descriptor);
        return failure;
    }
    return descriptor;
#endif
}

int gohub_address_parse(struct gohub_address *address, const char *host, uint16_t port) {
    memset(address, 0, sizeof(*address));
    struct sockaddr_in *four = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        address->length = sizeof(*four);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        address->length = sizeof(*six);
        return 0;
    }
    // A zone such as %eth0 is read by the resolver only, which asks nobody for a numeric host.
    if (strchr(host, '%') == NULL) return -EINVAL;
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_INET6;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST;
    if (getaddrinfo(host, NULL, &hints, &found) != 0 || found == NULL) return -EINVAL;
    memcpy(six, found->ai_addr, found->ai_addrlen);
    six->sin6_port = htons(port);
    address->length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

int gohub_address_host(const struct gohub_address *address, char *host, size_t capacity) {
    const struct sockaddr *any = (const struct sockaddr *)&address->storage;
    if (any->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)any;
        return inet_ntop(AF_INET, &four->sin_addr, host, (socklen_t)capacity) ? 0 : -errno;
    }
    if (any->sa_family != AF_INET6) return -EAFNOSUPPORT;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)any;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        return inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], host, (socklen_t)capacity) ? 0 : -errno;
    }
    if (six->sin6_scope_id == 0) {
        return inet_ntop(AF_INET6, &six->sin6_addr, host, (socklen_t)capacity) ? 0 : -errno;
    }
    return getnameinfo(any, address->length, host, (socklen_t)capacity, NULL, 0, NI_NUMERICHOST) == 0 ? 0 : -EINVAL;
}

void gohub_address_cut_to_network(struct gohub_address *address) {
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;
    if (six->sin6_family != AF_INET6) return;
    memset(&six->sin6_addr.s6_addr[8], 0, 8);
    six->sin6_scope_id = 0;
}

uint16_t gohub_address_port(const struct gohub_address *address) {
    const struct sockaddr *any = (const struct sockaddr *)&address->storage;
    if (any->sa_family == AF_INET) return ntohs(((const struct sockaddr_in *)any)->sin_port);
    if (any->sa_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)any)->sin6_port);
    return 0;
}

int gohub_resolve(const char *host, uint16_t port, struct gohub_address *addresses, int capacity, const char **text) {
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    char service[8];
    int count = 0;
    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    int failure = getaddrinfo(host, service, &hints, &found);
    if (failure != 0) {
        *text = failure == EAI_SYSTEM ? "system error" : gai_strerror(failure);
        return -1;
    }
    for (struct addrinfo *each = found; each != NULL && count < capacity; each = each->ai_next) {
        if (each->ai_addrlen > sizeof(addresses->storage)) continue;
        memset(&addresses[count], 0, sizeof(addresses[count]));
        memcpy(&addresses[count].storage, each->ai_addr, each->ai_addrlen);
        addresses[count].length = each->ai_addrlen;
        count++;
    }
    freeaddrinfo(found);
    return count;
}

// Opens a socket with the options a listener needs and binds it.
static int bound(const struct gohub_address *address, int flags) {
    int family = ((const struct sockaddr *)&address->storage)->sa_family;
    int descriptor = open_stream(family);
    if (descriptor < 0) return descriptor;
    int failure = set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    if (failure == 0 && (flags & GOHUB_REUSE_PORT)) failure = set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    if (failure == 0 && family == AF_INET6) {
        failure = set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, (flags & GOHUB_DUAL_STACK) ? 0 : 1);
    }
    if (failure == 0) failure = set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    if (failure == 0 && bind(descriptor, (const struct sockaddr *)&address->storage, address->length) < 0) {
        failure = -errno;
    }
    if (failure < 0) {
        close(descriptor);
        return failure;
    }
    return descriptor;
}

int gohub_listen(const struct gohub_address *address, int flags, int backlog) {
    int descriptor = bound(address, flags);
    if (descriptor < 0) return descriptor;
    if (listen(descriptor, backlog) < 0) {
        int failure = -errno;
        close(descriptor);
        return failure;
    }
    return descriptor;
}

int gohub_probe_bind(const struct gohub_address *address, int flags) {
    int descriptor = bound(address, flags & ~GOHUB_REUSE_PORT);
    if (descriptor < 0) return descriptor;
    close(descriptor);
    return 0;
}

int gohub_take_name(const char *name) {
#if defined(__linux__)
    struct sockaddr_un address;
    size_t length = strlen(name);
    if (length + 1 > sizeof(address.sun_path)) return -ENAMETOOLONG;
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    // A name that begins with a zero is no file: it is gone with its socket.
    memcpy(address.sun_path + 1, name, length);
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    if (bind(descriptor, (const struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length) < 0) {
        int failure = -errno;
        close(descriptor);
        return failure;
    }
    return descriptor;
#else
    (void)name;
    return -ENOTSUP;
#endif
}

int gohub_accept(int listener, struct gohub_address *peer) {
    memset(peer, 0, sizeof(*peer));
    peer->length = sizeof(peer->storage);
#if defined(__linux__)
    int descriptor = accept4(listener, (struct sockaddr *)&peer->storage, &peer->length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
#else
    int descriptor = accept(listener, (struct sockaddr *)&peer->storage, &peer->length);
    if (descriptor < 0) return -errno;
    int failure = prepare(descriptor);
    if (failure < 0) {
        close(descriptor);
        return failure;
    }
    return descriptor;
#endif
}

int gohub_connect(const struct gohub_address *address, const struct gohub_address *source, int *in_progress) {
    int descriptor = open_stream(((const struct sockaddr *)&address->storage)->sa_family);
    if (descriptor < 0) return descriptor;
    set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    if (source) {
#if defined(IP_BIND_ADDRESS_NO_PORT)
        // The port is chosen with the connection, so that it need only be free towards this server.
        set(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
#endif
        if (bind(descriptor, (const struct sockaddr *)&source->storage, source->length) < 0) {
            int failure = -errno;
            close(descriptor);
            return failure;
        }
    }
    *in_progress = 0;
    if (connect(descriptor, (const struct sockaddr *)&address->storage, address->length) == 0) return descriptor;
    // An interrupted connect goes on by itself, as one in progress does.
    if (errno == EINPROGRESS || errno == EINTR) {
        *in_progress = 1;
        return descriptor;
    }
    int failure = -errno;
    close(descriptor);
    return failure;
}

int gohub_local_address(int descriptor, struct gohub_address *address) {
    memset(address, 0, sizeof(*address));
    address->length = sizeof(address->storage);
    return getsockname(descriptor, (struct sockaddr *)&address->storage, &address->length) == 0 ? 0 : -errno;
}

int gohub_peer_address(int descriptor, struct gohub_address *address) {
    memset(address, 0, sizeof(*address));
    address->length = sizeof(address->storage);
    return getpeername(descriptor, (struct sockaddr *)&address->storage, &address->length) == 0 ? 0 : -errno;
}

int gohub_socket_pair(int descriptors[2]) {
#if defined(__linux__)
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, descriptors) == 0 ? 0 : -errno;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors) < 0) return -errno;
    int failure = prepare(descriptors[0]);
    if (failure == 0) failure = prepare(descriptors[1]);
    if (failure < 0) {
        close(descriptors[0]);
        close(descriptors[1]);
    }
    return failure;
#endif
}

int gohub_socket_error(int descriptor) {
    int pending = 0;
    socklen_t length = sizeof(pending);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &pending, &length) < 0) return errno;
    return pending;
}

int gohub_set_no_delay(int descriptor, int on) { return set(descriptor, IPPROTO_TCP, TCP_NODELAY, on); }

int gohub_get_no_delay(int descriptor) {
    int on = 0;
    socklen_t length = sizeof(on);
    return getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, &length) == 0 ? on != 0 : -errno;
}

int gohub_set_send_buffer(int descriptor, int bytes) { return set(descriptor, SOL_SOCKET, SO_SNDBUF, bytes); }

int gohub_set_receive_buffer(int descriptor, int bytes) { return set(descriptor, SOL_SOCKET, SO_RCVBUF, bytes); }

int gohub_shutdown(int descriptor) { return shutdown(descriptor, SHUT_RDWR) == 0 ? 0 : -errno; }

uint64_t gohub_socket_identity(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

static bool is_connected_to(int descriptor, const struct gohub_address *peer) {
    struct gohub_address found;
    memset(&found, 0, sizeof(found));
    socklen_t length = sizeof(found.storage);
    if (getpeername(descriptor, (struct sockaddr *)&found.storage, &length) != 0) return false;
    found.length = length;
    char left[GOHUB_HOST_BYTES], right[GOHUB_HOST_BYTES];
    return gohub_address_port(&found) == gohub_address_port(peer) && gohub_address_host(&found, left, sizeof(left)) == 0 &&
           gohub_address_host(peer, right, sizeof(right)) == 0 && strcmp(left, right) == 0;
}

int gohub_shutdown_connections(const struct gohub_address *peer, const uint64_t *spared, size_t count) {
    // On Linux a link to /proc/self/fd.
    DIR *directory = opendir("/dev/fd");
    if (directory == NULL) return -errno;
    int found = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char *end;
        long descriptor = strtol(entry->d_name, &end, 10);
        if (end == entry->d_name || *end != '\0') continue;
        uint64_t identity = gohub_socket_identity((int)descriptor);
        if (identity == 0 || !is_connected_to((int)descriptor, peer)) continue;
        bool is_spared = false;
        for (size_t i = 0; i < count; i++) is_spared = is_spared || spared[i] == identity;
        if (!is_spared && shutdown((int)descriptor, SHUT_RDWR) == 0) found++;
    }
    closedir(directory);
    return found;
}

int gohub_duplicate(int descriptor) {
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

int gohub_shutdown_write(int descriptor) { return shutdown(descriptor, SHUT_WR) == 0 ? 0 : -errno; }

// Not repeated on EINTR: Linux has closed the descriptor by then, and another thread may have its number.
void gohub_close(int descriptor) { close(descriptor); }

ptrdiff_t gohub_receive(int descriptor, void *bytes, size_t count) {
    ssize_t result;
    do {
        result = recv(descriptor, bytes, count, 0);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

ptrdiff_t gohub_send(int descriptor, const void *bytes, size_t count) {
    ssize_t result;
    do {
        result = send(descriptor, bytes, count, MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

ptrdiff_t gohub_send_pieces(int descriptor, const struct gohub_piece *pieces, size_t count) {
    struct msghdr message;
    ssize_t result;
    memset(&message, 0, sizeof(message));
    message.msg_iov = (struct iovec *)pieces;
    message.msg_iovlen = count < IOV_MAX ? count : IOV_MAX;
    do {
        result = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int gohub_ignore_broken_pipe(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; }
