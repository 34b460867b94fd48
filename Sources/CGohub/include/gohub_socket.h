// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Sockets as HubLoop wants them: never blocking, closed on exec, no SIGPIPE. Results below zero are a negated errno.

// No system header here: what one declares, Swift would then take for a part of this module.

/// An address of either family, as the kernel takes and gives it: room for a `struct sockaddr_storage`.
struct gohub_address {
    uint64_t storage[16];
    uint32_t length;
};

/// A run of bytes to send; laid out as a `struct iovec`.
struct gohub_piece {
    const void *start;
    size_t count;
};

/// Room for the longest numeric host with its zone, and the final zero.
#define GOHUB_HOST_BYTES 128

enum { GOHUB_REUSE_PORT = 1, GOHUB_DUAL_STACK = 2 };

/// Reads a numeric IPv4 or IPv6 host. 0, or below zero when it is neither.
int gohub_address_parse(struct gohub_address *address, const char *host, uint16_t port);

/// Writes the numeric host; an IPv4 address that came over an IPv6 socket is written as IPv4. 0 or a negated errno.
int gohub_address_host(const struct gohub_address *address, char *host, size_t capacity);

/// Clears the last 64 bits of an IPv6 address and its zone; leaves other families alone.
void gohub_address_cut_to_network(struct gohub_address *address);

/// The port in host order; 0 for families that have none.
uint16_t gohub_address_port(const struct gohub_address *address);

/// Asks the system's resolver, which blocks, for stream addresses. How many, or below zero with the reason in `text`.
int gohub_resolve(const char *host, uint16_t port, struct gohub_address *addresses, int capacity, const char **text);

/// A listening TCP socket with SO_REUSEADDR and TCP_NODELAY, which accepted sockets inherit.
int gohub_listen(const struct gohub_address *address, int flags, int backlog);

/// Whether a socket could be bound there without sharing the port: 0 or a negated errno.
int gohub_probe_bind(const struct gohub_address *address, int flags);

/// Takes a name that one process of the machine (of its network namespace) can have at a time: a descriptor, which gives
/// the name back when it is closed, or -EADDRINUSE. Where the system has no such names, -ENOTSUP.
int gohub_take_name(const char *name);

/// Accepts one connection and says whose it is.
int gohub_accept(int listener, struct gohub_address *peer);

/// Begins a TCP connection, from a local address if there is a `source`, whose port may be 0; `in_progress` tells whether to
/// wait until the socket is writable.
int gohub_connect(const struct gohub_address *address, const struct gohub_address *source, int *in_progress);

/// The address that a socket is bound to; the other end's address. 0 or a negated errno.
int gohub_local_address(int descriptor, struct gohub_address *address);
int gohub_peer_address(int descriptor, struct gohub_address *address);

/// Two connected stream sockets of this process. 0 or a negated errno.
int gohub_socket_pair(int descriptors[2]);

/// The pending error of a socket, which this clears; 0 when there is none.
int gohub_socket_error(int descriptor);

/// How many bytes the peer has acknowledged since the connection began, and how many it has still to. 0 or a negated
/// errno; -ENOTSUP where the system does not say.
int gohub_outgoing_bytes(int descriptor, uint64_t *acknowledged, uint64_t *unacknowledged);

int gohub_set_no_delay(int descriptor, int on);
int gohub_get_no_delay(int descriptor);
int gohub_set_send_buffer(int descriptor, int bytes);
int gohub_set_receive_buffer(int descriptor, int bytes);
int gohub_shutdown_write(int descriptor);
int gohub_shutdown(int descriptor);
/// What tells a socket from all others of the system, whichever descriptor it is looked at by; 0 when it is none.
uint64_t gohub_socket_identity(int descriptor);
/// Shuts down all connections of this process to an address, but those with these identities. How many, or a negated errno.
int gohub_shutdown_connections(const struct gohub_address *peer, const uint64_t *spared, size_t count);
/// Another descriptor of the same file, closed on exec; a negated errno when there is none left.
int gohub_duplicate(int descriptor);
void gohub_close(int descriptor);

ptrdiff_t gohub_receive(int descriptor, void *bytes, size_t count);
ptrdiff_t gohub_send(int descriptor, const void *bytes, size_t count);
/// Sends the pieces in one call; at most IOV_MAX of them, the rest is left to the next call.
ptrdiff_t gohub_send_pieces(int descriptor, const struct gohub_piece *pieces, size_t count);

/// Lets writes to closed pipes and sockets fail with EPIPE instead of ending the process. 0 or a negated errno.
int gohub_ignore_broken_pipe(void);
