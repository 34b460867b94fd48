# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Starts a hub, moves messages, and lets promtool judge what it exposes. Argument: the program."""

import asyncio
import subprocess
import sys
import tempfile

from client import Client
from hub import Hub
from metrics import Metrics


async def exchange(hub):
    """A scrape from the middle of the hub's life."""
    async with Client(hub) as reader, Client(hub) as publisher:
        await reader.request("subscribe", {"topic": "news"}, expect="subscribed")
        for number in range(100):
            await publisher.request("publish", {"topic": "news", "payload": number}, expect="published")
        await publisher.request("broadcast", {"payload": "all"}, expect="published")
        await publisher.request("nonsense", expect="error")
        assert sorted(await reader.payloads(101), key=str) == sorted([*range(100), "all"], key=str)
        return hub.get("/metrics")


with tempfile.TemporaryDirectory() as directory:
    hub = Hub(sys.argv[1], directory)
    try:
        status, _, body = asyncio.run(exchange(hub))
    finally:
        hub.close()

assert status == 200, body
metrics = Metrics(body)
metrics.assert_conservation()
assert metrics.value("gohub_deliveries_written_total", scope="topic") == 100
assert metrics.value("gohub_deliveries_written_total", scope="broadcast") == 2
judgement = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True, timeout=60)
said = judgement.stdout + judgement.stderr
print(f"{len(metrics.families)} families, {len(metrics.samples)} samples; promtool says: {said.strip() or 'nothing'}")
sys.exit(1 if said or judgement.returncode else 0)
