# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A client that keeps an event loop at work and takes little time itself: it sends what it has made before."""

import contextlib
import threading

from client import RawClient, short_frame

MESSAGES = 2000


class Firehose:
    """Publishes to a topic without subscribers as fast as the node reads, and throws the answers away."""

    def __init__(self, node):
        self._client = RawClient(node)
        self._client.upgrade()
        self._client.socket.settimeout(None)
        self._burst = short_frame("publish", {"topic": "demo/nobody", "payload": "x"}) * MESSAGES
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self):
        with contextlib.suppress(OSError):
            while True:
                self._client.socket.sendall(self._burst)

    def _receive(self):
        with contextlib.suppress(OSError):
            while self._client.socket.recv(1 << 20):
                pass

    def hold(self):
        """Goes on until the cell is over; fails when the node has closed the connection."""
        while True:
            assert all(thread.is_alive() for thread in self._threads), "the connection has ended"
            yield 5

    def stop(self):
        with contextlib.suppress(OSError):
            self._client.socket.shutdown(2)
        for thread in self._threads:
            thread.join(5)
        self._client.socket.close()
