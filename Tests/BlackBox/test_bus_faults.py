# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What a node says of a server that it cannot use; it serves its own clients, goes on trying, and ends in order."""

import contextlib
import dataclasses
import json
import os
import pathlib
import socket
import ssl
import threading

import pytest

from bus import UNREACHED, await_told, node_settings, start_together
from certificates import Certificates
from conftest import starter
from hub import merge
from nats_server import NatsServer
from process import eventually, replace_file
from redis_server import RedisServer, Sentinel

SECRET = "a-secret-of-the-tests"
NO_HOST = "no-such-host.invalid:6379"
# An address of a network that is for documents.
FAR = "192.0.2.1:6379"


ONE_LOOP = {"server": {"loops": 1}}
# A node waits for its bus as long as one connection may take.
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
    nats: NatsServer
    nats_locked: NatsServer
    nats_tls: NatsServer
    nats_misnamed: NatsServer
    nats_verifying: NatsServer
    certificates: Certificates
    others: Certificates
    authorities: str
    directory: object
    closed: str

    def file(self, name, text):
        return str(replace_file(self.directory / name, text))


def trusting(servers, **more):
    return {"enabled": True, "ca_file": servers.authorities, **more}


def showing(certificates, servers):
    """TLS with a certificate of the node's own."""
    return trusting(servers, cert_file=str(certificates.certificate), key_file=str(certificates.key))


# name: (the server, the keys of bus.redis or bus.nats, the reason, what the line says beside the address)
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
    "nats: nobody listens": (lambda s: f"nats://{s.closed}", {}, "unreachable", "nobody listens"),
    "nats: no such name": (lambda s: "nats://no-such-host.invalid:4222", {}, "unreachable", "no-such-host.invalid"),
    "nats: no answer": (lambda s: "nats://192.0.2.1:4222", {"connect_timeout": "300ms"}, None, "192.0.2.1"),
    "nats: wrong password": (
        lambda s: s.nats_locked,
        lambda s: {"password_file": s.file("wrong", SECRET)},
        "refused",
        "Authorization Violation",
    ),
    "nats: no password": (lambda s: s.nats_locked.url, {}, "refused", "Authorization Violation"),
    "nats: no password file": (lambda s: s.nats_locked, {"password_file": "/nowhere/password"}, "refused", "/nowhere/password"),
    "nats: no credentials file": (lambda s: s.nats, {"creds_file": "/nowhere/node.creds"}, None, "/nowhere/node.creds"),
    "nats: a Redis": (lambda s: f"nats://{s.plain.address}", {"connect_timeout": "500ms"}, None, ""),
    "nats: another name in the certificate": (lambda s: s.nats_misnamed, lambda s: {"tls": trusting(s)}, "tls", "bus.nats.tls"),
    "nats: another authority": (
        lambda s: s.nats_tls,
        lambda s: {"tls": trusting(s, ca_file=str(s.certificates.certificate))},
        "tls",
        "certificate",
    ),
    "nats: a stranger's certificate": (lambda s: s.nats_tls, {"tls": {"enabled": True}}, "tls", "certificate"),
    "nats: no certificate of its own": (lambda s: s.nats_verifying, lambda s: {"tls": trusting(s)}, "tls", "another certificate"),
    "nats: a certificate by nobody": (
        lambda s: s.nats_verifying,
        lambda s: {"tls": showing(s.others, s)},
        "tls",
        "another certificate",
    ),
    "nats: TLS to a plain port": (lambda s: s.nats, lambda s: {"tls": trusting(s)}, "tls", "bus.nats.tls"),
    "nats: plain to a TLS port": (lambda s: s.nats_tls, {}, "tls", "bus.nats.tls"),
}


def settings_of(name, servers):
    server, options, _, _ = FAULTS[name]
    if callable(options):
        options = options(servers)
    return node_settings(server(servers), "n1", ONE_LOOP, **options)


def address_of(name, servers):
    server = FAULTS[name][0](servers)
    return server.removeprefix("nats://") if isinstance(server, str) else server.address


def aborting(settings):
    return merge(settings, {"bus": {settings["bus"]["type"]: ABORTING}})


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("servers")
    good, other = Certificates(directory / "good", "127.0.0.1"), Certificates(directory / "other", "bus.example")
    # Both are signed by one authority each; the nodes trust both, and a server its own.
    both = directory / "both.pem"
    both.write_text(good.authority.read_text() + other.authority.read_text(), encoding="ascii")
    with contextlib.ExitStack() as stack:

        def start(name, *options, kind=RedisServer, **more):
            server = kind(directory / name, *options, **more)
            stack.callback(server.stop)
            return server

        # A port at which nobody listens, and which no other test's server gets.
        taken = stack.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))
        plain = start("plain")
        sentinel = start("sentinel", plain, kind=Sentinel)
        rights = ["+auth", "+ping", "+client|setname", "+sentinel|get-master-addr-by-name", "+subscribe"]
        sentinel.command("ACL", "SETUSER", "deaf", "on", ">" + SECRET, "resetchannels", *rights)
        password = {"password": "another-secret", "keys": {"password_file": str(directory / "right")}}
        yield Servers(
            plain=plain,
            locked=start("locked", password="another-secret"),
            replica=start("replica", [f"replicaof 127.0.0.1 {plain.port}"]),
            sentinel=sentinel,
            tls=start("tls", good.redis_options, context=good.context),
            misnamed=start("misnamed", other.redis_options, context=other.context),
            nats=start("nats", kind=NatsServer),
            nats_locked=start("nats-locked", kind=NatsServer, **password),
            nats_tls=start("nats-tls", good.nats_options(), kind=NatsServer),
            nats_misnamed=start("nats-misnamed", other.nats_options(), kind=NatsServer),
            nats_verifying=start("nats-verifying", good.nats_options(verify=True), kind=NatsServer),
            certificates=good,
            others=other,
            authorities=str(both),
            directory=directory,
            closed=f"127.0.0.1:{taken.getsockname()[1]}",
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


def test_nodes_that_are_told_so_end_when_their_bus_cannot_be_used_at_the_start(start_program, servers):
    names = ["nobody listens", "wrong password", "a stranger's certificate"]
    names += [f"nats: {name}" for name in names]
    for name, program in [(name, start_program(aborting(settings_of(name, servers)))) for name in names]:
        assert program.wait() == 69, program.tail()
        records = [json.loads(line) for line in program.lines]
        assert (records[-1]["level"], records[-1]["message"]) == ("error", "cannot serve")
        assert f"bus.{settings_of(name, servers)['bus']['type']}.abort_on_connect_fail" in records[-1]["error"]
        told = [record for record in records if record["message"] == UNREACHED]
        assert address_of(name, servers) in told[0]["error"]


def test_nodes_with_the_right_settings_are_ready(start_hub, servers):
    settings = [
        (servers.tls, {"tls": trusting(servers)}),
        (servers.misnamed, {"tls": trusting(servers, server_name="bus.example")}),
        (servers.plain, {"abort_on_connect_fail": True}),
        # Which leads to the one before.
        (servers.sentinel, {"mode": "sentinel", "master_name": "mymaster"}),
        (servers.nats_tls, {"tls": trusting(servers)}),
        (servers.nats_misnamed, {"tls": trusting(servers, server_name="bus.example")}),
        (servers.nats_verifying, {"tls": showing(servers.certificates, servers)}),
        (servers.nats_tls.url.replace("nats://", "tls://"), {"tls": trusting(servers)}),
        (servers.nats, {"abort_on_connect_fail": True}),
        (servers.nats_locked, {"password_file": servers.file("right", "another-secret")}),
    ]
    own = [node_settings(server, f"n{n}", ONE_LOOP, **options) for n, (server, options) in enumerate(settings)]
    nodes = start_together(start_hub, own)
    for node in nodes:
        assert node.get("/readyz")[0] == 200
        assert node.metrics().value("gohub_bus_up") == 1
    for node in nodes[2:4]:
        assert node.metrics().value("gohub_nodes") == 2


def test_a_certificate_file_that_cannot_be_used_is_a_fault_of_the_configuration(start_program, servers):
    options = {"tls": {"enabled": True, "ca_file": servers.file("no.pem", "no certificate")}}
    program = start_program(node_settings(servers.tls, "n1", **options))
    assert program.wait() == 78, program.tail()
    assert "no.pem" in program.lines[-1]


def reads(node, file):
    """Whether the node has the file open."""
    descriptors = pathlib.Path(f"/proc/{node.program.pid}/fd").iterdir()
    return str(file) in {os.readlink(descriptor) for descriptor in descriptors if descriptor.is_symlink()}


def test_a_node_ends_in_order_while_an_attempt_is_in_the_midst_of_tls(start_hub, servers, tmp_path):
    authority = servers.certificates.authority.read_text()
    file, long = tmp_path / "ca.pem", tmp_path / "long.pem"
    file.write_text(authority, encoding="ascii")
    # It takes about a second to read, on a thread that a node does not wait for.
    long.write_text(authority * 40_000, encoding="ascii")
    settings = node_settings(servers.nats, "n1", ONE_LOOP, tls=trusting(servers, ca_file=str(file)), reconnect_wait="100ms")
    node = start_hub(settings, wait=False)
    await_told(node, UNREACHED)
    os.replace(long, file)
    eventually(lambda: reads(node, file), 20, "an attempt that reads the certificates")
    assert node.program.stop(within=10) == 0, node.program.tail()


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
