# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What honest clients see while a hub is attacked: a process and addresses of its own, until its standard input closes.

usage: monitor.py PORT HTTP_PORT    (where clients connect, and where health and metrics are)

Prints one JSON object: for each kind of question a list of [when it was asked, how long it took, "" or what was wrong],
times in seconds of the monotonic clock, which is one for all processes.
"""

import json
import sys
import threading
import time

import wire

# How long each asks again after an answer, in seconds.
PERIODS = {"readyz": 0.05, "livez": 0.2, "scrape": 1, "ping": 0.05, "connect": 0.5}
CLIENTS = 4


class Monitor:
    def __init__(self, port, http_port):
        self.port, self.http_port = port, http_port
        self.samples = {kind: [] for kind in PERIODS}
        self.stopped = threading.Event()

    def threads(self):
        asking = [
            (self.ask, ("readyz", "127.0.0.250")),
            (self.ask, ("livez", "127.0.0.251")),
            (self.ask, ("scrape", "127.0.0.252")),
            (self.connect, ("127.0.0.249",)),
        ]
        pinging = [(self.ping, (f"127.0.0.{240 + number}",)) for number in range(CLIENTS)]
        return [threading.Thread(target=body, args=arguments, daemon=True) for body, arguments in asking + pinging]

    def ask(self, kind, source):
        """Asks again and again, each time on a new connection."""
        path = "/metrics" if kind == "scrape" else f"/{kind}"
        while not self.stopped.wait(PERIODS[kind]):
            began = time.monotonic()
            fault = ""
            try:
                status, _ = wire.get(self.http_port, path, source)
                if status != 200:
                    fault = str(status)
            except OSError as error:
                fault = type(error).__name__
            self.samples[kind].append((began, time.monotonic() - began, fault))

    def connect(self, source):
        """Opens a WebSocket and leaves, again and again."""
        while not self.stopped.wait(PERIODS["connect"]):
            began = time.monotonic()
            fault = ""
            try:
                with wire.connect(self.port, source) as connection:
                    wire.Reader(connection).upgrade()
                    connection.sendall(wire.frame(b"\x03\xe8", wire.CLOSE))
            except OSError as error:
                fault = f"{type(error).__name__}: {error}"
            self.samples["connect"].append((began, time.monotonic() - began, fault))

    def ping(self, source):
        """Pings on one WebSocket, which should never end; if it does, that is noted and another one is opened."""
        reader = None
        number = 0
        while not self.stopped.wait(PERIODS["ping"]):
            began = time.monotonic()
            fault = ""
            number += 1
            try:
                if reader is None:
                    reader = wire.Reader(wire.connect(self.port, source)).upgrade()
                reader.connection.sendall(wire.message("ping", number=number))
                while reader.message()["message_type"] != "pong":
                    pass
            except OSError as error:
                fault = f"{type(error).__name__}: {error}"
                reader = None
            self.samples["ping"].append((began, time.monotonic() - began, fault))


def main():
    monitor = Monitor(int(sys.argv[1]), int(sys.argv[2]))
    threads = monitor.threads()
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    monitor.stopped.set()
    for thread in threads:
        thread.join(wire.WITHIN * 2)
    print(json.dumps(monitor.samples))


if __name__ == "__main__":
    main()
