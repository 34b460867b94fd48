# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients that are no more than a socket, and do only what a fault tells them."""

import contextlib
import types
import urllib.parse

from client import RawClient


@contextlib.contextmanager
def raw_clients(url, count, **options):
    """So many of them, connected, until the end of the context."""
    address = urllib.parse.urlsplit(url)
    node = types.SimpleNamespace(host=address.hostname, port=address.port)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(node, **options)) for _ in range(count)]
        for client in clients:
            client.upgrade()
        yield clients


@contextlib.contextmanager
def slow_clients(url, count, topic):
    """Clients that subscribe and then read nothing."""
    with raw_clients(url, count, receive_buffer=4096) as clients:
        for client in clients:
            client.send_message("subscribe", {"topic": topic})
        yield clients
