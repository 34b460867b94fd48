# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Asks Prometheus by its HTTP API."""

import json
import urllib.error
import urllib.parse
import urllib.request

WITHIN = 30.0
# What the environment says of proxies is not for 127.0.0.1.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ApiError(Exception):
    """What Prometheus said instead of an answer."""


def fetch(url, data=None):
    """The body of an answer; an HTTP error raises ApiError with what the body says."""
    try:
        with OPENER.open(url, data, timeout=WITHIN) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise ApiError(f"{url}: {error.code} {error.read().decode(errors='replace').strip()}") from None


class PrometheusApi:
    """The API of the server at `address`, which is "HOST:PORT"."""

    def __init__(self, address):
        self.url = f"http://{address}"

    def _get(self, path, **parameters):
        return self._data(fetch(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"))

    def _post(self, path, **parameters):
        """As `_get`, for what may be too long for an address."""
        return self._data(fetch(f"{self.url}/api/v1/{path}", urllib.parse.urlencode(parameters, doseq=True).encode()))

    @staticmethod
    def _data(body):
        answer = json.loads(body)
        if answer["status"] != "success":
            raise ApiError(answer.get("error", body))
        return answer["data"]

    def query(self, expression, at=None):
        """[(labels, value)] of an expression; a scalar has no labels."""
        data = self._post("query", query=expression, **({"time": at} if at is not None else {}))
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]

    def value(self, expression):
        """The sum over an expression's series; None without any."""
        found = self.query(expression)
        return sum(value for _, value in found) if found else None

    def query_range(self, expression, start, end, step):
        """[(labels, [(time, value)])] of an expression."""
        data = self._post("query_range", query=expression, start=start, end=end, step=step)
        return [
            (series["metric"], [(float(time), float(value)) for time, value in series["values"]])
            for series in data["result"]
        ]

    def label_values(self, label, selector=None, start=None, end=None):
        parameters = {"match[]": selector, "start": start, "end": end}
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._get(f"label/{label}/values", **given)

    def rules(self):
        """All rules of all groups, each with `health`, `lastError`, `type` and `name`."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def alerts(self):
        """Alerts that are pending or firing, with `labels`, `state` and `activeAt`."""
        return self._get("alerts")["alerts"]

    def targets(self):
        """The active targets, each with `labels`, `health` and `lastError`."""
        return self._get("targets", state="active")["activeTargets"]
