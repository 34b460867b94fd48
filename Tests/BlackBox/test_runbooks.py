# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What runbooks ask a server of the bus is answered where such a server runs; all other commands are run with each fault."""

import pytest

from alert_matrix.confirm import run
from alerts.rules import RUNBOOKS
from alerts.runbooks import BUSES, confirm_lines
from bus import node_settings
from nats_server import NatsServer
from redis_server import RedisServer

# The server of a test may store little.
STREAM = {"jetstream": True, "stream": {"max_bytes": "64MiB"}}
SERVERS = {"REDIS": (RedisServer, {}), "NATS": (NatsServer, {"streams": True, "keys": STREAM})}


def commands(bus):
    """The commands of all runbooks that ask a bus, which are those that another one does without."""
    pages = [page for page in RUNBOOKS.glob("*.md") if page.stem != "README"]
    return [line for page in pages for line in confirm_lines(page) if line not in confirm_lines(page, BUSES - {bus})]


@pytest.mark.parametrize("bus", sorted(BUSES))
def test_each_command_of_a_runbook_is_answered_by_its_bus(start_server, start_hub, bus):
    kind, settings = SERVERS[bus]
    server = start_server(kind, **settings)
    start_hub(node_settings(server, "n1"))
    address = server.monitoring_address if bus == "NATS" else server.address
    found = commands(bus)
    assert len(found) >= 8
    for command in found:
        code, output = run(command, {bus: address})
        assert code == 0 and output.strip() and "does not answer" not in output, (command, output)
