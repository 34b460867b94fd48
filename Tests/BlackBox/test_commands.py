# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The commands that are clients of a hub."""

import asyncio
import json
import os
import socket
import subprocess

import pytest
from websockets.asyncio.server import serve
from websockets.utils import accept_key

from bus import await_ready, node_settings
from client import WITHIN, Client
from process import Program, environment, eventually

COMMANDS = ["serve", "check", "pub", "sub", "bench", "metrics", "version", "help"]


def run(binary, *arguments, text=None):
    return subprocess.run(
        [binary, *map(str, arguments)], env=environment(), input=text, capture_output=True, text=True, timeout=60
    )


class Subscriber:
    """`gohub sub`, confirmed by the hub; `output` waits for its end."""

    def __init__(self, binary, hub, *arguments):
        self.program = Program([binary, "sub", "--url", hub.url, *arguments], output=True)
        self.program.wait_for_line(lambda line: "subscribed" in line or None)

    def output(self):
        assert self.program.wait() == 0, self.program.tail()
        return self.program.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(binary, command):
    answer = run(binary, command, "--help")
    assert answer.returncode == 0
    assert answer.stdout.startswith(f"usage: gohub {command}")
    assert answer.stderr == ""


def test_the_help_for_programs_names_every_command_and_the_version(binary):
    answer = run(binary, "help", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    told = json.loads(answer.stdout)
    assert [command["name"] for command in told["commands"]] == COMMANDS
    assert run(binary, "version").stdout.startswith(f"gohub {told['version']} ")


@pytest.mark.parametrize(
    "line",
    """
    nonsense, --nonsense, -x, help nonsense, serve one two, serve one --config two, serve --nonsense
    serve --server-addr, serve --port 80, check one two, version extra
    metrics extra, metrics --json=1, help --nonsense, help serve check, help serve --json
    pub, pub a b c, pub a b --url ws://, sub, sub a --count 0, sub a --url http://x
    bench, bench nonsense, bench fanout connect, bench fanout --clients many, bench fanout --dialect xml
    bench fanout --clients 1 --subscribers 2, bench unicast --dialect raw, bench connect --server-pid 4194305
    bench unicast --topics 5, bench unicast --concurrency 2, bench connect --stalled 5, bench connect --duration 1
    bench connect --size 1, bench idle --in-flight 2, bench idle --subscribers 1
    """.strip().replace("\n", ",").split(","),
)
def test_a_wrong_command_line_is_refused_with_a_word_on_standard_error(binary, line):
    answer = run(binary, *line.split())
    assert answer.returncode == 64
    assert answer.stdout == ""
    assert answer.stderr.startswith("gohub: ")
    assert "--help" in answer.stderr


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_wrong_configuration_is_refused_with_every_fault(binary, command):
    answer = subprocess.run(
        [binary, command, "--server-loops", "many", "--hub-message-buffer-cap=0"],
        env=environment() | {"GOHUB_LOG_LEVEL": "loud"}, capture_output=True, text=True, timeout=60,
    )
    assert answer.returncode == 78
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 3
    for name in ("GOHUB_LOG_LEVEL", "--server-loops", "--hub-message-buffer-cap"):
        assert name in answer.stderr


def test_a_port_that_is_taken_is_exit_code_1(binary, hub):
    answer = run(binary, "serve", "--server-addr", hub.url.removeprefix("ws://").removesuffix("/ws"))
    assert answer.returncode == 1
    assert "cannot serve" in answer.stderr
    assert "--server-addr" in answer.stderr


CLIENTS = ["pub news 1", "sub news", *(f"bench {kind} --clients 10" for kind in ("fanout", "unicast", "connect", "idle"))]


@pytest.mark.parametrize("line", CLIENTS)
def test_a_hub_that_is_not_there_is_exit_code_69(binary, line):
    answer = run(binary, *line.split(), "--url", "ws://127.0.0.1:1/ws")
    assert answer.returncode == 69
    assert answer.stdout == ""
    assert answer.stderr == (
        "gohub: connect to 127.0.0.1:1: connection refused (ECONNREFUSED); is the hub running? --url names another\n"
    )


@pytest.mark.parametrize("path, status", [("healthz", "200 OK"), ("nothing", "404 Not Found")])
@pytest.mark.parametrize("line", CLIENTS)
def test_an_answer_that_opens_no_websocket_is_exit_code_69(binary, shared_hub, line, path, status):
    answer = run(binary, *line.split(), "--url", f"ws://{shared_hub.address}/{path}")
    assert answer.returncode == 69
    assert answer.stdout == ""
    assert status in answer.stderr
    assert answer.stderr.endswith("; the hub's WebSocket is at /ws\n")


def test_a_hub_that_does_not_answer_is_exit_code_69(binary):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = run(binary, "pub", "news", "1", "--url", f"ws://127.0.0.1:{silent.getsockname()[1]}/ws")
    assert answer.returncode == 69
    assert "no answer" in answer.stderr


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_of_a_page_that_refuses_the_first_line_is_shown(binary, end):
    page = end.join(["<html>", "<head><title>502 Bad Gateway</title></head>", "</html>", ""]).encode()
    head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        client = Program([binary, "sub", "news", "--url", f"ws://127.0.0.1:{proxy.getsockname()[1]}/ws"])
        connection, _ = proxy.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(head + page)
            assert client.wait() == 69
    (line,) = client.tail().splitlines()
    assert "502 Bad Gateway <html>" in line


def test_a_payload_that_is_no_utf8_is_refused(binary, hub):
    command = [binary, "pub", "news", "--url", hub.url]
    for arguments, text in [([b"\xff"], b""), (["-"], b"1\n\xff\n")]:
        answer = subprocess.run([*command, *arguments], env=environment(), input=text, capture_output=True, timeout=60)
        assert answer.returncode != 0
        assert b"not UTF-8" in answer.stderr


def test_a_payload_that_is_almost_json_is_published_with_a_note(binary, hub):
    answer = run(binary, "pub", "news", '{"a":1,}', "--url", hub.url)
    assert answer.returncode == 0
    assert "published as a string" in answer.stderr


def test_what_is_published_is_printed(binary, hub):
    subscriber = Subscriber(binary, hub, "news", "--count", "3")
    assert run(binary, "pub", "news", '{"a": 1}', "--url", hub.url).returncode == 0
    assert run(binary, "pub", "news", "plain text", "--url", hub.url).returncode == 0
    assert run(binary, "pub", "news", "[2]", "--url", hub.url).returncode == 0
    assert subscriber.output() == ['news {"a": 1}', 'news "plain text"', "news [2]"]


def test_what_stands_behind_two_dashes_is_no_flag(binary, hub):
    subscriber = Subscriber(binary, hub, "news", "--count", "1")
    assert run(binary, "pub", "--url", hub.url, "--", "news", "--help").returncode == 0
    assert subscriber.output() == ['news "--help"']


def test_what_reaches_no_other_node_is_told(binary, redis, start_hub):
    node = start_hub(node_settings(redis, "n1"))
    redis.kill()
    await_ready(node, False)
    subscriber = Subscriber(binary, node, "news", "--count", "1", "--payload-only")
    assert "subscribed to news, but messages of other nodes may not arrive yet" in subscriber.program.tail()
    answer = run(binary, "pub", "news", "1", "--url", node.url)
    assert answer.returncode == 1
    assert "published on one node, and other nodes may not get it: other nodes cannot be reached now" in answer.stderr
    assert subscriber.output() == ["1"]
    redis.start()
    await_ready(node)
    assert run(binary, "pub", "news", "1", "--url", node.url).returncode == 0


def test_standard_input_is_published_line_by_line(binary, hub):
    subscriber = Subscriber(binary, hub, "news", "--count", "100", "--payload-only")
    lines = [str(number) for number in range(100)]
    assert run(binary, "pub", "news", "-", "--url", hub.url, text="\n".join(lines) + "\n").returncode == 0
    assert subscriber.output() == lines


def test_a_subscriber_ends_when_the_hub_does(binary, hub):
    subscriber = Subscriber(binary, hub, "news")
    assert hub.program.stop() == 0
    assert subscriber.program.wait() == 1


HOSTILE = '"\x7f and \x9b and \u202e"'


async def test_nothing_that_others_publish_steers_the_terminal(binary, hub):
    subscriber = Subscriber(binary, hub, "news", "--count", "3")
    raw = Subscriber(binary, hub, "news", "--count", "3", "--raw", "--payload-only")
    async with Client(hub) as client:
        # As they stand, which json.dumps would not send: C1, DEL and an override are valid in JSON.
        message = '{"message_id":7,"message_type":"publish","data":{"topic":"news","payload":%s},"ts":0}'
        await client.socket.send(message % HOSTILE)
        assert (await client.reply(7))["message_type"] == "published"
        await client.socket.send(b"\x04news\x1b]0;title\x07\nsecond line\xff")
        await client.socket.send(message % '{\n  "pretty": [\n    1,\n    2\n  ]\n}')
        assert (await client.reply(7))["message_type"] == "published"
    assert subscriber.output() == [
        r'news "\u007f and \u009b and \u202e"',
        r"news \u001b]0;title\u0007\nsecond line\xff",
        'news {"pretty": [1,2]}',
    ]
    assert raw.output() == [
        HOSTILE, "\x1b]0;title\x07", "second line\ufffd", "{", '  "pretty": [', "    1,", "    2", "  ]", "}"
    ]


def test_nothing_that_a_server_answers_steers_the_terminal(binary):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program = Program([binary, "pub", "news", "1", "--url", f"ws://127.0.0.1:{listener.getsockname()[1]}/ws"])
        server, _ = listener.accept()
        with server:
            while b"\r\n\r\n" not in server.recv(4096, socket.MSG_PEEK):
                pass
            server.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\n\x1b[2J\xc2\x9bhub")
            assert program.wait() == 69
    assert r"\u001b[2J\u009bhub" in program.lines[-1], program.tail()
    assert "\x1b" not in program.tail() and "\x9b" not in program.tail()


def test_of_many_pings_only_the_newest_is_owed_to_a_server_that_reads_nothing(binary):
    count = 100_000
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/ws"
        with subprocess.Popen([binary, "sub", "--url", url, "a"], stderr=subprocess.DEVNULL, env=environment()) as subscriber:
            try:
                connection, _ = listener.accept()
                connection.settimeout(WITHIN)
                with connection, connection.makefile("rb") as stream:
                    fields = dict(line.split(b": ", 1) for line in iter(stream.readline, b"\r\n") if b": " in line)
                    key = fields[b"Sec-WebSocket-Key"].strip().decode()
                    connection.sendall(
                        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
                    )
                    connection.sendall(b"".join(b"\x89\x7d" + n.to_bytes(4, "big") + bytes(121) for n in range(count)))
                    pongs = 0
                    newest = -1
                    while newest < count - 1:
                        opcode, length = stream.read(2)
                        frame = stream.read(4 + (length & 0x7F))
                        if opcode == 0x8A:
                            pongs += 1
                            newest = int.from_bytes(bytes(a ^ b for a, b in zip(frame[4:8], frame[:4])), "big")
                    assert pongs < count
            finally:
                subscriber.kill()


def test_a_subscriber_ends_when_its_reader_does(binary, hub):
    reader, writer = os.pipe()
    subscriber = Program([binary, "sub", "--url", hub.url, "news"], stdout=writer)
    os.close(writer)
    subscriber.wait_for_line(lambda line: "subscribed" in line or None)
    os.close(reader)
    assert subscriber.wait() == 0, subscriber.tail()
    eventually(lambda: hub.metrics().value("gohub_connections_closed_total", reason="normal") == 1)


@pytest.mark.parametrize("line", ["version", "metrics", "check", "help", "serve --help", "bench idle", "sub news"])
def test_output_that_cannot_be_written_is_exit_code_1(binary, hub, line):
    arguments = line.split()
    if arguments[0] == "bench":
        arguments += ["--clients", "1", "--duration", "1", "--url", hub.url]
    if arguments[0] == "sub":
        arguments += ["--url", hub.url]
    with open("/dev/full", "wb") as full:
        program = Program([binary, *arguments], stdout=full)
    if arguments[0] == "sub":
        program.wait_for_line(lambda line: "subscribed" in line or None)
        assert run(binary, "pub", "news", "1", "--url", hub.url).returncode == 0
    assert program.wait() == 1
    assert program.lines[-1] == "gohub: standard output cannot be written: No space left on device"


def bench(binary, hub, kind, clients=20):
    duration = [] if kind == "connect" else ["--duration", 1]
    answer = run(
        binary, "bench", kind, "--url", hub.url, "--clients", clients, *duration, "--json",
        "--server-pid", hub.program.pid,
    )
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report.get("server_resident_bytes_per_connection", 1) > 0
    # Closed in order, by a close frame, before the command ended.
    metrics = hub.metrics()
    opened = metrics.value("gohub_connections_opened_total")
    eventually(lambda: hub.metrics().value("gohub_connections_closed_total", reason="normal") == opened)
    assert opened >= clients
    return report


@pytest.mark.parametrize("kind", ["fanout", "unicast"])
def test_the_load_generator_counts_what_the_hub_counts(binary, hub, kind):
    report = bench(binary, hub, kind)
    assert report["clients"] == 20
    assert 0 < report["latency_p50_microseconds"] <= report["latency_max_microseconds"]
    scope = {"fanout": "topic", "unicast": "client"}[kind]
    assert 0 < report["deliveries"] <= hub.metrics().value("gohub_deliveries_written_total", scope=scope)


def test_the_load_generator_measures_a_hub_with_default_limits(binary, hub):
    assert bench(binary, hub, "connect", clients=1100)["connections"] == 1100
    assert hub.metrics().value("gohub_connections_rejected_total") == 0


def test_the_load_generator_says_which_limit_it_met(binary, start_hub):
    hub = start_hub({"server": {"max_connections_per_ip": 5}})
    answer = run(binary, "bench", "connect", "--url", hub.url, "--clients", 20)
    assert answer.returncode == 69
    assert "503" in answer.stderr and "server.max_connections_per_ip" in answer.stderr


# A kibibyte is the least that hub.max_message_bytes can be: what has 900 bytes is taken and cannot be delivered.
@pytest.mark.parametrize(
    "settings, line, reason",
    [
        ({}, "fanout --size 5000000", "--size 5000000 is more than the hub delivers: 1047903 bytes (hub.max_message_bytes)"),
        ({}, "unicast --size 5000000", "--size 5000000 is more than the hub delivers: 1047903 bytes (hub.max_message_bytes)"),
        ({"max_message_bytes": 1024}, "fanout --size 1024", "the hub closed with 1009: "),
        ({"max_message_bytes": 1024}, "unicast --size 1024", "the hub closed with 1009: "),
        ({"max_message_bytes": 1024}, "fanout --size 900 --dialect json", "the hub refused: too_large: "),
        ({"max_message_bytes": 1024}, "unicast --size 900", "the hub refused: too_large: "),
        ({"max_subscriptions_per_client": 1}, "fanout --topics 2", "the hub refused: too_many: "),
    ],
)
def test_the_load_generator_says_what_the_hub_refuses(binary, start_hub, settings, line, reason):
    hub = start_hub({"hub": settings})
    answer = run(binary, "bench", *line.split(), "--url", hub.url, "--clients", 10, "--duration", 1)
    assert answer.returncode == 1
    assert answer.stdout == ""
    (complaint,) = answer.stderr.splitlines()
    assert reason in complaint


@pytest.mark.parametrize("line", ["fanout", "fanout --dialect json --size 1", "unicast", "idle"])
def test_the_load_generator_says_that_the_hub_drains(binary, hub, line):
    program = Program([binary, "bench", *line.split(), "--url", hub.url, "--clients", "10", "--duration", "60"], output=True)
    begun = "gohub_connections" if line == "idle" else "gohub_deliveries_written_total"
    eventually(lambda: hub.metrics().value(begun) >= 10)
    assert hub.program.stop() == 0
    assert program.wait() == 1
    assert program.lines == ["gohub: the hub is draining"]
    assert program.output == []


async def say_nothing(connection):
    await connection.wait_closed()


async def close_as_slow(connection):
    await connection.recv()
    await connection.close(1013, "slow")


@pytest.mark.parametrize(
    "behaviour, reason",
    [
        (say_nothing, "no message was delivered within 1 s"),
        (close_as_slow, "connection 2 of 3: the hub closed with 1013: slow"),
    ],
)
async def test_a_measurement_that_comes_to_nothing_is_exit_code_1(binary, behaviour, reason):
    async with serve(behaviour, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        line = ["bench", "fanout", "--dialect", "raw", "--clients", 3, "--duration", 1, "--url", url]
        answer = await asyncio.to_thread(run, binary, *line)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == f"gohub: {reason}\n"


@pytest.mark.parametrize("kind", ["connect", "idle"])
def test_the_load_generator_holds_connections(binary, hub, kind):
    assert bench(binary, hub, kind)["connections"] == 20
    assert hub.metrics().value("gohub_connections_opened_total") == 20
