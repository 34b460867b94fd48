# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients that do not read, and clients that do not answer."""

import asyncio
import json
import struct

from client import CLOSE, PING, TEXT, Client, RawClient

PAYLOAD = "x" * 65536
ENOUGH = 2000


async def test_a_full_send_buffer_is_an_error_and_loses_nothing(start_hub):
    hub = start_hub({"hub": {"message_buffer_cap": 16, "message_buffer_bytes": "64MiB"}})
    with RawClient(hub, receive_buffer=4096) as slow:
        target = slow.upgrade()
        async with Client(hub) as sender:
            accepted = 0
            while accepted < ENOUGH:
                reply = await sender.request("unicast", {"client_id": target, "payload": [accepted, PAYLOAD]})
                if reply["message_type"] == "error":
                    break
                accepted += 1
            assert reply["data"]["code"] == "send_buffer_full"

            metrics = hub.metrics()
            metrics.assert_conservation()
            assert metrics.value("gohub_outbound_queue_messages") == 16
            assert metrics.value("gohub_slow_clients") == 1

            messages = await asyncio.to_thread(slow.messages, accepted)
            assert [message["data"]["payload"][0] for message in messages] == list(range(accepted))
            await sender.request("unicast", {"client_id": target, "payload": ["again"]}, expect="published")
            (last,) = await asyncio.to_thread(slow.messages, 1)
            assert last["data"]["payload"] == ["again"]

            metrics = hub.metrics()
            assert metrics.value("gohub_deliveries_written_total", scope="client") == accepted + 1
            assert metrics.value("gohub_slow_clients") == 0


async def test_a_slow_subscriber_is_closed_and_what_it_got_has_no_hole(start_hub):
    hub = start_hub({"hub": {"message_buffer_cap": 16, "message_buffer_bytes": "64MiB"}})
    with RawClient(hub, receive_buffer=4096) as slow:
        slow.upgrade()
        slow.send_message("subscribe", {"topic": "news"})
        slow.messages(1)
        async with Client(hub) as publisher:
            await publisher.request("subscribe", {"topic": "news"}, expect="subscribed")
            published = 0
            while hub.metrics().value("gohub_connections") == 2:
                assert published < ENOUGH
                await publisher.request("publish", {"topic": "news", "payload": [published, PAYLOAD]}, expect="published")
                published += 1
            assert len(await publisher.settle()) == published

            frames = await asyncio.to_thread(slow.frames)
            numbers = [json.loads(payload)["data"]["payload"][0] for opcode, payload in frames if opcode == TEXT]
            assert numbers == list(range(len(numbers)))
            assert len(numbers) < published
            metrics = hub.metrics()
            metrics.assert_conservation()
            assert metrics.value("gohub_deliveries_dropped_total") > 0
            assert metrics.value("gohub_slow_client_actions_total", action="disconnect") == 1
            assert metrics.value("gohub_connections_closed_total", reason="slow") == 1


async def test_a_client_that_answers_no_ping_is_closed_and_forgotten(start_hub):
    hub = start_hub({"hub": {"ping_interval": "1s", "pong_timeout": "1s"}, "server": {"close_timeout": "200ms"}})
    with RawClient(hub) as silent:
        gone = silent.upgrade()
        silent.send_message("subscribe", {"topic": "news"})
        silent.messages(1)
        async with Client(hub) as witness:
            await witness.request("subscribe", {"topic": "news"}, expect="subscribed")
            frames = await asyncio.to_thread(silent.frames)
            assert PING in [opcode for opcode, _ in frames]
            codes = [struct.unpack(">H", payload[:2])[0] for opcode, payload in frames if opcode == CLOSE]
            assert len(codes) == 1

            reply = await witness.request("unicast", {"client_id": gone, "payload": 1}, expect="error")
            assert reply["data"]["code"] == "client_not_found"
            await witness.request("publish", {"topic": "news", "payload": 1}, expect="published")
            assert len(await witness.settle()) == 1
            metrics = hub.metrics()
            assert metrics.value("gohub_connections") == 1
            assert metrics.value("gohub_subscriptions") == 1
            assert metrics.value("gohub_connections_closed_total", reason="no_pong") == 1
