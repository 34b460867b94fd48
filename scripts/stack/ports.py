# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Ports of 127.0.0.1."""

import socket

from redis_server import HOST, free_port


def choose_port(preferred=0):
    """The preferred port where nobody has it, otherwise a free one."""
    try:
        with socket.create_server((HOST, preferred)) as server:
            return server.getsockname()[1]
    except OSError:
        return free_port()
