# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What a browser behind nginx sees of the hub; `scripts/browsers` calls this."""

import argparse
import asyncio
import contextlib
import functools
import http.server
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import urllib.request

from websockets.asyncio.client import connect

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "BlackBox"))

from client import RawClient  # noqa: E402
from hub import Hub  # noqa: E402
from process import Program  # noqa: E402
from proxy import Nginx  # noqa: E402

WITHIN = 120.0

# One round in a page: the code with which the hub closes after a message that is too large.
TOO_LARGE = """
new Promise((resolve) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, "gohub.v1.json")
    socket.onmessage = () => socket.send("x".repeat(4 << 20))
    socket.onclose = (event) => resolve(event.code)
})
"""


# What the first page says when all has come that was asked for.
STATE = "document.getElementById('state').textContent"
MESSAGES = "[...document.querySelectorAll('#messages li')].map((item) => item.textContent)"
PUBLISH = """
document.getElementById("text").value = "hello"
document.querySelector("button").click()
true
"""


class Chromium:
    """A headless Chromium that is told what to do over its debugging protocol."""

    def __init__(self, directory):
        self._program = Program([
            shutil.which("chromium"),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={directory}",
            "about:blank",
        ])
        line = self._program.wait_for_line(lambda line: line if "DevTools listening on ws://" in line else None, 60)
        self._address = line.split("ws://")[1].split("/")[0]

    async def open(self, url):
        """The debugging socket of the page, which shows `url`."""
        with urllib.request.urlopen(f"http://{self._address}/json/list", timeout=20) as answer:
            pages = [target for target in json.load(answer) if target["type"] == "page"]
        socket = await connect(pages[0]["webSocketDebuggerUrl"], proxy=None, max_size=None)
        await self.call(socket, "Page.enable")
        await self.call(socket, "Page.navigate", url=url)
        while json.loads(await asyncio.wait_for(socket.recv(), WITHIN)).get("method") != "Page.loadEventFired":
            pass
        return socket

    @staticmethod
    async def call(socket, method, **parameters):
        """Calls a method and answers its result; what the browser says meanwhile is left out."""
        await socket.send(json.dumps({"id": 1, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(socket.recv(), WITHIN))
            if answer.get("id") == 1:
                assert "error" not in answer, answer
                return answer["result"]

    async def evaluate(self, socket, expression):
        """The value of an expression in the page, awaited."""
        answer = await self.call(
            socket, "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"]["value"]

    def close(self):
        self._program.stop()


async def too_large(chromium, nginx, rounds):
    """How often a page saw which close code."""
    # The answer to this path is nginx's own page: from there a WebSocket comes from the same origin.
    page = await chromium.open(f"http://{nginx.address}/")
    codes = [await chromium.evaluate(page, TOO_LARGE) for _ in range(rounds)]
    await page.close()
    return {code: codes.count(code) for code in sorted(set(codes))}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Says nothing of each request."""


@contextlib.contextmanager
def pages(folder):
    """The origin of a server of a folder's files."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def until(chromium, page, expression, condition):
    """The value of an expression in a page, once it is what is wanted."""
    deadline = time.monotonic() + WITHIN
    while not condition(value := await chromium.evaluate(page, expression)):
        assert time.monotonic() < deadline, value
        await asyncio.sleep(0.05)
    return value


async def first_page(chromium, url):
    """What the page of Examples/Page shows after a message was published there; it has to be let in."""
    page = await chromium.open(url)
    await until(chromium, page, STATE, lambda text: text.startswith("subscribed to news"))
    await chromium.evaluate(page, PUBLISH)
    messages = await until(chromium, page, MESSAGES, bool)
    await page.close()
    return messages


async def refused_page(chromium, url):
    """What the page says that is not let in."""
    page = await chromium.open(url)
    text = await until(chromium, page, STATE, lambda text: "connecting" not in text)
    await page.close()
    return text


def try_first_page(binary, directory, chromium):
    """Serves the page from another origin to a hub that lets it in, and to one that does not."""
    with pages(ROOT / "Examples" / "Page") as origin:
        for allowed in [[], [origin]]:
            folder = pathlib.Path(directory) / f"page-{len(allowed)}"
            folder.mkdir()
            hub = Hub(binary, folder, {"server": {"allowed_origins": allowed}})
            try:
                url = f"{origin}/?hub={hub.address}"
                if allowed:
                    messages = asyncio.run(first_page(chromium, url))
                    print(f"the first page, from an origin that is allowed: messages {messages}")
                    assert messages == ["hello"], messages
                else:
                    text = asyncio.run(refused_page(chromium, url))
                    print(f"the first page, from an origin that is not: {text}")
                    assert f"does not let in pages from {origin}" in text, text
                    assert hub.metrics().value("gohub_connections_rejected_total", reason="origin") > 0
            finally:
                hub.close()


def slow_upload(nginx):
    """How long a message of 1 MB takes at 40 KB/s; it has to be answered."""
    with RawClient(nginx) as client:
        client.upgrade(nginx.address)
        data = "x" * 1_000_000
        began = time.monotonic()
        client.send_long("ping", data, line_speed=40_000)
        client.socket.settimeout(WITHIN)
        (answer,) = client.messages(1)
        assert answer["data"] == data
        return time.monotonic() - began


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=70)
    rounds = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        for name in ["hub", "nginx", "chromium"]:
            (pathlib.Path(directory) / name).mkdir()
        binary = os.environ.get("GOHUB_BINARY", ROOT / ".build" / "debug" / "gohub")
        hub = Hub(binary, f"{directory}/hub", {"server": {"max_connections_per_ip": 0}})
        nginx = Nginx(f"{directory}/nginx", hub)
        chromium = Chromium(f"{directory}/chromium")
        try:
            codes = asyncio.run(too_large(chromium, nginx, rounds))
            print(f"a message that is too large, {rounds} times in a page behind nginx: close codes {codes}")
            try_first_page(binary, directory, chromium)
            seconds = slow_upload(nginx)
            print(f"1 MB at 40 KB/s behind nginx: whole after {seconds:.1f} s")
            counted = hub.metrics().value("gohub_connections_closed_total", reason="too_large")
        finally:
            chromium.close()
            nginx.close()
        hub.close()
    assert codes == {1009: rounds}, codes
    assert counted == rounds, counted


if __name__ == "__main__":
    main()
