// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// A file of its own: the kernel's header, which alone has all of struct tcp_info, and the C library's exclude each other.
#include "gohub_socket.h"
#include <errno.h>
#include <string.h>

#if defined(__linux__)
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int gohub_outgoing_bytes(int descriptor, uint64_t *acknowledged, uint64_t *unacknowledged) {
    struct tcp_info info;
    socklen_t length = sizeof(info);
    int queued = 0;
    memset(&info, 0, sizeof(info));
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -errno;
    if (length < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked)) return -ENOTSUP;
    if (ioctl(descriptor, SIOCOUTQ, &queued) < 0) return -errno;
    *acknowledged = info.tcpi_bytes_acked;
    *unacknowledged = queued > 0 ? (uint64_t)queued : 0;
    return 0;
}
#else
int gohub_outgoing_bytes(int descriptor, uint64_t *acknowledged, uint64_t *unacknowledged) {
    (void)descriptor;
    *acknowledged = *unacknowledged = 0;
    return -ENOTSUP;
}
#endif
