# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What Prometheus makes of a hub."""

import http.client
import json
import shutil
import socket
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families

from client import Client
from process import Program, eventually

CONFIGURATION = """
global:
  scrape_interval: 250ms
scrape_configs:
  - job_name: gohub
    static_configs:
      - targets: ["{address}"]
"""


def free_port():
    """A port that was free a moment ago: Prometheus does not say which one it got when told 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """A Prometheus server that scrapes one hub."""

    def __init__(self, directory, hub):
        file = directory / "prometheus.yml"
        file.write_text(CONFIGURATION.format(address=hub.address), encoding="utf-8")
        for attempt in range(3):
            self.port = free_port()
            self.program = Program([
                shutil.which("prometheus"),
                f"--config.file={file}",
                f"--storage.tsdb.path={directory / f'data-{attempt}'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ])
            try:
                self.program.wait_for_line(lambda line: "ready to receive web requests" in line or None)
                return
            except AssertionError:  # somebody else got the port
                self.program.kill()
        raise AssertionError("Prometheus did not start:\n" + self.program.tail())

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return json.load(connection.getresponse())["data"]
        finally:
            connection.close()

    def query(self, expression):
        """The values of an instant query."""
        return [float(row["value"][1]) for row in self.get(f"/api/v1/query?query={expression}")["result"]]


@pytest.fixture
def prometheus(hub, tmp_path):
    server = Prometheus(tmp_path, hub)
    yield server
    server.program.kill()


async def test_prometheus_scrapes_the_hub(hub, prometheus):
    async with Client(hub) as client:
        await client.request("subscribe", {"topic": "news"}, expect="subscribed")
        for n in range(10):
            await client.request("publish", {"topic": "news", "payload": n}, expect="published")
        eventually(lambda: prometheus.query("up") == [1.0], what="up == 1")
        eventually(
            lambda: prometheus.query("gohub_deliveries_written_total{scope='topic'}") == [10.0],
            what="the counter in Prometheus",
        )
    (target,) = prometheus.get("/api/v1/targets")["activeTargets"]
    assert target["health"] == "up" and target["lastError"] == ""
    assert prometheus.query("gohub_deliveries_residual") == [0.0]


async def scrape_after_traffic(hub, accept):
    async with Client(hub) as client:
        await client.request("broadcast", {"payload": 1}, expect="published")
        status, headers, body = hub.get("/metrics", {"Accept": accept})
    assert status == 200
    assert headers["Content-Type"].startswith(accept.partition(";")[0])
    return body


async def test_promtool_has_no_word_to_say(hub):
    body = await scrape_after_traffic(hub, "text/plain;version=0.0.4")
    judgement = subprocess.run(
        ["promtool", "check", "metrics"], input=body, capture_output=True, text=True, timeout=30
    )
    assert (judgement.returncode, judgement.stdout, judgement.stderr) == (0, "", "")


async def test_a_strict_reader_accepts_the_open_metrics(hub):
    body = await scrape_after_traffic(hub, "application/openmetrics-text;version=1.0.0")
    assert body.endswith("# EOF\n")
    assert sum(len(family.samples) for family in openmetrics_families(body)) > 100
