# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What a node says of a Redis that it cannot use; it serves its own clients, goes on trying, and ends in order."""

import contextlib
import dataclasses
import json
import socket
import ssl
import threading

import pytest

from bus import UNREACHED, await_told, node_settings, start_together
from conftest import starter
from hub import merge
from redis_server import Certificates, RedisServer, Sentinel, free_port

SECRET = "a-secret-of-the-tests"
NO_HOST = "no-such-host.invalid:6379"
# An address of a network that is for documents.
FAR = "192.0.2.1:6379"


ONE_LOOP = {"server": {"loops": 1}}
# A node waits for Redis as long as one connection may take.
ABORTING = {"abort_on_connect_fail": True, "connect_timeout": "500ms"}


@dataclasses.dataclass
class Servers:
    """What the faulty nodes are told to use."""

    plain: RedisServer
    locked: RedisServer
    replica: RedisServer
    sentinel: Sentinel
    tls: RedisServer
    misnamed: RedisServer
    certificates: Certificates
    directory: object
    closed: str = f"127.0.0.1:{free_port()}"

    def file(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return str(path)


def trusting(servers, **more):
    return {"enabled": True, "ca_file": str(servers.certificates.authority), **more}


# name: (the server, the keys of bus.redis, the reason, what the line says beside the address)
FAULTS = {
    "nobody listens": (lambda s: s.closed, {}, "unreachable", "connection refused"),
    "no such name": (lambda s: NO_HOST, {}, "unreachable", "no-such-host.invalid"),
    "no answer": (lambda s: FAR, {"connect_timeout": "300ms"}, None, "192.0.2.1"),
    "wrong password": (lambda s: s.locked, lambda s: {"password_file": s.file("wrong", SECRET)}, "refused", "WRONGPASS"),
    "no password": (lambda s: s.locked, {}, "refused", "NOAUTH"),
    "a password too many": (
        lambda s: s.plain,
        lambda s: {"password_file": s.file("needless", SECRET)},
        "refused",
        "the server wants no password: give none",
    ),
    "no password file": (lambda s: s.locked, {"password_file": "/nowhere/password"}, "refused", "/nowhere/password"),
    "an empty password file": (lambda s: s.locked, lambda s: {"password_file": s.file("empty", "\n")}, "refused", "it is empty"),
    "an unknown user": (
        lambda s: s.plain,
        lambda s: {"user": "stranger", "password_file": s.file("stranger", SECRET)},
        "refused",
        "WRONGPASS",
    ),
    "a sentinel as server": (lambda s: s.sentinel, {}, "refused", "bus.redis.mode: sentinel asks it for the master"),
    "a server as sentinel": (
        lambda s: s.plain,
        {"mode": "sentinel", "master_name": "mymaster"},
        "refused",
        "is it a sentinel?",
    ),
    "an unknown master": (lambda s: s.sentinel, {"mode": "sentinel", "master_name": "other"}, "unreachable", '"other"'),
    "no right to hear of a fail-over": (
        lambda s: s.sentinel,
        lambda s: {
            "mode": "sentinel",
            "master_name": "mymaster",
            "sentinel_user": "deaf",
            "sentinel_password_file": s.file("deaf", SECRET),
        },
        "refused",
        "+switch-master: NOPERM",
    ),
    "a server as cluster": (lambda s: s.plain, {"mode": "cluster", "delivery": "streams"}, "refused", "cluster support disabled"),
    "a server as cluster, by Pub/Sub": (lambda s: s.plain, {"mode": "cluster"}, "refused", "bus.redis.mode: single is for"),
    "a replica": (lambda s: s.replica, {}, "moved", "is a replica"),
    "no such database": (lambda s: s.plain, {"db": 5000}, "refused", "DB index is out of range"),
    "another name in the certificate": (lambda s: s.misnamed, lambda s: {"tls": trusting(s)}, "tls", "127.0.0.1"),
    "a stranger's certificate": (lambda s: s.tls, {"tls": {"enabled": True}}, "tls", "certificate"),
    "TLS to a plain port": (
        lambda s: s.plain,
        lambda s: {"tls": trusting(s), "sync_timeout": "500ms"},
        "timeout",
        "does this port speak TLS?",
    ),
    "plain to a TLS port": (lambda s: s.tls, {}, None, "does this port want TLS?"),
}


def settings_of(name, servers):
    server, options, _, _ = FAULTS[name]
    if callable(options):
        options = options(servers)
    return node_settings(server(servers), "n1", ONE_LOOP, **options)


def address_of(name, servers):
    server = FAULTS[name][0](servers)
    return server if isinstance(server, str) else server.address


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("servers")
    good, other = Certificates(directory / "good", "127.0.0.1"), Certificates(directory / "other", "redis.example")
    # Both are signed by one authority each; the nodes trust both.
    good.authority.write_text(good.authority.read_text() + other.authority.read_text(), encoding="ascii")
    with contextlib.ExitStack() as stack:

        def start(name, *options, kind=RedisServer, **more):
            server = kind(directory / name, *options, **more)
            stack.callback(server.stop)
            return server

        plain = start("plain")
        sentinel = start("sentinel", plain, kind=Sentinel)
        rights = ["+auth", "+ping", "+client|setname", "+sentinel|get-master-addr-by-name", "+subscribe"]
        sentinel.command("ACL", "SETUSER", "deaf", "on", ">" + SECRET, "resetchannels", *rights)
        yield Servers(
            plain=plain,
            locked=start("locked", password="another-secret"),
            replica=start("replica", [f"replicaof 127.0.0.1 {plain.port}"]),
            sentinel=sentinel,
            tls=start("tls", good.options, context=good.context),
            misnamed=start("misnamed", other.options, context=other.context),
            certificates=good,
            directory=directory,
        )


@pytest.fixture(scope="module")
def faulty(binary, tmp_path_factory, servers):
    """A node for each fault, started side by side."""
    hubs = []
    try:
        start_hub = starter(binary, tmp_path_factory.mktemp("faulty"), hubs)
        yield dict(zip(FAULTS, start_together(start_hub, [settings_of(name, servers) for name in FAULTS])))
    finally:
        for hub in hubs:
            if hub.program.running:
                hub.close()


@pytest.mark.parametrize("name", FAULTS)
def test_a_node_says_what_it_tried_and_what_came_of_it(faulty, servers, name):
    node = faulty[name]
    _, _, reason, words = FAULTS[name]
    record = await_told(node, UNREACHED, 20)
    assert record["level"] == "warning"
    assert reason in (None, record["reason"]), record
    assert words in record["error"], record
    if "file" not in name and name != "no such name":
        assert address_of(name, servers) in record["error"], record
    status, _, body = node.get("/readyz")
    assert status == 503 and "bus" in body
    assert node.get("/livez")[0] == 200
    page = node.metrics()
    assert page.value("gohub_bus_up") == 0
    assert page.value("gohub_bus_disconnects_total") >= 1
    assert not any(secret in line for line in node.program.lines for secret in (SECRET, "another-secret"))
    assert node.program.stop(within=10) == 0, node.program.tail()


def test_nodes_that_are_told_so_end_when_redis_cannot_be_used_at_the_start(start_program, servers):
    names = ["nobody listens", "wrong password", "a stranger's certificate"]
    aborting = {"bus": {"redis": ABORTING}}
    for name, program in [(name, start_program(merge(settings_of(name, servers), aborting))) for name in names]:
        assert program.wait() == 69, program.tail()
        records = [json.loads(line) for line in program.lines]
        assert (records[-1]["level"], records[-1]["message"]) == ("error", "cannot serve")
        assert "bus.redis.abort_on_connect_fail" in records[-1]["error"]
        told = [record for record in records if record["message"] == UNREACHED]
        assert address_of(name, servers) in told[0]["error"]


def test_nodes_with_the_right_settings_are_ready(start_hub, servers):
    settings = [
        (servers.tls, {"tls": trusting(servers)}),
        (servers.misnamed, {"tls": trusting(servers, server_name="redis.example")}),
        (servers.plain, {"abort_on_connect_fail": True}),
        # Which leads to the one before.
        (servers.sentinel, {"mode": "sentinel", "master_name": "mymaster"}),
    ]
    own = [node_settings(server, f"n{n}", ONE_LOOP, **options) for n, (server, options) in enumerate(settings)]
    nodes = start_together(start_hub, own)
    for node in nodes:
        assert node.get("/readyz")[0] == 200
        assert node.metrics().value("gohub_bus_up") == 1
    for node in nodes[2:]:
        assert node.metrics().value("gohub_nodes") == 2


def test_a_certificate_file_that_cannot_be_used_is_a_fault_of_the_configuration(start_program, servers):
    options = {"tls": {"enabled": True, "ca_file": servers.file("no.pem", "no certificate")}}
    program = start_program(node_settings(servers.tls, "n1", **options))
    assert program.wait() == 78, program.tail()
    assert "no.pem" in program.lines[-1]


def end_tls(listener, context):
    """Answers the first command of one connection, ends TLS, and leaves the socket open until the other side has closed."""
    plain, _ = listener.accept()
    plain.settimeout(10)
    with plain, context.wrap_socket(plain, server_side=True) as connection:
        connection.recv(65536)
        connection.sendall(b"+PONG\r\n")
        # The other side says that it ends TLS as well.
        connection.unwrap()


def test_a_server_that_ends_tls_has_closed_the_connection_whatever_its_socket_does(start_hub, servers):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(servers.certificates.certificate, servers.certificates.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=end_tls, args=(listener, context))
        thread.start()
        node = start_hub(node_settings(address, "n1", ONE_LOOP, tls=trusting(servers)), wait=False)
        assert "has ended TLS" in await_told(node, UNREACHED)["error"]
        thread.join(10)
        assert not thread.is_alive()
        node.wait_until_listening()
