# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A TCP proxy between nodes and a server: it can cut connections, or leave them open and swallow every byte."""

import asyncio
import socket

HOST = "127.0.0.1"
OPEN, CUT, SILENT = "open", "cut", "silent"


class End(asyncio.Protocol):
    """One of the two sockets of a connection."""

    def __init__(self, port, other=None):
        self._port = port
        self._waiting = []
        self.other = other
        self.transport = None
        self.is_silent = port.state == SILENT

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port.ends.add(self)
        if self.other:
            self.other.found(self)
        elif not self.is_silent:
            self._port.reach_server(self)

    def found(self, other):
        self.other = other
        if not self.is_silent:
            other.transport.writelines(self._waiting)
        self._waiting = []

    def data_received(self, data):
        if self.is_silent:
            return
        if self.other:
            self.other.transport.write(data)
        else:
            self._waiting.append(data)

    def connection_lost(self, error):
        self._port.ends.discard(self)
        if self.other and not self.is_silent:
            self.other.transport.close()


class Port:
    """Where one node connects."""

    def __init__(self, server):
        self._server = server
        self._listener = None
        self._tasks = set()
        self.ends = set()
        self.state = OPEN
        self.number = 0

    async def listen(self):
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: End(self), HOST, self.number, reuse_address=True)
        self.number = self._listener.sockets[0].getsockname()[1]

    def reach_server(self, end):
        task = asyncio.get_running_loop().create_task(self._reach(end))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reach(self, end):
        try:
            await asyncio.get_running_loop().create_connection(lambda: End(self, end), HOST, self._server)
        except OSError:
            end.transport.abort()

    async def become(self, state):
        if state == CUT:
            self._listener.close()
            await self._listener.wait_closed()
        elif self.state == CUT:
            await self.listen()
        self.state = state
        for end in list(self.ends):
            if state == CUT:
                end.transport.abort()
            elif state == SILENT:
                end.is_silent = True


class Proxy:
    """A port for each node, all to one server."""

    def __init__(self, server, count):
        self._ports = [Port(server) for _ in range(count)]

    async def listen(self):
        """The numbers of the ports."""
        for port in self._ports:
            await port.listen()
        return [port.number for port in self._ports]

    async def become(self, state, which):
        """Has these ports be open, cut or silent; what was silent once stays so when the port is open again."""
        for index in which:
            await self._ports[index].become(state)

    async def forget(self):
        """Ends the connections that are silent."""
        for port in self._ports:
            for end in list(port.ends):
                if end.is_silent:
                    end.transport.abort()
