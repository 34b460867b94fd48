# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Each series of a page moves: hubs are led through everything that they count, and what stays at 0 has a reason here."""

import asyncio
import contextlib
import http.client
import signal
import struct

from websockets.exceptions import InvalidStatus

import bus_series
from client import CLOSE, PING, Client, RawClient
from metrics import Metrics
from process import eventually

# What no test of a healthy program on a healthy machine can move: (name, labels, why). An entry that stands for no series
# is a fault, as is a series that stays at 0 and stands in none.
UNMOVED = [
    ("gohub_deliveries_dropped_total", {"reason": "write_error"}, "a reset between a tick's reads and its writes; CountersTests"),
    ("gohub_connections_closed_total", {"reason": "write_error"}, "the same"),
    ("gohub_http_requests_total", {"route": "/livez", "status": "5xx"}, "a loop that hangs for 30 s; HungLoopTests"),
    ("gohub_http_requests_total", {"route": "/metrics", "status": "5xx"}, "a page that takes long; ScrapeTests"),
    ("gohub_connections_closed_total", {"reason": "idle"}, "no_pong comes first, unless times are set as no file may; HeartbeatTests"),
    ("gohub_accept_pauses_total", {}, "no descriptors; test_limits"),
    ("gohub_http_inflight_requests", {}, "two scrapes at one moment; ScrapeTests"),
    ("gohub_metrics_stale_snapshots_total", {}, "a loop that hangs; HungLoopTests"),
    ("gohub_canary_total", {"path": "local", "result": "timeout"}, "a loop that hangs; HungLoopTests"),
    ("gohub_metrics_readers_ended_total", {}, "many pages that nobody takes; ScrapeTests"),
    ("gohub_metrics_updates_refused_total", {}, "a fault in the program"),
    ("gohub_deliveries_residual", {}, "a fault in the program"),
    ("gohub_inbox_bytes", {}, "more work than there is time for; make attack"),
    ("gohub_inbox_largest_bytes", {}, "the same"),
    ("gohub_paused_clients", {}, "the same"),
    ("gohub_client_pauses_total", {}, "the same"),
    ("gohub_event_loop_overruns_total", {}, "the same"),
    ("gohub_log_dropped_total", {}, "a log that nobody reads; test_log"),
    ("gohub_log_events_total", {"level": "error"}, "a fault of the system"),
    ("gohub_log_events_total", {"level": "warning"}, "a fault of the system"),
    ("gohub_host_throttled_seconds_total", {}, "a control group with a limit"),
    ("gohub_host_pressure_seconds_total", {}, "a kernel that measures pressure"),
    ("gohub_runtime_heap_bytes", {}, "the allocator's business"),
    ("process_page_faults_total", {"kind": "major"}, "a machine that is short of memory"),
    *bus_series.UNMOVED,
]
# Labels whose values differ from hub to hub.
OWN = {"loop", "node", "version", "revision", "swift_version", "policy", "le"}


class Ledger:
    """Which series were seen, and which of them at another value than 0; buckets and sums move with their counts."""

    def __init__(self):
        self.moved = {}

    def see(self, metrics):
        for sample in metrics.samples:
            if sample.name.endswith(("_bucket", "_sum")):
                continue
            labels = frozenset((name, value) for name, value in sample.labels.items() if name not in OWN)
            key = (sample.name, labels)
            self.moved[key] = self.moved.get(key, False) or sample.value != 0

    def unmoved(self):
        return {key for key, moved in self.moved.items() if not moved}


def is_listed(key, entry):
    name, labels = key
    return entry[0] == name and entry[1].items() <= dict(labels).items()


def close_frame(code):
    return bytes([0x80 | CLOSE, 0x82, 0, 0, 0, 0]) + struct.pack(">H", code)


def reset(client):
    """Ends the connection by a reset instead of a FIN."""
    client.socket.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
    client.socket.close()


def request(hub, method, path, headers="", body=b""):
    """The status that one request gets."""
    with RawClient(hub) as client:
        client.send(f"{method} {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n{headers}\r\n".encode() + body)
        return client.response_head()[0]


def closed(hub, reason, count=1):
    eventually(
        lambda: hub.metrics().value("gohub_connections_closed_total", reason=reason) >= count,
        what=f"a connection closed as {reason}",
    )


def blocked_client(hub):
    """A client that reads nothing, in the topic `news`, and its id."""
    client = RawClient(hub, receive_buffer=4096)
    client.id = client.upgrade()
    client.send_message("subscribe", {"topic": "news"})
    client.messages(1)
    return client


async def fill(hub, sender, target, want):
    """Sends of every scope to a client that reads nothing until `want` is true of the page."""
    payload = "x" * 30000
    for number in range(400):
        await sender.request("publish", {"topic": "news", "payload": payload})
        await sender.request("broadcast", {"payload": payload})
        await sender.request("unicast", {"client_id": target.id, "payload": "small"})
        target.send_message("ping", "x" * 60)
        if number % 8 == 7 and want(hub.metrics()):
            return
    raise AssertionError("the client's queue did not fill")


async def exercise_http(hub):
    for path in ["/", "/metrics", "/livez", "/readyz", "/healthz", "/version", "/nothing", "/ws"]:
        for method in ["GET", "HEAD", "POST"]:
            request(hub, method, path)
            request(hub, method, path, "Content-Length: 1\r\n", b"x")
    request(hub, "GET", "/", "Transfer-Encoding: chunked\r\n", b"0\r\n\r\n")
    with RawClient(hub) as client:
        client.send(b"nonsense\r\n\r\n")
        client.response_head()
    with RawClient(hub) as client:
        client.send(b"GET / HTTP/1.1\r\nHo")
        assert client.response_head()[0] == 408
    with RawClient(hub) as client:
        client.rest()  # says nothing until it is closed
    client = RawClient(hub)
    client.send(b"GET / HTTP/1.1\r\nHo")
    reset(client)
    upgrade = "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    with RawClient(hub) as client:
        client.send(
            f"GET /ws HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nOrigin: http://other.example\r\n{upgrade}\r\n".encode()
        )
        assert client.response_head()[0] == 403


async def exercise_commands(hub):
    async with Client(hub) as client, Client(hub) as other:
        for topic in ["a", "b", "c"]:
            await client.request("subscribe", {"topic": topic})  # the third is too many
        await other.request("subscribe", {"topic": "d"})
        await other.request("subscribe", {"topic": "e"})  # the node is full
        await other.request("unsubscribe", {"topic": "d"})
        await client.request("publish", {"topic": "a", "payload": 1})
        await client.request("publish", {"topic": "nobody", "payload": 1})
        await client.request("broadcast", {"payload": 1})
        await client.request("unicast", {"client_id": other.id, "payload": 1})
        for kind in ["subscribe", "unsubscribe", "publish", "broadcast", "unicast", "nonsense"]:
            await client.request(kind, 1, expect="error")
        for kind in ["subscribe", "unsubscribe", "publish"]:
            await client.request(kind, {"topic": "unicast/x", "payload": 1}, expect="error")
        await client.request("unicast", {"client_id": client.id[:-1] + "_", "payload": 1}, expect="error")
        longest = "x" * (client.welcome["max_message_bytes"] - 100)
        for kind, data in [("publish", {"topic": "a"}), ("broadcast", {}), ("unicast", {"client_id": other.id})]:
            await client.request(kind, {**data, "payload": longest[: -len(str(data))]})
        ping = '{"message_type":"ping","data":""}'
        room = client.welcome["max_message_bytes"] - len(ping)
        await client.settle()
        await client.socket.send(ping.replace('""', f'"{"x" * room}"'))
        assert (await client.receive("error"))["data"]["code"] == "too_large"  # the pong would be longer
        await client.socket.send("{")
        assert (await client.receive("error"))["data"]["code"] == "bad_message"
        for frame in [b"\x01zbc", b"", b"\x01\x07"]:
            await client.socket.send(frame)
        await client.request("ping", expect="pong")


async def exercise_closes(hub):
    for code, reason in [(1000, "normal"), (1001, "going_away"), (4000, "application"), (1011, "client_error")]:
        with RawClient(hub) as client:
            client.upgrade()
            client.send(close_frame(code))
            client.rest()
        closed(hub, reason)
    for frame, reason in [
        (b"\x83\x80\0\0\0\0", "protocol_error"),
        (b"\x81\x81\0\0\0\0\xff", "invalid_payload"),
        (b"\x81\xff" + struct.pack(">Q", 1 << 40) + b"\0\0\0\0", "too_large"),
    ]:
        with RawClient(hub) as client:
            client.upgrade()
            client.send(frame)
            client.rest()
        closed(hub, reason)
    with RawClient(hub) as client:
        client.upgrade()
    closed(hub, "abnormal")
    client = RawClient(hub)
    client.upgrade()
    reset(client)
    closed(hub, "read_error")


def exercise_message_timeout(hub, ledger):
    """A client that answers pings and never ends its message."""
    with RawClient(hub) as client:
        client.upgrade()
        client.send(b"\x01\x81\0\0\0\0a")
        eventually(lambda: hub.metrics().value("gohub_unfinished_message_bytes") > 0, what="an unfinished message")
        ledger.see(hub.metrics())
        opcode = PING
        while opcode != CLOSE:
            opcode, payload = client.frame()
            if opcode == PING:
                client.send(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
    closed(hub, "message_timeout")


async def exercise_limits(hub):
    """The hub takes four connections of one address and five in all."""
    async with contextlib.AsyncExitStack() as stack:
        for source, is_taken in [("127.0.0.2", True)] * 4 + [("127.0.0.2", False), ("127.0.0.3", True), ("127.0.0.4", False)]:
            try:
                await stack.enter_async_context(Client(hub, local_addr=(source, 0)))
            except InvalidStatus as refusal:
                assert refusal.response.status_code == 503
                assert not is_taken
            else:
                assert is_taken


def exercise_admission(hub):
    """One address has its only connection; whatever else it asks for is refused."""
    with RawClient(hub) as client:
        client.upgrade()
        for path in ["/", "/metrics", "/version", "/nothing", "/ws"]:
            for method in ["GET", "HEAD", "POST"]:
                assert request(hub, method, path) == 503


async def exercise_drain(hub, ledger):
    """Scrapes on a connection that was there before the drain."""
    page = http.client.HTTPConnection(hub.host, hub.port, timeout=20)
    page.request("GET", "/metrics")
    assert page.getresponse().read()
    late = RawClient(hub)
    late.send(b"GET /ws HTTP/1.1\r\n")
    readiness = http.client.HTTPConnection(hub.host, hub.port, timeout=20)
    readiness.request("GET", "/readyz")
    assert readiness.getresponse().read()
    with blocked_client(hub) as client:
        async with Client(hub) as witness:
            await fill(hub, witness, client, lambda page: page.value("gohub_outbound_queue_messages") > 0)
            hub.program.send_signal(signal.SIGTERM)
            assert (await witness.rest())[-1]["message_type"] == "draining"
            for path in ["/readyz", "/healthz"]:
                for method in ["GET", "HEAD"]:
                    readiness.request(method, path)
                    answer = readiness.getresponse()
                    answer.read()
                    assert answer.status == 503
            late.send(
                b"Host: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            assert late.response_head()[0] == 503
            page.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text"})
            assert page.getresponse().read()

            def fresh():
                """A page of the drain: one from before may be shared for a while."""
                page.request("GET", "/metrics")
                metrics = Metrics(page.getresponse().read().decode())
                return metrics if metrics.value("gohub_state", state="draining") else None

            ledger.see(eventually(fresh, what="a page of the drain"))
        page.close()
        readiness.close()
        late.socket.close()


async def test_every_series_moves_or_has_a_reason_not_to(start_hub, brokers):
    ledger = Ledger()

    # Nodes on each bus.
    for broker in brokers:
        await bus_series.exercise_bus(broker, start_hub, ledger)

    # Clients that are wrong: requests, messages, frames, and all ways to end.
    hub = start_hub(
        {
            "server": {"header_timeout": "300ms", "close_timeout": "300ms", "loops": 1},
            "hub": {"max_subscriptions_per_client": 2, "max_topics": 3},
            "log": {"level": "debug"},
        }
    )
    await exercise_http(hub)
    await exercise_commands(hub)
    await exercise_closes(hub)
    ledger.see(hub.metrics())

    # Clients that read nothing, under each policy and limit.
    slow = {"message_buffer_cap": 8, "message_buffer_bytes": "1MiB", "slow_client_policy": "drop_oldest"}
    hub = start_hub({"hub": slow, "server": {"write_timeout": "4s"}})
    with blocked_client(hub) as client:
        async with Client(hub) as sender:
            await sender.request("subscribe", {"topic": "news"})
            await fill(
                hub,
                sender,
                client,
                lambda page: all(
                    page.value("gohub_deliveries_dropped_total", reason="queue_messages", scope=scope)
                    for scope in ["broadcast", "topic", "client", "reply"]
                ),
            )
            await sender.request("unicast", {"client_id": client.id, "payload": 1}, expect="error")
            ledger.see(hub.metrics())
            await asyncio.to_thread(closed, hub, "write_timeout")
    hub_bytes = start_hub({"hub": {**slow, "message_buffer_cap": 1000, "max_message_bytes": "64KiB", "message_buffer_bytes": "64KiB"}})
    with blocked_client(hub_bytes) as client:
        async with Client(hub_bytes) as sender:
            await fill(
                hub_bytes,
                sender,
                client,
                lambda page: all(
                    page.value("gohub_deliveries_dropped_total", reason="queue_bytes", scope=scope)
                    for scope in ["broadcast", "topic", "client", "reply"]
                ),
            )
            reset(client)
            await asyncio.to_thread(closed, hub_bytes, "read_error")
    hub_slow = start_hub({"hub": {"message_buffer_cap": 8, "message_buffer_bytes": "1MiB"}})
    with blocked_client(hub_slow) as client:
        async with Client(hub_slow) as sender:
            with contextlib.suppress(ConnectionError):
                await fill(hub_slow, sender, client, lambda page: page.value("gohub_slow_client_actions_total") > 0)
            await asyncio.to_thread(client.frames)
            await asyncio.to_thread(closed, hub_slow, "slow")
    for each in [hub, hub_bytes, hub_slow]:
        ledger.see(each.metrics())

    # Clients that say nothing, and limits of connections.
    hub = start_hub(
        {
            "server": {
                "close_timeout": "200ms",
                "max_connections": 5,
                "max_connections_per_ip": 4,
            },
            "hub": {"ping_interval": "800ms", "pong_timeout": "800ms"},
        }
    )
    with RawClient(hub) as client:
        client.upgrade()
        client.frames()
    closed(hub, "no_pong")
    async with Client(hub) as client:  # whose library answers pings
        await asyncio.to_thread(
            eventually, lambda: hub.metrics().value("gohub_ping_rtt_seconds_count") > 0, what="a pong"
        )
        await client.request("ping", expect="pong")
    await exercise_limits(hub)
    ledger.see(hub.metrics())
    hub = start_hub(
        {
            "server": {"message_timeout": "1s", "close_timeout": "200ms"},
            "hub": {"ping_interval": "2s", "pong_timeout": "2s"},
        }
    )
    await asyncio.to_thread(exercise_message_timeout, hub, ledger)
    ledger.see(hub.metrics())
    hub = start_hub({"server": {"max_connections_per_ip": 1}})
    exercise_admission(hub)
    # One place for all: the connection before may take a moment to give it back.
    pages = eventually(
        lambda: [body for status, _, body in [hub.get("/metrics")] if status == 200], what="room for the scrape"
    )
    ledger.see(Metrics(pages[0]))

    # The end.
    hub = start_hub({"server": {"drain_timeout": "10s", "close_timeout": "1s"}, "hub": {"message_buffer_bytes": "64MiB"}})
    await exercise_drain(hub, ledger)
    assert await asyncio.to_thread(hub.program.wait, 20) == 0

    unmoved = ledger.unmoved()
    missing = [key for key in unmoved if not any(is_listed(key, entry) for entry in UNMOVED)]
    assert missing == [], "\n".join(f"{name} {dict(labels)}" for name, labels in sorted(missing, key=str))
    stale = [entry[:2] for entry in UNMOVED if not any(is_listed(key, entry) for key in ledger.moved)]
    assert stale == [], "in the list, and no series"
