# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients that break rules, one way after the other: wrong messages, wrong frames, wrong requests, wrong ends."""

import asyncio
import contextlib
import itertools
import random
import socket
import struct
import types
import urllib.parse

from client import CLOSE, RawClient

from stack.peers import ENDS, TOPICS

PAUSE = 0.3
ROUTES = ("/", "/metrics", "/livez", "/readyz", "/healthz", "/version", "/nothing", "/ws", "/debug/nodes")
METHODS = ("GET", "HEAD", "POST")
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def close_frame(code):
    return bytes([0x80 | CLOSE, 0x82, 0, 0, 0, 0]) + struct.pack(">H", code)


def reset(client):
    """Ends the connection by a reset instead of a FIN."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


def heads():
    """Requests of each route, by each method, without a body and with one; and one for metrics as OpenMetrics."""
    for route in ROUTES:
        for method in METHODS:
            for body in ("", "Content-Length: 1\r\n"):
                end = "x" if body else ""
                yield f"{method} {route} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n{body}\r\n{end}".encode()
    yield (
        b"GET /metrics HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nAccept: application/openmetrics-text\r\n"
        b"Accept-Encoding: gzip\r\n\r\n"
    )


class Misuse:
    """What clients of one node do wrong."""

    def __init__(self, url, operators_port):
        address = urllib.parse.urlsplit(url)
        self._node = types.SimpleNamespace(host=address.hostname, port=address.port)
        self._operators = types.SimpleNamespace(host=address.hostname, port=operators_port)

    async def commands(self, peer):
        """Messages that are answered by an error, over and over."""
        while True:
            await peer.ask("ping")
            for kind in ("subscribe", "unsubscribe", "publish", "broadcast", "unicast", "nonsense"):
                await peer.ask(kind, 1)
            for kind in ("subscribe", "unsubscribe", "publish"):
                await peer.ask(kind, {"topic": "unicast/x", "payload": 1})
            await peer.ask("unicast", {"client_id": peer.id[:-1] + "_", "payload": 1})
            for frame in ("{", b"", b"\x01\x07"):
                await peer.socket.send(frame)
            # More subscriptions than one client may have, then more topics than a loop may.
            for topics in ([*TOPICS, "demo/nobody"], [f"demo/many/{number}" for number in range(len(TOPICS))]):
                for kind in ("subscribe", "unsubscribe"):
                    for topic in topics:
                        await peer.ask(kind, {"topic": topic})
            longest = "x" * (peer.welcome["max_message_bytes"] - 120)
            for kind, data in (("publish", {"topic": "demo/1"}), ("broadcast", {}), ("unicast", {"client_id": peer.id})):
                await peer.ask(kind, {**data, "payload": longest})
            await asyncio.sleep(5)

    async def connections(self):
        """Connections that end, or are turned away, in every way there is; for ever."""
        ways = [
            *(self._closing(close_frame(code)) for code in (1000, 1001, 1011, 4000)),
            *(self._closing(frame) for frame in (b"\x83\x80\0\0\0\0", b"\x81\x81\0\0\0\0\xff")),
            self._closing(b"\x81\xff" + struct.pack(">Q", 1 << 40) + b"\0\0\0\0"),
            *(self._vanish, self._reset, self._silent, self._half_a_head, self._aborted),
            self._request(b"nonsense\r\n\r\n"),
            self._request(f"GET /ws HTTP/1.1\r\nHost: hub\r\n{UPGRADE}Origin: http://other.example\r\n\r\n".encode()),
            self._request(b"GET /ws HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
            self._slow_message,
        ]
        requests = [self._request(head) for head in heads()]
        plan = [(self._node, way) for way in ways]
        plan += [(node, request) for node in (self._node, self._operators) for request in requests]
        random.shuffle(plan)
        slow = set()
        for node, way in itertools.cycle(plan):
            # Some wait for a time-out of the hub: the others go on meanwhile.
            slow.add(asyncio.create_task(asyncio.to_thread(self._once, node, way)))
            done = {task for task in slow if task.done()}
            for task in done:
                task.result()
            slow -= done
            await asyncio.sleep(PAUSE)

    def _once(self, node, way):
        # A node that restarts, or is frozen, ends any of these.
        with contextlib.suppress(*ENDS), RawClient(node) as client:
            way(client)

    def _closing(self, frame):
        def way(client):
            client.upgrade()
            client.send(frame)
            client.frames(then_end=True)

        return way

    def _request(self, head):
        def way(client):
            client.send(head)
            client.rest()

        return way

    def _vanish(self, client):
        client.upgrade()

    def _reset(self, client):
        client.upgrade()
        reset(client)

    def _silent(self, client):
        client.rest()

    def _half_a_head(self, client):
        client.send(b"GET / HTTP/1.1\r\nHo")
        client.rest()

    def _aborted(self, client):
        client.send(b"GET / HTTP/1.1\r\nHo")
        reset(client)

    def _slow_message(self, client):
        """A message that begins and never ends."""
        client.upgrade()
        client.send(b"\x01\x81\0\0\0\0a")
        client.rest()
