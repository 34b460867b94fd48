# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A client that reads all that comes, and one that comes back whenever its connection has ended."""

import asyncio
import contextlib
import json
import random
import types

from client import REPLIES, Client
from websockets.exceptions import WebSocketException

ANSWER_WITHIN = 5.0
TOPICS = [f"demo/{number}" for number in range(10)]
# What ends a connection while nodes are restarted, frozen and overloaded; the client then comes again.
ENDS = (OSError, WebSocketException, TimeoutError, AssertionError)


class Peer(Client):
    """A client whose messages are read and dropped, but for the answers to what it asks."""

    def __init__(self, url, **options):
        super().__init__(types.SimpleNamespace(url=url), close_timeout=1, max_queue=64, **options)
        self._asked = {}

    async def __aenter__(self):
        await super().__aenter__()
        self.reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *error):
        self.reader.cancel()
        with contextlib.suppress(asyncio.CancelledError, *ENDS):
            await self.reader
        await super().__aexit__(*error)

    async def _read(self):
        try:
            async for frame in self.socket:
                if isinstance(frame, str):
                    self._received(json.loads(frame))
        finally:
            for future in self._asked.values():
                future.cancel()

    def _received(self, message):
        future = self._asked.pop(message["message_id"], None) if message["message_type"] in REPLIES else None
        if future and not future.done():
            future.set_result(message)

    async def ask(self, kind, data=None):
        """The reply to a message."""
        future = asyncio.get_running_loop().create_future()
        await self.send(kind, data, lambda number: self._asked.update({number: future}))
        try:
            return await asyncio.wait_for(future, ANSWER_WITHIN)
        except asyncio.CancelledError:
            if self.reader.done():
                raise ConnectionError("the connection ended before the answer") from None
            raise


async def keep_coming(connect, act, pause=(0.2, 2.0)):
    """Connects, acts until the connection ends, and does it again after a pause; for ever."""
    while True:
        with contextlib.suppress(*ENDS):
            async with connect() as peer:
                await act(peer)
        await asyncio.sleep(random.uniform(*pause))
