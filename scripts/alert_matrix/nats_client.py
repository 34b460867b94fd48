# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Publishes on NATS as a program does that is no node."""

import socket

from stack.ports import HOST

WITHIN = 30.0


class NatsClient:
    """A connection to a server without users; at the end of its context the server has taken all."""

    def __init__(self, port):
        self._socket = socket.create_connection((HOST, port), timeout=WITHIN)
        self._socket.sendall(b'CONNECT {"verbose":false}\r\n')

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        with self._socket:
            if kind is None:
                self._socket.sendall(b"PING\r\n")
                answer = b""
                while not answer.endswith(b"PONG\r\n"):
                    piece = self._socket.recv(65536)
                    assert piece, f"NATS has closed the connection: {answer.decode(errors='replace')}"
                    answer += piece

    def publish(self, subject, payload):
        self._socket.sendall(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(payload), payload))
