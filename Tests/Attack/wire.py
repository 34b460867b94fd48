# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Sockets and frames for attackers, and for the honest clients beside them: as little work for each byte as Python allows."""

import json
import socket
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
IP_BIND_ADDRESS_NO_PORT = 24
WITHIN = 20.0


def connect(port, source="127.0.0.1", receive_buffer=None):
    """A connection to the hub from `source`, any address of 127.0.0.0/8; its port is chosen when the other end is known."""
    connection = socket.socket()
    connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    connection.bind((source, 0))
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(WITHIN)
    try:
        connection.connect(("127.0.0.1", port))
    except OSError:
        connection.close()
        raise
    return connection


def reset(connection):
    """Ends a connection by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def request(path, host="localhost", keep_alive=True):
    ending = "" if keep_alive else "Connection: close\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{ending}\r\n".encode()


def answer(connection):
    """(status, body) of one answer that has a Content-Length or ends with its connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    length = int(fields.get(b"content-length", 0))
    while len(body) < length:
        body += received(connection)
    return int(head.split(b" ", 2)[1]), body


def get(port, path, source="127.0.0.1"):
    """(status, body) of a GET on a connection of its own."""
    with connect(port, source) as connection:
        connection.sendall(request(path, keep_alive=False))
        return answer(connection)


def received(connection):
    data = connection.recv(1 << 18)
    if not data:
        raise ConnectionError("the hub closed the connection")
    return data


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def frame(payload, opcode=TEXT, final=True):
    """A client's frame; the mask of zeros leaves the payload as it is."""
    return header(len(payload), opcode, final) + payload


def header(length, opcode=TEXT, final=True):
    first = opcode | (0x80 if final else 0)
    if length < 126:
        return bytes([first, 0x80 | length, 0, 0, 0, 0])
    if length < 65536:
        return bytes([first, 0x80 | 126]) + struct.pack(">HI", length, 0)
    return bytes([first, 0x80 | 127]) + struct.pack(">QI", length, 0)


def message(kind, data=None, number=1):
    return frame(json.dumps({"message_id": number, "message_type": kind, "data": data}).encode())


class Reader:
    """The hub's frames on one connection, from the handshake on."""

    def __init__(self, connection):
        self.connection = connection
        self._buffer = b""

    def upgrade(self):
        """Sends the handshake and waits for the welcome."""
        self.connection.sendall(HANDSHAKE)
        return self.welcomed()

    def welcomed(self):
        """Waits for the answer to a handshake that was sent, and for the welcome; keeps what came behind."""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += received(self.connection)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if b" 101 " not in head[:20]:
            raise ConnectionError(f"refused: {head.splitlines()[0].decode('latin-1')}")
        self.frame()
        return self

    def frame(self):
        """(opcode, payload) of the next frame."""
        _take = self._take
        first, second = _take(2)
        if second == 126:
            (second,) = struct.unpack(">H", _take(2))
        elif second == 127:
            (second,) = struct.unpack(">Q", _take(8))
        return first & 15, _take(second)

    def message(self):
        """The next message; pings are answered and a close frame is the end."""
        while True:
            opcode, payload = self.frame()
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == PING:
                self.connection.sendall(frame(payload, PONG))
            if opcode == CLOSE:
                raise ConnectionError(f"closed with {int.from_bytes(payload[:2], 'big')}")

    def _take(self, count):
        while len(self._buffer) < count:
            self._buffer += received(self.connection)
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data


def web_sockets(port, sources, receive_buffer=None, group=100):
    """One WebSocket for each source, upgraded in groups; what follows the welcome stays unread in its socket or is lost."""
    opened = []
    for start in range(0, len(sources), group):
        added = [connect(port, source, receive_buffer) for source in sources[start : start + group]]
        for connection in added:
            connection.sendall(HANDSHAKE)
        for connection in added:
            Reader(connection).welcomed()
        opened += added
    return opened


def addresses(first, count, each):
    """`count` sources, `each` of them from one address: first, the one behind it, and so on."""
    network, host = first.split("."), 0
    base = int(network[2]) * 250 + int(network[3])
    sources = []
    for number in range(count):
        host = base + number // each
        sources.append(f"{network[0]}.{network[1]}.{host // 250}.{host % 250 + 1}")
    return sources
