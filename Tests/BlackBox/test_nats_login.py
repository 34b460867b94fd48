# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The ways of NATS to log in that no other bus has, and what a node has to be allowed; passwords are in test_bus_login."""

import pytest

from bus import UNREACHED, await_ready, await_told, is_ready, node_settings, start_nodes, told
from client import Client
from nats_keys import Key, Operator
from process import eventually, replace_file

# All that a node needs.
NAMES = {"broadcast", "nodes", "node/*", "unicast/*", "topic/*", "receipt/*"}


def secret_file(directory, name, text):
    return str(replace_file(directory / name, text))


def login(directory):
    """The keys for the user `gohub`."""
    return {"user": "gohub", "password_file": secret_file(directory, "password", "a-password\n")}


def by_token(directory):
    files = {name: secret_file(directory, name, f"a-{name}-token\n") for name in ("right", "wrong")}
    return ['authorization: {token: "a-right-token"}'], *({"token_file": file} for file in files.values())


def by_nkey(directory):
    keys = [Key(directory), Key(directory)]
    files = [secret_file(directory, key.public, key.seed + "\n") for key in keys]
    own = [{"nkey": key.public, "nkey_seed_file": file} for key, file in zip(keys, files)]
    return [f"authorization: {{users: [{{nkey: {keys[0].public}}}]}}"], *own


def by_credentials(directory):
    trusted, stranger = Operator(directory), Operator(directory)
    files = [secret_file(directory, f"{n}.creds", who.credentials()) for n, who in enumerate((trusted, stranger))]
    return trusted.options, *({"creds_file": file} for file in files)


@pytest.mark.parametrize("way", [by_token, by_nkey, by_credentials])
async def test_a_node_logs_in_with_a_token_a_key_or_credentials(start_nats, start_hub, tmp_path, way):
    lines, right, wrong = way(tmp_path)
    server = start_nats(lines)
    here, there = start_nodes(start_hub, server, 2, **right)
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        await sender.request("publish", {"topic": "t", "payload": 1, "confirm": True}, expect="published")
        assert (await reader.receive("message"))["data"]["payload"] == 1
    refused = start_hub(node_settings(server, "n3", **wrong))
    record = await_told(refused, UNREACHED)
    assert record["reason"] == "refused"
    assert "Authorization Violation" in record["error"] and server.address in record["error"]
    assert not is_ready(refused)


def test_a_server_that_is_started_again_with_another_password_is_used_once_the_file_has_it(start_nats, start_hub, tmp_path):
    server = start_nats(password="an-old-secret")
    file = secret_file(tmp_path, "password", "an-old-secret")
    node = start_hub(node_settings(server, "n1", password_file=file))
    server.restart(['authorization: {user: "hub", password: "a-newer-secret"}'])
    eventually(lambda: any(server.refusal in record["error"] for record in told(node, UNREACHED)), 20, "a refusal")
    assert not is_ready(node)
    secret_file(tmp_path, "password", "a-newer-secret")
    await_ready(node, True, 20)
    assert not any(secret in line for line in node.program.lines for secret in ("an-old-secret", "a-newer-secret"))


# What is not granted, and what the log says of it.
NEEDED = {
    "node/*": 'Subscription to "gohub.node.n1"',
    "unicast/*": 'Subscription to "gohub.unicast.>"',
    "receipt/*": 'Subscription to "gohub.receipt.',
}


@pytest.mark.parametrize("name", NEEDED)
def test_a_node_that_may_not_hear_what_it_needs_says_so_and_is_not_ready(nats, start_hub, tmp_path, name):
    nats.grant("gohub", "a-password", sorted(NAMES - {name}), publish=["*"])
    node = start_hub(node_settings(nats, "n1", **login(tmp_path)))
    await_told(node, UNREACHED, 20)
    warnings = [record for record in node.records() if record["level"] == "warning"]
    assert any(f"{nats.denial} for {NEEDED[name]}" in str(record).replace("\\", "") for record in warnings), warnings
    assert not is_ready(node)
    nats.grant("gohub", "a-password", sorted(NAMES))
    await_ready(node, True, 20)


def test_a_node_that_may_hear_and_not_say_anything_says_so_and_is_not_ready(nats, start_hub, tmp_path):
    nats.grant("gohub", "a-password", sorted(NAMES), publish=[])
    node = start_hub(node_settings(nats, "n1", **login(tmp_path)))
    record = await_told(node, UNREACHED)
    assert record["reason"] == "refused"
    assert nats.denial in record["error"], record
    assert not is_ready(node)


async def test_the_same_refusal_is_told_as_often_as_it_comes(nats, start_hub, tmp_path):
    nats.grant("gohub", "a-password", sorted(NAMES - {"topic/*"}))
    (node,) = start_nodes(start_hub, nats, 1, {"bus": {"unsubscribe_after": "0s"}}, **login(tmp_path))
    async with Client(node) as client:
        for _ in range(200):
            reply = await client.request("subscribe", {"topic": "t"}, expect="subscribed")
            assert reply["data"] == {"topic": "t", "bus": "unavailable"}
            await client.request("unsubscribe", {"topic": "t"}, expect="unsubscribed")
    assert is_ready(node)


async def test_a_right_that_is_given_later_is_used_without_a_restart(nats, start_hub, tmp_path):
    names = sorted(NAMES - {"topic/*"})
    nats.grant("gohub", "a-password", names)
    (node,) = start_nodes(start_hub, nats, 1, **login(tmp_path))
    async with Client(node) as client:
        data = {"topic": "t", "payload": 1, "confirm": True}
        reply = await client.request("publish", data, expect="error")
        assert "rejected" in reply["data"]["reason"]
        nats.grant("gohub", "a-password", [*names, "topic/t"])
        await_ready(node)
        while (await client.request("publish", data))["message_type"] != "published":
            assert len(told(node, UNREACHED)) < 5
