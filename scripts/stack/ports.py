# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Ports of 127.0.0.1."""

import contextlib
import socket

from bus_server import HOST, free_port


def choose_port(preferred=None):
    """The preferred port where nobody has it, otherwise a free one."""
    if preferred:
        with contextlib.suppress(OSError), socket.create_server((HOST, preferred)):
            return preferred
    return free_port()
