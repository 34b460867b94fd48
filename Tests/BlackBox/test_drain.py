# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""How a hub ends."""

import asyncio
import contextlib
import signal
import time
import urllib.request

from client import Client
from metrics import Metrics
from process import eventually

CLIENTS = 1000
MESSAGES = 5
DRAIN_SECONDS = 10


async def test_a_drain_tells_every_client_and_loses_nothing(start_hub):
    hub = start_hub({"server": {"drain_timeout": f"{DRAIN_SECONDS}s", "max_connections_per_ip": 0}})
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        while len(clients) < CLIENTS:
            batch = [stack.enter_async_context(Client(hub)) for _ in range(50)]
            clients += await asyncio.gather(*batch)
        publisher = clients[0]
        numbers = [await publisher.send("broadcast", {"payload": "x" * 4096}) for _ in range(MESSAGES)]
        for number in numbers:
            assert (await publisher.reply(number))["message_type"] == "published"

        hub.program.send_signal(signal.SIGTERM)
        start = time.monotonic()
        endings = await asyncio.gather(*(client.rest() for client in clients))
        code = await asyncio.to_thread(hub.program.wait, DRAIN_SECONDS + 5)
        assert code == 0, hub.program.tail()
        assert time.monotonic() - start < DRAIN_SECONDS + 2

        for client, messages in zip(clients, endings):
            kinds = [message["message_type"] for message in messages]
            assert kinds == ["message"] * MESSAGES + ["draining"]
            assert messages[-1]["data"]["retry_after_ms"] >= 0
            assert client.close_code == 1001


async def test_an_interrupt_drains_as_well(hub):
    async with Client(hub) as client:
        hub.program.send_signal(signal.SIGINT)
        messages = await client.rest()
        assert [message["message_type"] for message in messages] == ["draining"]
        assert client.close_code == 1001
    assert await asyncio.to_thread(hub.program.wait) == 0


async def test_operators_can_see_the_end_of_a_drain(start_hub):
    hub = start_hub({"server": {"admin_addr": "127.0.0.1:0", "drain_linger": "1500ms"}})
    (admin,) = {record["admin_addr"] for record in hub.records() if "admin_addr" in record}
    async with Client(hub) as client:
        await client.request("broadcast", {"payload": 1}, expect="published")
        hub.program.send_signal(signal.SIGTERM)
        await client.rest()

    def gone():
        page = Metrics(urllib.request.urlopen(f"http://{admin}/metrics", timeout=10).read().decode())
        return page if page.value("gohub_connections") == 0 else None

    page = await asyncio.to_thread(eventually, gone)
    assert page.value("gohub_connections_closed_total", reason="drain") == 1
    assert page.value("gohub_drain_remaining_connections") == 0
    assert page.value("gohub_state", state="draining") == 1
    page.assert_conservation()
    assert await asyncio.to_thread(hub.program.wait) == 0
    last = hub.records()[-1]
    assert {name: last[name] for name in ["message", "connections", "drained", "written", "dropped", "residual"]} == {
        "message": "ended",
        "connections": 1,
        "drained": 1,
        "written": page.value("gohub_deliveries_written_total"),
        "dropped": 0,
        "residual": 0,
    }


async def test_a_second_signal_ends_the_hub_at_once(start_hub):
    hub = start_hub({"server": {"drain_timeout": "60s"}})
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(hub)) for _ in range(20)]
        hub.program.send_signal(signal.SIGTERM)
        await clients[0].receive("draining")
        hub.program.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(hub.program.wait, 5) == 130
