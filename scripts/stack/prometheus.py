# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Prometheus and Alertmanager in processes of their own, set up by the files that operators import."""

import json
import pathlib
import urllib.error

import yaml
from process import Program, eventually, replace_file

from stack.api import ApiError, PrometheusApi, fetch
from stack.ports import HOST, choose_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "configs" / "prometheus.yml"
RULES = ROOT / "alerts" / "gohub.rules.yml"
ALERTMANAGER = ROOT / "alerts" / "alertmanager.yml"
JOB = "gohub"
WITHIN = 30.0


def answers(url):
    """Whether a server says there that it is well."""
    try:
        fetch(url)
    except (ApiError, urllib.error.URLError, ConnectionError):
        return False
    return True


def start_server(arguments, url):
    """A program once it answers at `url`."""
    program = Program(arguments)
    try:
        eventually(lambda: not program.running or answers(url), WITHIN, url)
        assert program.running, f"{arguments[0]} ended:\n{program.tail()}"
    except BaseException:
        if program.running:
            program.kill()
        raise
    return program


def configuration(targets_file, interval, alertmanager=None):
    """configs/prometheus.yml with other targets and another interval."""
    settings = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    settings["global"] = {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}
    settings["rule_files"] = [str(RULES)]
    settings.pop("alerting", None)
    if alertmanager:
        settings["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    (job,) = [job for job in settings["scrape_configs"] if job["job_name"] == JOB]
    for key in ("static_configs", "scrape_interval", "scrape_timeout"):
        job.pop(key, None)
    job["file_sd_configs"] = [{"files": [str(targets_file)]}]
    settings["scrape_configs"] = [job]
    return yaml.safe_dump(settings, sort_keys=False)


class Prometheus:
    """A running Prometheus that scrapes `targets` as job gohub and evaluates the rules of alerts/, unchanged.

    `others` are targets of other hubs, each with a job of its own: {job: targets}.
    """

    def __init__(self, directory, targets, interval="2s", port=None, alertmanager=None, others=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self._targets = self.directory / "targets.json"
        self._others = others or {}
        self.set_targets(targets)
        file = self.directory / "prometheus.yml"
        file.write_text(configuration(self._targets, interval, alertmanager), encoding="utf-8")
        self.address = f"{HOST}:{choose_port(port)}"
        self.api = PrometheusApi(self.address)
        self.program = start_server(
            [
                *("prometheus", f"--config.file={file}", f"--storage.tsdb.path={self.directory / 'data'}"),
                *(f"--web.listen-address={self.address}", "--storage.tsdb.retention.time=7d", "--log.level=warn"),
            ],
            f"{self.url}/-/ready",
        )

    @property
    def url(self):
        return f"http://{self.address}"

    def set_targets(self, targets):
        """What it scrapes from now on beside the others; it notices within seconds."""
        groups = [{"targets": list(targets)}]
        groups += [{"targets": list(own), "labels": {"job": job}} for job, own in self._others.items()]
        replace_file(self._targets, json.dumps(groups))

    def await_scraped(self, count, within=WITHIN):
        """Waits until so many targets were scraped well."""
        eventually(lambda: self.api.value("count(up == 1)") == count, within, f"{count} targets that are up")

    def stop(self):
        if self.program.running:
            self.program.stop()


class Alertmanager:
    """A running Alertmanager with alerts/alertmanager.yml, on its own: it looks for no others."""

    def __init__(self, directory, port=None):
        directory = pathlib.Path(directory)
        directory.mkdir()
        self.address = f"{HOST}:{choose_port(port)}"
        self.url = f"http://{self.address}"
        self.program = start_server(
            [
                *("prometheus-alertmanager", f"--config.file={ALERTMANAGER}", f"--storage.path={directory / 'data'}"),
                *(f"--web.listen-address={self.address}", "--cluster.listen-address=", "--log.level=warn"),
            ],
            f"{self.url}/-/ready",
        )

    def stop(self):
        if self.program.running:
            self.program.stop()
