# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Passwords, users and their rights."""

import asyncio
import contextlib
import pathlib

import pytest

from bus import BACK, LOST, UNREACHED, await_ready, await_told, node_settings, start_nodes, told
from client import Client
from conftest import BUSES, WAYS
from process import eventually, replace_file

OLD, NEW = "an-old-secret", "a-newer-secret"
EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "configs" / "redis.yaml"


def password_file(directory, text=OLD):
    return replace_file(directory / "password", text + "\n")


def assert_silent(node, *secrets):
    """No secret stands in the log."""
    log = "\n".join(node.program.lines)
    for secret in secrets:
        assert secret not in log


@pytest.fixture(params=BUSES)
def locked(start_server, tmp_path, request):
    """A server of one bus, then of the next, that wants a password, which its nodes read from a file."""
    kind, _ = WAYS[request.param]
    return start_server(kind, password=OLD, keys={"password_file": str(password_file(tmp_path))})


def await_refused(node, server, count=1):
    """Waits until a node has said why it is refused, and has tried so often."""
    record = await_told(node, UNREACHED)
    assert record["reason"] == "refused"
    assert server.refusal in record["error"] and server.address in record["error"]
    eventually(
        lambda: node.metrics().value("gohub_bus_disconnects_total", reason="refused") >= count, 30, f"{count} refusals"
    )


async def test_a_password_that_is_changed_needs_no_restart(locked, start_hub, tmp_path):
    here, there = nodes = start_nodes(start_hub, locked, 2)
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        locked.change_password(NEW)
        for node in nodes:
            await asyncio.to_thread(await_refused, node, locked)
        password_file(tmp_path, NEW)
        for node in nodes:
            await asyncio.to_thread(await_ready, node, True, 20)
        await sender.request("publish", {"topic": "t", "payload": "hello", "confirm": True}, expect="published")
        assert (await reader.receive("message"))["data"]["payload"] == "hello"
    for node in nodes:
        assert len(told(node, LOST)) == 1 and len(told(node, BACK)) == 1
        assert_silent(node, OLD, NEW)


def test_a_node_is_back_when_the_old_password_is_however_often_it_was_refused(locked, start_hub):
    node = start_hub(node_settings(locked, "n1"))
    locked.change_password(NEW)
    await_refused(node, locked, 4)
    locked.change_password(OLD)
    await_ready(node, True, 20)
    assert_silent(node, OLD, NEW)


async def test_a_wrong_password_is_named_as_such_and_mended_without_a_restart(start_redis, start_hub, tmp_path):
    redis = start_redis(password=NEW)
    file = password_file(tmp_path, OLD)
    node = start_hub(node_settings(redis, "n1", password_file=str(file)))
    record = await_told(node, UNREACHED)
    answer = f"{redis.address} answers to AUTH: WRONGPASS invalid username-password pair or user is disabled."
    assert record["error"] == answer + " (see bus.redis.user and bus.redis.password_file)"
    assert node.get("/readyz")[0] == 503
    async with Client(node) as client:
        await client.request("broadcast", {"payload": 1}, expect="published")
        assert (await client.receive("message"))["data"]["payload"] == 1
    password_file(tmp_path, NEW)
    await asyncio.to_thread(await_ready, node, True, 20)
    assert_silent(node, OLD, NEW)


@contextlib.contextmanager
def user(redis, line):
    """Has Redis know a user by a line of rights, and nobody else."""
    with redis.connect() as administrator:
        administrator.command(*line.split())
        yield administrator


def example_line():
    """The line of the hub's rights in the example, with a password."""
    lines = [line.strip("# \n") for line in EXAMPLE.read_text(encoding="utf-8").splitlines()]
    return next(line for line in lines if line.startswith("ACL SETUSER gohub reset")).replace("PASSWORD", OLD)


@pytest.mark.parametrize("delivery", ["pubsub", "streams"])
async def test_the_rights_of_the_example_are_enough(redis, start_hub, tmp_path, delivery):
    with user(redis, example_line()) as administrator:
        administrator.command("ACL", "LOG", "RESET")
        file = password_file(tmp_path)
        here, there = nodes = start_nodes(
            *(start_hub, redis, 2, {"bus": {"unsubscribe_after": "0s"}}),
            user="gohub",
            password_file=str(file),
            delivery=delivery,
        )
        async with Client(here) as sender, Client(there) as reader:
            await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
            await sender.request("publish", {"topic": "t", "payload": 1, "confirm": True}, expect="published")
            await sender.request("broadcast", {"payload": 2, "confirm": True}, expect="published")
            await sender.request("unicast", {"client_id": reader.id, "payload": 3}, expect="published")
            assert {(await reader.receive("message"))["data"]["payload"] for _ in range(3)} == {1, 2, 3}
            await reader.request("unsubscribe", {"topic": "t"}, expect="unsubscribed")
            eventually(lambda: there.metrics().value("gohub_bus_subscriptions", state="confirmed") == 4)
        assert administrator.command("ACL", "LOG") == []
        for node in nodes:
            assert not [record for record in node.records() if record["level"] == "warning"]


async def test_a_topic_to_which_the_user_has_no_right_is_told_and_the_others_work(broker, start_hub, tmp_path):
    broker.grant("gohub", OLD, ["broadcast", "nodes", "node/*", "unicast/*", "receipt/*", "topic/open"])
    keys = {"user": "gohub", "password_file": str(password_file(tmp_path))}
    here, there = start_nodes(start_hub, broker, 2, **keys)
    async with Client(here) as sender, Client(there) as reader:
        reply = await reader.request("subscribe", {"topic": "open"}, expect="subscribed")
        assert reply["data"] == {"topic": "open"}
        reply = await reader.request("subscribe", {"topic": "closed"}, expect="subscribed")
        assert reply["data"] == {"topic": "closed", "bus": "unavailable"}
        reply = await sender.request("publish", {"topic": "closed", "payload": 1, "confirm": True}, expect="error")
        assert reply["data"]["code"] == "bus_unavailable" and "rejected" in reply["data"]["reason"]
        await sender.request("publish", {"topic": "open", "payload": 2, "confirm": True}, expect="published")
        assert (await reader.receive("message"))["data"]["payload"] == 2
        assert await reader.settle() == []
    assert there.metrics().value(f"gohub_bus_{broker.kind}_subscribe_errors_total") >= 1
    page = here.metrics()
    assert page.value("gohub_bus_publish_failures_total", reason="rejected") == 1
    assert page.value(f"gohub_bus_{broker.kind}_publish_errors_total") == 1
    refusals = [record for record in there.records() if record.get("topic") == "topic/closed"]
    assert len(refusals) == 1 and broker.denial in refusals[0]["reason"]
    for node in (here, there):
        assert node.get("/readyz")[0] == 200
        assert_silent(node, OLD)
