# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What must be refused is refused by the program, each as Tests/Fixtures says, and the hub lives on."""

import json
import pathlib
import struct

import pytest

from client import CLOSE, RawClient

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures"


def cases(name):
    """The entries of a fixture file, each a test by its name."""
    entries = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return [pytest.param(entry, id=title) for title, entry in entries.items()]


@pytest.mark.parametrize("case", cases("malformed-upgrades.json"))
def test_a_malformed_upgrade_is_refused(shared_hub, case):
    with RawClient(shared_hub) as client:
        client.send(case["bytes"].encode("latin-1") + b"x" * case.get("padding", 0))
        status, headers = client.response_head()
        assert status == case["status"]
        body = client.rest()
        assert len(body) == int(headers["content-length"])
        assert headers["connection"].lower() == "close"


@pytest.mark.parametrize("case", cases("malformed-frames.json"))
def test_malformed_frames_close_the_connection(shared_hub, case):
    with RawClient(shared_hub) as client:
        client.upgrade()
        client.send(bytes.fromhex("".join(case["frames"])))
        closes = [payload for opcode, payload in client.frames(then_end=True) if opcode == CLOSE]
        assert [struct.unpack(">H", payload[:2])[0] for payload in closes] == [case["close"]]


def test_the_hub_lives_on_without_a_trace(shared_hub):
    metrics = shared_hub.metrics()
    assert metrics.value("gohub_connections") == 0
    assert metrics.value("gohub_outbound_queue_messages") == 0
