# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Two hubs on one NATS, as processes of this machine; see scripts/e2e_nats.sh and scripts/e2e_jetstream.sh."""

import argparse
import asyncio
import sys

from checks import Clients, check, eventually
from nats_server import NatsServer
from nodes import LocalNodes, binary, main


def start_server(directory):
    """Starts the server, and says by its keys how the hubs are to use it."""
    if not arguments.jetstream:
        return NatsServer(directory)
    # The server of a test may store little.
    return NatsServer(directory, streams=True, keys={"jetstream": True, "stream": {"max_bytes": "64MiB"}})


async def kept(nodes):
    """What was published is in the stream, and stays there over a restart."""

    def stored():
        (account,) = nodes.server.monitoring("jsz?streams=1")["account_details"]
        return [stream["state"]["messages"] for stream in account["stream_detail"]]

    async with Clients(nodes) as clients:
        before = await asyncio.to_thread(stored)
        for number in range(10):
            await clients.here[0].publish("e2e/kept", number)
        after = await asyncio.to_thread(stored)
        # Whoever looks whether all is well publishes too.
        assert len(before) == len(after) == 1 and after[0] >= before[0] + 10, (before, after)
        await asyncio.to_thread(nodes.server.restart)
        assert (await asyncio.to_thread(stored))[0] >= after[0]
        for node in (0, 1):
            await eventually(lambda node=node: nodes.status(node, "/readyz") == 200, "/readyz says yes")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--jetstream", action="store_true", help="keep publications in a stream")
arguments = parser.parse_args()
if arguments.jetstream:
    check("what is published lies in the stream, over a restart of the server too")(kept)
sys.exit(main(LocalNodes(binary(), start_server)))
