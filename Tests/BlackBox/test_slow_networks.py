# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Bytes that arrive, and bytes that a client takes, are life; only who does neither is ended."""

import json
import struct
import time

from client import CLOSE, PING, TEXT, RawClient

# Times so short that a transfer of seconds outlasts each of them many times.
SHORT = {
    "server": {"read_timeout": "1s"},
    "hub": {"ping_interval": "400ms", "pong_timeout": "300ms", "message_buffer_bytes": "16MiB"},
}


def test_a_long_message_over_a_slow_line_is_received_whole(start_hub):
    hub = start_hub(SHORT)
    with RawClient(hub) as client:
        client.upgrade()
        data = "x" * 1_000_000
        began = time.monotonic()
        # The client's pongs would have to wait behind it: none is sent.
        client.send_long("ping", data, line_speed=400_000)
        assert time.monotonic() - began > 2
        (answer,) = client.messages(1)
        assert (answer["message_type"], answer["data"]) == ("pong", data)


def test_a_client_that_takes_its_messages_slowly_stays_and_one_that_only_took_them_goes(start_hub):
    hub = start_hub(SHORT)
    with RawClient(hub, receive_buffer=64 * 1024, line_speed=1_200_000) as client, RawClient(hub) as sender:
        target = client.upgrade()
        sender.upgrade()
        for _ in range(4):
            sender.send_long("unicast", {"client_id": target, "payload": "y" * 900_000})
        frames = []
        began = time.monotonic()
        while [opcode for opcode, _ in frames].count(TEXT) < 4:
            frames.append(client.frame())
        taken = time.monotonic()
        assert taken - began > 2
        # All is taken now, or a ping comes still. The client is there, and is answered.
        while PING not in [opcode for opcode, _ in frames]:
            frames.append(client.frame())
        ping = next(payload for opcode, payload in frames if opcode == PING)
        client.send(bytes([0x8A, 0x80 | len(ping)]) + bytes(4) + ping)
        client.send_message("ping", "still here")
        # The next ping it takes, and does not answer; it may come before the answer.
        seen = {}
        while not {TEXT, PING} <= seen.keys():
            opcode, payload = client.frame()
            seen[opcode] = (payload, time.monotonic())
        assert json.loads(seen[TEXT][0])["data"] == "still here"
        asked = seen[PING][1]
        assert client.until(CLOSE) == struct.pack(">H", 1001) + b"no pong"
        assert time.monotonic() - asked < 2
