# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Which alert holds back which, asked of an Alertmanager with the example's configuration."""

import datetime
import http.client
import json
import re

import pytest

from alerts.rules import ROOT, RuleFile
from process import eventually
from stack.prometheus import Alertmanager

A, B = {"instance": "a:9090"}, {"instance": "b:9090"}
REDIS = {"bus": "redis"}
EARLY = {"long_window": "1h", "severity": "critical"}
LATE = {"long_window": "3d", "severity": "warning"}

# (alerts that fire together, those of them that are sent)
TOGETHER = [
    ("one", [("GohubLoopStuck", A)], [0]),
    (
        "a node that is down",
        [("GohubDown", A), ("GohubBusDown", A | REDIS), ("GohubFdsHigh", A), ("GohubFdsHigh", B)],
        [0, 3],
    ),
    ("a node that is down, and its clients", [("GohubDown", A), ("GohubReconnectStorm", {})], [0]),
    ("two nodes that are down", [("GohubDown", A), ("GohubDown", B)], [0, 1]),
    (
        "a loop that stands still",
        [
            ("GohubNotLive", A),
            ("GohubNotReady", A),
            ("GohubLoopStuck", A),
            ("GohubCanaryFailing", A | {"path": "local"}),
        ],
        [0],
    ),
    (
        "a bus that is down",
        [
            ("GohubBusDown", A | REDIS),
            ("GohubNotReady", A),
            ("GohubBusMessageLoss", A | REDIS),
            ("GohubBusFlapping", A | REDIS),
            ("GohubBusSubscriptionsIncomplete", A | REDIS),
            ("GohubBusLatencyHigh", A | REDIS),
            ("GohubBusSilent", A | REDIS),
            ("GohubCanaryFailing", A | {"path": "bus"}),
            ("GohubNodesMissing", B),
            ("GohubBusPublishErrorBudgetBurn", EARLY),
        ],
        [0],
    ),
    (
        "a bus that is down, and other faults",
        [
            ("GohubBusDown", A | REDIS),
            ("GohubNotReady", B),
            ("GohubBusFlapping", B | REDIS),
            ("GohubCanaryFailing", A | {"path": "local"}),
        ],
        [0, 1, 2, 3],
    ),
    (
        "a bus that is silent",
        [("GohubBusSilent", A | REDIS), ("GohubBusFlapping", A | REDIS), ("GohubCanaryFailing", A | {"path": "bus"})],
        [0],
    ),
    (
        "a node to which JetStream delivers nothing",
        [
            ("GohubNatsAckPendingHigh", A),
            ("GohubNatsMessagesGivenUp", A),
            ("GohubCanaryFailing", A | {"path": "bus"}),
            ("GohubBusLatencyHigh", A | {"bus": "nats"}),
            ("GohubBusSilent", A | {"bus": "nats"}),
            ("GohubBusFlapping", A | {"bus": "nats"}),
            ("GohubNatsMessagesGivenUp", B),
            ("GohubCanaryFailing", A | {"path": "local"}),
        ],
        [0, 6, 7],
    ),
    (
        "a node that drops messages of NATS",
        [("GohubNatsSlowConsumer", A), ("GohubBusMessageLoss", A | {"bus": "nats"}), ("GohubBusMessageLoss", B)],
        [0, 2],
    ),
    ("a full node", [("GohubRejecting", A | {"reason": "node_limit"}), ("GohubNearConnectionLimit", A)], [0]),
    ("a full address", [("GohubRejecting", A | {"reason": "ip_limit"}), ("GohubNearConnectionLimit", A)], [0, 1]),
    ("no descriptors", [("GohubAcceptPauses", A), ("GohubFdsHigh", A)], [0]),
    (
        "slow clients that are disconnected",
        [("GohubSlowDisconnects", A), ("GohubDropsHigh", A), ("GohubSlowClients", A)],
        [0],
    ),
    ("slow clients whose messages are dropped", [("GohubDropsHigh", A), ("GohubSlowClients", A)], [0]),
    (
        "one budget, early and late",
        [("GohubDeliveryLatencyBudgetBurn", EARLY), ("GohubDeliveryLatencyBudgetBurn", LATE)],
        [0],
    ),
    ("two budgets", [("GohubDeliveryLatencyBudgetBurn", EARLY), ("GohubBusPublishErrorBudgetBurn", LATE)], [0, 1]),
]


def request(server, method, path, body=None):
    """(status, body) of Alertmanager's answer."""
    connection = http.client.HTTPConnection(server.address, timeout=20)
    try:
        connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def sent_alerts(server, job):
    """The labels of the alerts of a job that are held back by none, or None while some are not looked at yet."""
    _, body = request(server, "GET", f'/api/v2/alerts?filter=job="{job}"')
    alerts = json.loads(body)
    if any(alert["status"]["state"] == "unprocessed" for alert in alerts):
        return None
    return [alert["labels"] for alert in alerts if not alert["status"]["inhibitedBy"]]


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory):
    server = Alertmanager(tmp_path_factory.mktemp("alertmanager") / "server")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def severities():
    return {rule.name: rule.labels["severity"] for rule in RuleFile().alerts.values()}


@pytest.mark.parametrize(("what", "together", "sent"), TOGETHER, ids=[case[0] for case in TOGETHER])
def test_what_holds_back_what(alertmanager, severities, what, together, sent):
    job = what.replace(" ", "-").replace(",", "")  # alerts of other cases are of another job
    alerts = [_labels(name, labels, severities, job) for name, labels in together]
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    posted = [{"labels": labels, "startsAt": now} for labels in alerts]
    status, body = request(alertmanager, "POST", "/api/v2/alerts", posted)
    assert status == 200, body

    def found():
        labels = sent_alerts(alertmanager, job)
        return labels is not None and _sorted(labels) == _sorted([alerts[index] for index in sent])

    eventually(found, 20, f"only {', '.join(together[index][0] for index in sent)} being sent")


def _labels(name, labels, severities, job):
    slo = {
        "GohubDeliveryLatencyBudgetBurn": "gohub_delivery_slow",
        "GohubBusPublishErrorBudgetBurn": "gohub_bus_publish_failures",
    }
    result = {"alertname": name, "severity": severities[name], "job": job} | labels
    return result | ({"slo": slo[name]} if name in slo else {})


def _sorted(alerts):
    return sorted(sorted(labels.items()) for labels in alerts)


def test_every_alert_that_is_named_there_exists(severities):
    named = set(re.findall(r"Gohub\w+", (ROOT / "alerts" / "alertmanager.yml").read_text(encoding="utf-8")))
    assert named and named <= set(severities)
