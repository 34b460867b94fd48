# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients of the hub: one that speaks the protocol by a library, one that holds only a socket."""

import asyncio
import base64
import collections
import itertools
import json
import os
import socket
import struct
import time

from websockets.asyncio.client import connect

REPLIES = {"pong", "subscribed", "unsubscribed", "published", "error"}
TEXT, CLOSE, PING = 1, 8, 9
WITHIN = 20.0


class Client:
    """A client of protocol v1; use it as `async with Client(hub) as client`."""

    def __init__(self, hub, **options):
        self._options = {
            "uri": hub.url,
            "subprotocols": ["gohub.v1.json"],
            "compression": None,
            "ping_interval": None,
            "open_timeout": WITHIN,
            "close_timeout": 5,
            "max_size": None,
            "max_queue": None,
            "proxy": None,
            **options,
        }
        self._numbers = itertools.count(1)
        self._inbox = collections.deque()

    async def __aenter__(self):
        self.socket = await connect(**self._options)
        self.welcome = (await self.receive("welcome"))["data"]
        self.id = self.welcome["client_id"]
        return self

    async def __aexit__(self, *_):
        await self.socket.close()

    async def send(self, kind, data=None, note=None):
        """Sends a message; answers its message_id, which `note` is told before."""
        number = next(self._numbers)
        if note:
            note(number)
        await self.socket.send(json.dumps({"message_id": number, "message_type": kind, "data": data, "ts": now()}))
        return number

    async def receive(self, kind=None):
        """The next message, which has to be of `kind` when that is given."""
        message = self._inbox.popleft() if self._inbox else await self._next()
        assert kind in (None, message["message_type"]), message
        return message

    async def reply(self, number):
        """The reply to the message with this id; what comes before it waits for `receive`."""

        def is_it(message):
            return message["message_type"] in REPLIES and message["message_id"] == number

        # It may have come before another reply that was waited for.
        if message := next(filter(is_it, self._inbox), None):
            self._inbox.remove(message)
            return message
        while not is_it(message := await self._next()):
            self._inbox.append(message)
        return message

    async def request(self, kind, data=None, expect=None):
        """Sends a message and answers the reply, which has to be of the kind `expect` when that is given."""
        reply = await self.reply(await self.send(kind, data))
        assert expect in (None, reply["message_type"]), reply
        return reply

    async def settle(self):
        """Everything that came before the answer to a ping: by then all has arrived that this client's loop sent to it.

        What another client published may still wait for that loop; `receive` waits for it.
        """
        await self.request("ping", expect="pong")
        messages = list(self._inbox)
        self._inbox.clear()
        return messages

    async def payloads(self, count):
        """The payloads of the next messages, and the certainty that there are no more right behind them."""
        found = [(await self.receive("message"))["data"]["payload"] for _ in range(count)]
        more = await self.settle()
        assert more == [], more
        return found

    async def rest(self):
        """Every message until the hub closes the connection."""
        messages = list(self._inbox)
        self._inbox.clear()
        async for frame in self.socket:
            messages.append(json.loads(frame))
        return messages

    @property
    def close_code(self):
        return self.socket.close_code

    async def _next(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), WITHIN))


def now():
    return int(time.time() * 1000)


def short_frame(kind, data):
    """A message in one masked frame; the mask of zeros leaves the payload as it is."""
    payload = json.dumps({"message_id": 1, "message_type": kind, "data": data}).encode()
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload


class RawClient:
    """A client that does only what a test tells it: it answers no ping and reads when asked."""

    def __init__(self, hub, receive_buffer=None, line_speed=None):
        """`line_speed`: how many bytes it reads a second, about."""
        self._line_speed = line_speed
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(WITHIN)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((hub.host, hub.port))
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_message(self, kind, data):
        self.send(short_frame(kind, data))

    def send_long(self, kind, data, line_speed=None):
        """Sends a message of 64 KiB or more in one frame, so many bytes a second."""
        payload = json.dumps({"message_id": 1, "message_type": kind, "data": data}).encode()
        frame = b"\x81\xff" + struct.pack(">Q", len(payload)) + bytes(4) + payload
        step = line_speed // 100 if line_speed else len(frame)
        for start in range(0, len(frame), step):
            self.send(frame[start : start + step])
            if line_speed:
                time.sleep(0.01)

    def messages(self, count):
        """The next `count` messages of the hub, its pings left out."""
        messages = []
        while len(messages) < count:
            opcode, payload = self.frame()
            if opcode == TEXT:
                messages.append(json.loads(payload))
        return messages

    def upgrade(self, host="hub"):
        """Asks for a WebSocket and answers the id of the welcome."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(
            f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        status, _ = self.response_head()
        assert status == 101
        (welcome,) = self.messages(1)
        return welcome["data"]["client_id"]

    def response_head(self):
        """(status, headers in lower case) of the next response."""
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        return int(first.split(" ")[1]), headers

    def frame(self):
        """(opcode, payload) of the next frame from the hub, which is never masked."""
        first, second = self._take(2)
        assert second < 128, "a server may not mask"
        length = second
        if length == 126:
            (length,) = struct.unpack(">H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._take(8))
        return first & 15, self._take(length)

    def until(self, opcode):
        """The payload of the next frame with this opcode; those before it are thrown away."""
        while True:
            found, payload = self.frame()
            if found == opcode:
                return payload

    def rest(self):
        """Every byte until the hub closes the connection."""
        try:
            while True:
                self._read()
        except ConnectionError:
            data, self._buffer = self._buffer, b""
            return data

    def frames(self, then_end=False):
        """Every frame until the hub closes the connection; `then_end` says no more once the hub's close frame is there."""
        frames = []
        try:
            while True:
                frames.append(self.frame())
                if then_end and frames[-1][0] == CLOSE:
                    self.socket.shutdown(socket.SHUT_WR)
        except ConnectionError:
            return frames

    def _take(self, count):
        while len(self._buffer) < count:
            self._read()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _read(self):
        if self._line_speed:
            time.sleep(0.01)
        data = self.socket.recv(self._line_speed // 100 if self._line_speed else 1 << 20)
        if not data:
            raise ConnectionError("the hub closed the connection")
        self._buffer += data
