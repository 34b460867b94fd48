# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Stands between nodes and Redis: what Redis sends comes late, or what was published does not come at all."""

import asyncio
import threading

from stack.ports import HOST

STEP = 65536


class BusProxy:
    """`delay` is for all that Redis sends, `message_delay` only for what it sends on connections with subscriptions."""

    def __init__(self, port):
        self._server_port = port
        self.delay = 0.0
        self.message_delay = 0.0
        # Whether messages to subscribers are thrown away.
        self.is_silent = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._accept, HOST, 0), self._loop)
        self._server = listening.result(10)
        self.address = f"{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def _accept(self, reader, writer):
        try:
            from_redis, to_redis = await asyncio.open_connection(HOST, self._server_port)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(self)
        pumps = [connection.requests(reader, to_redis), connection.read(from_redis), connection.write(writer)]
        tasks = [asyncio.ensure_future(pump) for pump in pumps]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for end in (writer, to_redis):
            end.transport.abort()

    def stop(self):
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


class Connection:
    """One connection of a node."""

    def __init__(self, proxy):
        self._proxy = proxy
        self._is_subscriber = False
        self._late = asyncio.Queue()

    async def requests(self, reader, writer):
        while data := await reader.read(STEP):
            self._is_subscriber = self._is_subscriber or b"subscribe" in data.lower()
            writer.write(data)
            await writer.drain()

    async def read(self, reader):
        while data := await reader.read(STEP):
            if self._is_subscriber and self._proxy.is_silent:
                continue
            delay = self._proxy.delay + (self._proxy.message_delay if self._is_subscriber else 0.0)
            self._late.put_nowait((asyncio.get_running_loop().time() + delay, data))

    async def write(self, writer):
        while True:
            due, data = await self._late.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            writer.write(data)
            await writer.drain()
