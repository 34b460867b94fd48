# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What one address, or a process with few descriptors, can and cannot do to others."""

import http.client
import pathlib
import signal
import socket
import time

from process import eventually

PAGE = b"GET /metrics HTTP/1.1\r\nHost: hub\r\n\r\n"


def connect(hub, source="127.0.0.1", receive_buffer=None):
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.bind((source, 0))
    connection.settimeout(20)
    connection.connect((hub.host, hub.port))
    return connection


def status(connection, path, headers=""):
    """The status of a GET over a connection that stays open; 0 when it ends without an answer."""
    try:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: hub\r\n{headers}\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0


def resident(hub):
    """Resident memory of a hub in KiB."""
    text = pathlib.Path(f"/proc/{hub.program.pid}/status").read_text(encoding="ascii")
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])


def test_operators_are_served_when_clients_have_taken_every_descriptor(start_hub):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"admin_addr": f"127.0.0.1:{port}", "max_connections_per_ip": 0, "loops": 2}
    hub = start_hub({"server": settings}, files=96)
    clients = [connect(hub) for _ in range(150)]
    try:
        answers = [status(client, "/") for client in clients]
        assert set(answers) <= {200, 503}
        assert answers.count(200) >= 20
        assert answers.count(503) >= 54
        for _ in range(20):
            for path in ("/livez", "/readyz", "/metrics", "/version"):
                assert hub.get(path, port=port)[0] == 200
        page = hub.metrics()
        assert page.value("gohub_connections_rejected_total", reason="node_limit") == answers.count(503)
        assert page.value("gohub_accept_pauses_total") == 0
        assert page.value("process_open_fds") < 96
    finally:
        for client in clients:
            client.close()


def test_an_address_that_parks_connections_takes_its_share_and_no_more(start_hub):
    hub = start_hub({"server": {"max_connections": 100, "max_connections_per_ip": 80}})
    parked = [connect(hub, "127.0.0.5") for _ in range(120)]
    try:
        answers = [status(connection, "/version") for connection in parked]
        # Loops accept side by side, so that those who came last need not be those who are refused.
        assert (answers.count(200), answers.count(503)) == (80, 40)
        with connect(hub, "127.0.0.6") as other:
            assert status(other, "/readyz") == 200
            assert status(other, "/metrics") == 200
    finally:
        for connection in parked:
            connection.close()


def test_readers_that_take_no_page_share_one(start_hub):
    count = 1000
    hub = start_hub({"server": {"max_connections_per_ip": 0}})
    page = len(hub.get("/metrics")[2])
    before = resident(hub)
    readers = [connect(hub, "127.0.0.5", receive_buffer=4096) for _ in range(count)]
    try:
        for reader in readers:
            reader.setblocking(False)
            try:
                for _ in range(200):
                    reader.send(PAGE * 20)
            except BlockingIOError:
                pass
        # A page of each would be far more than this.
        assert (resident(hub) - before) * 1024 < count * 16 * 1024 + (8 << 20) < count * page // 2
        with connect(hub, "127.0.0.6") as honest:
            assert [status(honest, "/metrics") for _ in range(39)] == [200] * 39
    finally:
        for reader in readers:
            reader.close()


def test_a_slow_upload_sees_its_refusal(hub):
    for method, refusal in (("GET", 413), ("POST", 405)):
        with connect(hub) as upload:
            upload.sendall(f"{method} /metrics HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000000\r\n\r\n".encode())
            start = time.monotonic()
            for piece in range(25):
                upload.sendall(b"a" * 40_000)
                # 400 kB a second.
                eventually(lambda: time.monotonic() - start > piece / 10)
            answer = http.client.HTTPResponse(upload)
            answer.begin()
            assert answer.status == refusal
            answer.read()
            assert upload.recv(1) == b""


def test_a_drain_with_a_delay_refuses_nobody_until_balancers_have_seen_it(start_hub):
    hub = start_hub({"server": {"drain_delay": "2s", "drain_timeout": "1s"}})
    assert hub.get("/readyz")[0] == 200
    hub.program.send_signal(signal.SIGTERM)
    start = time.monotonic()
    eventually(lambda: hub.get("/readyz")[0] == 503, within=1)
    served = 0
    while time.monotonic() - start < 1.8:
        assert hub.get("/version")[0] == 200
        served += 1
    assert served > 20
    assert hub.program.wait(10) == 0


def test_a_second_signal_does_not_wait_for_the_delay(start_hub):
    hub = start_hub({"server": {"drain_delay": "60s"}})
    hub.program.send_signal(signal.SIGTERM)
    eventually(lambda: hub.get("/readyz")[0] == 503)
    hub.program.send_signal(signal.SIGTERM)
    assert hub.program.wait(5) == 130
