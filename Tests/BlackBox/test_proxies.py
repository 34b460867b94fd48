# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The hub behind nginx, with the site that configs/nginx.conf has."""

import asyncio
import signal
import struct

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from client import CLOSE, WITHIN, Client, RawClient
from process import eventually
from proxy import Nginx

PROXIED = {"server": {"max_connections_per_ip": 0}}


@pytest.fixture
def start_nginx(tmp_path):
    """Starts nginx before a hub; it ends before the hub does."""
    proxies = []

    def start(hub, **options):
        directory = tmp_path / f"nginx-{len(proxies)}"
        directory.mkdir()
        proxies.append(Nginx(directory, hub, **options))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.close()


async def test_clients_behind_nginx_meet_those_before_it(start_hub, start_nginx):
    hub = start_hub(PROXIED)
    nginx = start_nginx(hub)
    async with Client(nginx) as behind, Client(hub) as before:
        await behind.request("subscribe", {"topic": "news"}, expect="subscribed")
        await before.request("publish", {"topic": "news", "payload": "x" * 500_000}, expect="published")
        message = await behind.receive("message")
        assert (message["data"]["payload"], message["data"]["from"]) == ("x" * 500_000, before.id)


async def test_a_message_that_is_too_large_is_seen_as_1009_behind_nginx(start_hub, start_nginx):
    hub = start_hub(PROXIED)
    nginx = start_nginx(hub)
    for _ in range(20):
        with RawClient(nginx) as client:
            client.upgrade(nginx.address)
            # It sends all of it before it reads, as browsers do.
            await asyncio.to_thread(client.send_long, "ping", "x" * (8 << 20))
            frames = await asyncio.to_thread(client.frames, then_end=True)
            assert [payload[:2] for opcode, payload in frames if opcode == CLOSE] == [struct.pack(">H", 1009)]
    eventually(
        lambda: hub.metrics().value("gohub_connections_closed_total", reason="too_large") == 20, what="the count of all"
    )


async def test_a_slow_upload_arrives_behind_nginx(start_hub, start_nginx):
    hub = start_hub({
        "server": {"max_connections_per_ip": 0, "read_timeout": "1s"},
        "hub": {"ping_interval": "400ms", "pong_timeout": "300ms"},
    })
    nginx = start_nginx(hub)
    with RawClient(nginx) as client:
        client.upgrade(nginx.address)
        data = "x" * 1_000_000
        await asyncio.to_thread(client.send_long, "ping", data, 400_000)
        (answer,) = await asyncio.to_thread(client.messages, 1)
        assert answer["data"] == data


async def test_a_drain_with_a_delay_refuses_nobody_behind_a_proxy_that_asks_for_readiness(start_hub, start_nginx):
    first = start_hub({"server": {"max_connections_per_ip": 0, "drain_delay": "2s"}})
    second = start_hub(PROXIED)
    nginx = start_nginx(first)
    statuses = []

    async def connect_again_and_again():
        while True:
            statuses.append(await open_page(nginx, None))

    newcomers = asyncio.create_task(connect_again_and_again())
    await until(lambda: len(statuses) >= 10)
    first.program.send_signal(signal.SIGTERM)
    # As a balancer does: once the node is not ready, newcomers go to the other one.
    await until(lambda: first.get("/readyz")[0] == 503)
    await asyncio.to_thread(nginx.send_to, [second])
    sent = len(statuses)
    assert await asyncio.to_thread(first.program.wait) == 0
    await until(lambda: len(statuses) >= sent + 10)
    newcomers.cancel()
    assert set(statuses) == {101}
    assert second.metrics().value("gohub_connections_opened_total") > 0


async def until(condition):
    """Waits for a condition, which is asked in a thread of its own; the test's time limit ends this."""
    while not await asyncio.to_thread(condition):
        await asyncio.sleep(0.02)


async def open_page(nginx, origin):
    """Opens and closes a WebSocket as a page of an origin does; answers the status of the handshake."""
    try:
        async with connect(nginx.url, origin=origin, proxy=None, open_timeout=WITHIN):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def test_pages_of_the_proxys_own_address_may_connect_and_the_log_names_a_port_that_was_lost(
    start_hub, start_nginx
):
    hub = start_hub(PROXIED)
    nginx = start_nginx(hub)
    page = f"http://{nginx.address}"
    assert await open_page(nginx, page) == 101
    assert await open_page(nginx, "http://elsewhere.example") == 403

    without_port = start_nginx(hub, change=lambda site: site.replace("$http_host;", "$host;"))
    refused = f"http://{without_port.address}"
    records = {}
    while refused not in records:  # a line a second at most: the test's own time limit ends this
        assert await open_page(without_port, refused) == 403
        records = {record.get("origin"): record for record in hub.records()}
        await asyncio.sleep(0.02)
    assert "server.allowed_origins" in records["http://elsewhere.example"]["advice"]
    assert (records[refused]["level"], records[refused]["host"]) == ("warning", "127.0.0.1")
    assert "$http_host" in records[refused]["advice"]


async def test_what_is_for_operators_stays_behind_nginx(start_hub, start_nginx):
    nginx = start_nginx(start_hub(PROXIED))
    for path in ["/metrics", "/readyz", "/version", "/", "/ws/"]:
        reader, writer = await asyncio.open_connection(nginx.host, nginx.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {nginx.address}\r\nConnection: close\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), WITHIN)
        writer.close()
        assert status.split()[1] == b"404", path
