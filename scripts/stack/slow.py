# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients that subscribe and then read nothing."""

import contextlib
import types
import urllib.parse

from client import RawClient


@contextlib.contextmanager
def slow_clients(url, count, topic):
    """So many of them, as sockets, until the end of the context."""
    address = urllib.parse.urlsplit(url)
    node = types.SimpleNamespace(host=address.hostname, port=address.port)
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(RawClient(node, receive_buffer=4096))
            client.upgrade()
            client.send_message("subscribe", {"topic": topic})
            clients.append(client)
        yield clients
