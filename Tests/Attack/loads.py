# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The attackers, each a process of its own.

usage: loads.py NAME JSON    (where the hub is, and what the function of that name takes)

Prints a JSON line once all is prepared, begins when a line comes in, and prints what became of it at the end. Then its
connections end by RST.
"""

import collections
import heapq
import json
import os
import pathlib
import select
import socket
import sys
import time

import wire

SMALL_BUFFER = 4096
LARGE_BUFFER = 1 << 20


def begin(**prepared):
    print(json.dumps(prepared), flush=True)
    if not sys.stdin.readline():
        sys.exit(1)


def end(connections, **result):
    print(json.dumps(result), flush=True)
    for connection in connections:
        # The hub may have ended it.
        if connection.fileno() >= 0:
            wire.reset(connection)


class Crowd:
    """Many connections that are read, and may all be sent the same bytes again and again."""

    def __init__(self, connections, chunk=b"", reads=True):
        self.chunk = memoryview(chunk)
        self.sent = self.received = self.ended = 0
        self._reads = select.EPOLLIN if reads else 0
        self._buffer = bytearray(1 << 20)
        self._poll = select.epoll()
        self._offsets = {}
        self._connections = {}
        for connection in connections:
            connection.setblocking(False)
            self._connections[connection.fileno()] = connection
            self._offsets[connection.fileno()] = 0
            self._poll.register(connection, self._reads | (select.EPOLLOUT if chunk else 0))

    @property
    def count(self):
        return len(self._connections)

    def run(self, seconds):
        deadline = time.monotonic() + seconds
        while self._connections and (left := deadline - time.monotonic()) > 0:
            for descriptor, events in self._poll.poll(min(left, 0.2)):
                self._serve(descriptor, events)

    def run_until_quiet(self, within):
        """Goes on until nothing has come for two seconds."""
        deadline = time.monotonic() + within
        before = None
        while self.received != before and time.monotonic() < deadline:
            before = self.received
            self.run(2)

    def finish(self, size):
        """Sends the rest of the message of `size` bytes that each connection is in, and a ping; until the hub has answered it.

        The hub has handled all that came before the ping then. What a connection was sent has to be whole messages.
        """
        for descriptor, connection in self._connections.items():
            connection.settimeout(wire.WITHIN * 3)
            offset = self._offsets[descriptor]
            rest = self.chunk[offset : offset + -offset % size]
            connection.sendall(rest)
            self.sent += len(rest)
            connection.sendall(wire.message("ping"))
        for connection in self._connections.values():
            reader = wire.Reader(connection)
            while reader.message()["message_type"] != "pong":
                pass

    def _serve(self, descriptor, events):
        connection = self._connections[descriptor]
        try:
            if events & select.EPOLLIN:
                count = connection.recv_into(self._buffer)
                if count == 0:
                    raise ConnectionError
                self.received += count
            if events & select.EPOLLOUT and self.chunk:
                offset = self._offsets[descriptor]
                count = connection.send(self.chunk[offset:])
                self.sent += count
                self._offsets[descriptor] = (offset + count) % len(self.chunk)
            elif not events & select.EPOLLIN:
                raise ConnectionError
        except BlockingIOError:
            pass
        except OSError:
            self.ended += 1
            self._poll.unregister(descriptor)
            del self._connections[descriptor]
            connection.close()


def by_loop(pid, port, connections):
    """The connections by the hub's event loop that serves them, as the kernel tells: {0: [...], 1: [...]}."""
    process = pathlib.Path(f"/proc/{pid}")
    inodes = {}
    for line in (process / "net/tcp").read_text().splitlines()[1:]:
        _, local, remote, *rest = line.split()
        if int(local.rpartition(":")[2], 16) == port:
            address, _, number = remote.partition(":")
            host = ".".join(str(byte) for byte in reversed(bytes.fromhex(address)))
            inodes[f"socket:[{rest[6]}]"] = (host, int(number, 16))
    names, polls = {}, []
    for entry in (process / "fd").iterdir():
        try:
            target = os.readlink(entry)
        except FileNotFoundError:
            # Closed since the folder was read; it was none of ours.
            continue
        if target in inodes:
            names[int(entry.name)] = inodes[target]
        elif target == "anon_inode:[eventpoll]":
            polls.append(int(entry.name))
    loops = {}
    for poll in polls:
        for line in (process / f"fdinfo/{poll}").read_text().splitlines():
            if line.startswith("tfd:"):
                loops[names.get(int(line.split()[1]))] = poll
    serving = sorted({loops[connection.getsockname()] for connection in connections})
    groups = {number: [] for number in range(len(serving))}
    for connection in connections:
        groups[serving.index(loops[connection.getsockname()])].append(connection)
    return groups


def on_loop(hub, loop, count, source):
    """`count` WebSockets that one loop of two serves; the others that had to be opened are closed again."""
    groups = by_loop(hub["pid"], hub["port"], wire.web_sockets(hub["port"], [source] * (4 * count + 20)))
    for number, connections in groups.items():
        for connection in connections[count if number == loop else 0 :]:
            connection.close()
    assert len(groups[loop]) >= count, f"only {len(groups[loop])} of {4 * count + 20} connections are on loop {loop}"
    return groups[loop][:count]


def subscribers(hub, loop, count, topic, source, seconds):
    """Clients on one loop that take everything a topic gets, also what comes later than it was published."""
    connections = on_loop(hub, loop, count, source)
    for connection in connections:
        connection.sendall(wire.message("subscribe", {"topic": topic}))
        wire.Reader(connection).frame()
    begin(subscribers=len(connections))
    crowd = Crowd(connections)
    crowd.run(seconds)
    crowd.run_until_quiet(40)
    end(connections, received=crowd.received, ended=crowd.ended)


def publishers(hub, loop, count, topic, size, source, seconds):
    """Clients on one loop that publish to a topic as fast as they can; what they sent has been handled when they end."""
    connections = on_loop(hub, loop, count, source)
    publish = wire.frame(bytes([len(topic)]) + topic.encode() + b"x" * size, wire.BINARY)
    begin(publishers=len(connections))
    crowd = Crowd(connections, publish * (1 + 120_000 // len(publish)))
    crowd.run(seconds)
    crowd.finish(len(publish))
    end(connections, published=crowd.sent // len(publish), ended=crowd.ended)


def redis_publisher(hub, topic, size, seconds):
    """A program that publishes to a topic at Redis as fast as it can."""
    payload = b'"%b"' % (b"x" * size)
    channel = b"gohub:topic/" + topic.encode()
    publish = b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(channel), channel, len(payload), payload)
    connections = [socket.create_connection(("127.0.0.1", hub["redis_port"]))]
    begin(publishers=len(connections))
    crowd = Crowd(connections, publish * (1 + 120_000 // len(publish)))
    crowd.run(seconds)
    end(connections, published=crowd.sent // len(publish), ended=crowd.ended)


def pipelines(hub, count, path, source, seconds):
    """Connections that send one GET behind the other, and read."""
    connections = [wire.connect(hub["http_port"], source) for _ in range(count)]
    asked = wire.request(path)
    begin(connections=len(connections))
    crowd = Crowd(connections, asked * 2000)
    crowd.run(seconds)
    end(connections, requests=crowd.sent // len(asked), ended=crowd.ended)


def frames(hub, count, source, seconds, first, then, repeat, reads):
    """Clients that send one frame and then another as often as they can; a frame is [opcode, payload, whether final]."""
    encoded = [wire.frame(payload.encode(), opcode, final) for opcode, payload, final in [first, then]]
    buffer = None if reads else SMALL_BUFFER
    connections = wire.web_sockets(hub["port"], wire.addresses(source, count, 1000), buffer)
    for connection in connections:
        connection.sendall(encoded[0])
    begin(clients=len(connections))
    crowd = Crowd(connections, encoded[1] * repeat, reads)
    crowd.run(seconds)
    end(connections, frames=crowd.sent // len(encoded[1]), ended=crowd.ended)


def leavers(hub, count, topics, each, source, seconds):
    """Clients with many subscriptions that all end by RST within a moment."""
    connections = wire.web_sockets(hub["port"], wire.addresses(source, count, each), LARGE_BUFFER)
    asked = b"".join(wire.message("subscribe", {"topic": f"topic-{number:04}"}) for number in range(topics))
    # The answer to a ping stands behind all others.
    asked += wire.message("ping", number=topics + 1)
    for start in range(0, count, 10):
        group = connections[start : start + 10]
        for connection in group:
            connection.sendall(asked)
        for connection in group:
            wait_for_text(connection, b'"pong"')
    begin(clients=len(connections), subscriptions=len(connections) * topics)
    end(connections)
    time.sleep(seconds)


def wait_for_text(connection, text):
    """Reads until a text has come, and returns it all: whole frames would cost more than the hub takes to make them."""
    parts = [b""]
    while text not in parts[-2:][0][-200:] + parts[-1]:
        try:
            parts.append(wire.received(connection))
        except ConnectionError as error:
            raise ConnectionError(f"{error} behind {parts[-1][-80:]!r}") from None
    return b"".join(parts)


def collectors(hub, count, topics, source, other, seconds):
    """Clients of one address that subscribe each to topics of their own; then one of another address wants one too."""
    begin()
    subscribed = 0
    deadline = time.monotonic() + seconds
    connections = wire.web_sockets(hub["port"], [source] * count, LARGE_BUFFER)
    for client, connection in enumerate(connections):
        asked = [wire.message("subscribe", {"topic": f"{client:04}-{number:04}"}) for number in range(topics)]
        connection.sendall(b"".join(asked) + wire.message("ping"))
        subscribed += wait_for_text(connection, b'"pong"').count(b'"subscribed"')
    with wire.connect(hub["port"], other) as connection:
        wire.Reader(connection).upgrade()
        connection.sendall(wire.message("subscribe", {"topic": "mine"}) + wire.message("ping"))
        others = wait_for_text(connection, b'"pong"').count(b'"subscribed"')
    time.sleep(max(0.0, deadline - time.monotonic()))
    end(connections, subscribed=subscribed, others=others)


def small_replies(hub, count, small, source, seconds):
    """Clients whose sockets are full and that go on asking for small answers without reading any."""
    big, little = wire.message("ping", "x" * 100_000), wire.message("ping") * 100
    full = pings_until_full(hub, big, source)
    connections = wire.web_sockets(hub["port"], [source] * count, SMALL_BUFFER)
    for connection in connections:
        connection.sendall(big * full)
    begin(clients=len(connections), big=full)
    asked = ended = 0
    deadline = time.monotonic() + seconds
    while asked < small and time.monotonic() < deadline:
        asked += 100
        for connection in list(connections):
            try:
                connection.sendall(little)
            except OSError:
                ended += 1
                connections.remove(connection)
    time.sleep(max(0.0, deadline - time.monotonic()))
    end(connections, small_replies=asked, ended=ended)


def pings_until_full(hub, big, source):
    """After how many big answers a socket that is not read takes no more."""
    with wire.connect(hub["port"], source, SMALL_BUFFER) as connection:
        wire.Reader(connection).upgrade()
        for number in range(1, 200):
            connection.sendall(big)
            time.sleep(0.02)
            _, page = wire.get(hub["http_port"], "/metrics", source)
            queued = [line for line in page.splitlines() if line.startswith(b"gohub_outbound_queue_bytes ")]
            if float(queued[0].split()[1]) > 0:
                return number
    sys.exit("a socket that nobody reads takes whatever is written")


def unfinished(hub, count, size, source, seconds):
    """Clients that send all of a message but its last byte, wait, and leave."""
    connections = wire.web_sockets(hub["port"], [source] * count)
    begin(clients=len(connections))
    sent = 0
    deadline = time.monotonic() + seconds
    for connection in connections:
        connection.sendall(wire.header(size, wire.BINARY) + bytes(size - 1))
        sent += size - 1
    time.sleep(max(1.0, deadline - time.monotonic()))
    end(connections, sent=sent)


def parked(hub, count, each, path, source, seconds):
    """Connections that ask once and stay."""
    begin(connections=count)
    kept = []
    outcomes = collections.Counter()
    deadline = time.monotonic() + seconds
    for address in wire.addresses(source, count, each):
        try:
            connection = wire.connect(hub["port"], address)
        except OSError:
            outcomes["refused"] += 1
            continue
        kept.append(connection)
        try:
            connection.settimeout(1)
            connection.sendall(wire.request(path))
            outcomes[str(wire.answer(connection)[0])] += 1
        except OSError as error:
            outcomes[type(error).__name__] += 1
        if time.monotonic() > deadline:
            break
    time.sleep(max(1.0, deadline - time.monotonic()))
    end(kept, **outcomes)


def scrapers(hub, count, source, seconds):
    """Scrapers on connections that stay, each asking again as soon as it is answered."""
    connections = [wire.connect(hub["http_port"], source) for _ in range(count)]
    begin(scrapers=len(connections))
    outcomes = collections.Counter()
    deadline = time.monotonic() + seconds
    while connections and time.monotonic() < deadline:
        for connection in connections:
            connection.sendall(wire.request("/metrics"))
        for connection in list(connections):
            try:
                outcomes[str(wire.answer(connection)[0])] += 1
            except OSError as error:
                outcomes[type(error).__name__] += 1
                connections.remove(connection)
    end(connections, **outcomes)


def deaf_scrapers(hub, count, source, seconds):
    """Scrapers that ask again and again and read no answer."""
    connections = [wire.connect(hub["http_port"], one, SMALL_BUFFER) for one in wire.addresses(source, count, 1000)]
    asked = wire.request("/metrics")
    begin(scrapers=len(connections))
    crowd = Crowd(connections, asked * 200, reads=False)
    crowd.run(seconds)
    end(connections, requests=crowd.sent // len(asked), ended=crowd.ended)


def answerers(hub, count, delay, source, seconds):
    """Clients that answer each ping a little later; none of them may be lost."""
    connections = {connection.fileno(): connection for connection in wire.web_sockets(hub["port"], [source] * count)}
    readers = {number: wire.Reader(connection) for number, connection in connections.items()}
    poll = select.epoll()
    for number in connections:
        poll.register(number, select.EPOLLIN)
    begin(clients=count)
    owed, answered, lost = [], 0, collections.Counter()
    deadline = time.monotonic() + seconds
    while (now := time.monotonic()) < deadline:
        for number, _ in poll.poll(max(0, min(deadline, owed[0][0] if owed else deadline) - now)):
            try:
                opcode, payload = readers[number].frame()
                if opcode == wire.PING:
                    heapq.heappush(owed, (time.monotonic() + delay, number, payload))
                elif opcode == wire.CLOSE:
                    raise ConnectionError(f"closed with {int.from_bytes(payload[:2], 'big')}")
            except OSError as error:
                lost[str(error)] += 1
                poll.unregister(number)
                del readers[number]
        while owed and owed[0][0] <= time.monotonic():
            _, number, payload = heapq.heappop(owed)
            if number in readers:
                connections[number].sendall(wire.frame(payload, wire.PONG))
                answered += 1
    end(connections.values(), answered=answered, lost=sum(lost.values()), why=dict(lost))


def malformed(hub, count, source, seconds):
    """Clients whose first frame breaks the protocol: each is worth a line in the log."""
    begin()
    sent, unanswered = 0, collections.Counter()
    deadline = time.monotonic() + seconds
    while sent < count and time.monotonic() < deadline:
        try:
            for connection in wire.web_sockets(hub["port"], [source] * 50):
                connection.sendall(wire.frame(b"", opcode=3))
                wire.reset(connection)
                sent += 1
        except OSError as error:
            unanswered[str(error)] += 1
    time.sleep(max(0.0, deadline - time.monotonic()))
    end([], sent=sent, unanswered=dict(unanswered))


LOADS = {
    load.__name__: load
    for load in [
        subscribers, publishers, redis_publisher, pipelines, frames, leavers, small_replies, unfinished, parked, scrapers,
        deaf_scrapers, answerers, malformed, collectors,
    ]
}


if __name__ == "__main__":
    try:
        LOADS[sys.argv[1]](**json.loads(sys.argv[2]))
    except OSError as error:
        sys.exit(f"attack: {sys.argv[1]}: {error}")
