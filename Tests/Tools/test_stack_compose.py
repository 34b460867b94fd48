# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the gate says of a docker-compose.yaml whose parts do not fit."""

import pathlib
import shutil

import pytest

from stack.compose import faults, here, mounts

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def services(tmp_path):
    """What Compose makes of a stack that is well, in a folder of its own."""
    for name in ("configs/prometheus.yml", "alerts/gohub.rules.yml", "alerts/alertmanager.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "dashboards", tmp_path / "dashboards")
    return {
        "redis": {"image": "redis:7"},
        "node1": {},
        "node2": {},
        "prometheus": {
            "volumes": [
                f"{tmp_path}/configs/prometheus.yml:/etc/prometheus/prometheus.yml:ro",
                f"{tmp_path}/alerts/gohub.rules.yml:/etc/prometheus/gohub.rules.yml:ro",
                "prometheus:/prometheus:rw",
            ],
            "ports": ["127.0.0.1:9090:9090/tcp"],
        },
        "alertmanager": {
            "volumes": [
                {
                    "type": "bind",
                    "source": f"{tmp_path}/alerts/alertmanager.yml",
                    "target": "/etc/alertmanager/alertmanager.yml",
                }
            ],
            "ports": [{"host_ip": "127.0.0.1", "target": 9093, "published": "9093"}],
        },
        "grafana": {
            "volumes": [
                f"{tmp_path}/dashboards/provisioning:/etc/grafana/provisioning:ro",
                f"{tmp_path}/dashboards:/var/lib/grafana/dashboards:ro",
            ],
            "environment": {
                "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": "/var/lib/grafana/dashboards/gohub-overview.json"
            },
        },
    }


def test_what_fits_is_taken(services):
    assert faults(services) == []


def test_paths_of_a_container_are_found_by_the_mount_that_provides_them(services):
    mounted = mounts(services["grafana"])
    assert here("/var/lib/grafana/dashboards/x.json", mounted).name == "x.json"
    assert here("/var/lib/grafana", mounted) is None


def change_rules(services):
    pathlib.Path(services["prometheus"]["volumes"][1].split(":")[0]).unlink()


def change_mount_of_rules(services):
    volumes = services["prometheus"]["volumes"]
    volumes[1] = volumes[1].replace("gohub.rules.yml:ro", "rules.yml:ro")


def change_node(services):
    del services["node2"]


def change_prometheus(services):
    file = pathlib.Path(services["grafana"]["volumes"][0].split(":")[0]) / "datasources" / "prometheus.yml"
    text = file.read_text(encoding="utf-8").replace("http://prometheus:", "http://prometheu:")
    file.write_text(text, encoding="utf-8")


def change_folder(services):
    volumes = services["grafana"]["volumes"]
    volumes[1] = volumes[1].replace(":/var/lib/grafana/dashboards", ":/dashboards")


def change_home(services):
    environment = services["grafana"]["environment"]
    environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] = "/var/lib/grafana/dashboards/home.json"


def change_boards(services):
    folder = pathlib.Path(services["grafana"]["volumes"][1].split(":")[0])
    for file in folder.glob("*.json"):
        file.unlink()


def change_port(services):
    services["prometheus"]["ports"] = ["9090:9090/tcp"]


def change_other_port(services):
    services["alertmanager"]["ports"] = [{"target": 9093, "published": "9093"}]


def change_redis(services):
    services["redis"]["ports"] = ["127.0.0.1:6379:6379/tcp"]


def change_nats(services):
    services["nats1"] = {"image": "nats:2.9-alpine", "ports": ["127.0.0.1:4222:4222/tcp"]}


def change_alertmanager(services):
    file = pathlib.Path(services["alertmanager"]["volumes"][0]["source"])
    file.write_text("route: {receiver: nobody}\n", encoding="utf-8")


@pytest.mark.parametrize(
    "change, words",
    [
        (change_rules, "nothing is at"),
        (change_mount_of_rules, "gohub.rules.yml"),
        (change_node, "node2:9090 is no service"),
        (change_prometheus, "http://prometheu:9090 is no service"),
        (change_folder, "no mount provides /var/lib/grafana/dashboards"),
        (change_home, "there is no dashboard /var/lib/grafana/dashboards/home.json"),
        (change_boards, "there is no dashboard at"),
        (change_port, "is not of 127.0.0.1 alone"),
        (change_other_port, "is not of 127.0.0.1 alone"),
        (change_redis, "it has a port outside"),
        (change_nats, "nats1: it has a port outside"),
        (change_alertmanager, "amtool check-config"),
    ],
)
def test_what_does_not_fit_is_told(services, change, words):
    change(services)
    found = faults(services)
    assert any(words in line for line in found), found
