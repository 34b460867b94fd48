# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Whether what docker-compose.yaml mounts is there, and fits together; reads what Compose makes of it."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

import yaml

# Who looks at hubs is for this machine alone; Redis and NATS have no port at all.
PRIVATE = ("prometheus", "alertmanager", "grafana")
BUSES = ("redis:", "nats:")
PROVISIONING = "/etc/grafana/provisioning"
# What each image reads, and what judges it.
CHECKS = {
    "prometheus": ("/etc/prometheus/prometheus.yml", ["promtool", "check", "config"]),
    "alertmanager": ("/etc/alertmanager/alertmanager.yml", ["amtool", "check-config"]),
}


def mounts(service):
    """{path in the container: path here} of a service; volumes with a name are none of ours."""
    found = {}
    for volume in service.get("volumes", []):
        if isinstance(volume, str):
            source, target = volume.split(":")[:2]
        else:
            source, target = volume.get("source", ""), volume["target"]
        if source.startswith("/"):
            found[target] = pathlib.Path(source)
    return found


def here(path, mounted):
    """Where a path of a container is here; None when no mount provides it."""
    for target, source in mounted.items():
        if path == target:
            return source
        if path.startswith(f"{target}/"):
            return source / path[len(target) + 1 :]
    return None


def missing(services):
    """Mounts of what is not here; an engine would make empty folders of them."""
    for name, service in services.items():
        for target, source in mounts(service).items():
            if not source.exists():
                yield f"{name}: nothing is at {source}, which is to be {target}"


def published(services):
    """Ports that others can reach and are not to."""
    for name in PRIVATE:
        for port in services[name].get("ports", []):
            address = port.rpartition(":")[0] if isinstance(port, str) else f"{port.get('host_ip', '')}:"
            if not address.startswith("127.0.0.1:"):
                yield f"{name}: the port {port} is not of 127.0.0.1 alone"
    for name, service in services.items():
        if service.get("image", "").startswith(BUSES) and service.get("ports"):
            yield f"{name}: it has a port outside"


def assemble(mounted, root):
    """Puts what is mounted under `root`, as it would stand in the container."""
    for target, source in mounted.items():
        place = root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True)
        elif source.exists():
            shutil.copyfile(source, place)


def configurations(services):
    """What the programs' own tools say of their configurations, laid out as in the container."""
    for name, (path, command) in CHECKS.items():
        mounted = mounts(services[name])
        if here(path, mounted) is None:
            yield f"{name}: nothing is mounted at {path}"
            continue
        with tempfile.TemporaryDirectory(prefix="gohub-compose-") as directory:
            root = pathlib.Path(directory)
            assemble(mounted, root)
            answer = subprocess.run([*command, root / path.lstrip("/")], capture_output=True, text=True, timeout=60)
            if answer.returncode:
                yield f"{name}: {' '.join(command)} {path}: {answer.stdout}{answer.stderr}"


def stranger(address, services):
    """Whether an address "HOST:PORT" names no service."""
    return address.rpartition(":")[0] not in services


def names(services):
    """Services that Prometheus's configuration names and Compose does not start."""
    file = here(CHECKS["prometheus"][0], mounts(services["prometheus"]))
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    groups = [*settings["scrape_configs"], *settings["alerting"]["alertmanagers"]]
    for group in groups:
        for targets in group["static_configs"]:
            for address in targets["targets"]:
                if stranger(address, services):
                    yield f"prometheus: {address} is no service"


def grafana(services):
    """What the files of provisioning, and the home dashboard, name and is not there."""
    mounted = mounts(services["grafana"])
    folder = here(PROVISIONING, mounted)
    if folder is None:
        yield f"grafana: nothing is mounted at {PROVISIONING}"
        return
    settings = {
        kind: [
            entry
            for file in sorted((folder / kind).glob("*.y*ml"))
            for entry in yaml.safe_load(file.read_text(encoding="utf-8"))[key]
        ]
        for kind, key in (("dashboards", "providers"), ("datasources", "datasources"))
    }
    for kind, entries in settings.items():
        if not entries:
            yield f"grafana: {PROVISIONING}/{kind} provisions nothing"
    for provider in settings["dashboards"]:
        path = provider["options"]["path"]
        source = here(path, mounted)
        if source is None:
            yield f"grafana: no mount provides {path}, where dashboards are to be"
        elif not list(source.glob("*.json")):
            yield f"grafana: there is no dashboard at {path}, which is {source}"
    for source in settings["datasources"]:
        if stranger(urllib.parse.urlsplit(source["url"]).netloc, services):
            yield f"grafana: {source['url']} is no service"
    environment = services["grafana"].get("environment", {})
    home = environment.get("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH")
    if home and not (here(home, mounted) or pathlib.Path("/nowhere")).is_file():
        yield f"grafana: there is no dashboard {home}"


def faults(services):
    """All that is wrong."""
    found = [*missing(services), *published(services)]
    # What is not there cannot be judged further.
    return found or [*configurations(services), *names(services), *grafana(services)]


def main(file):
    found = faults(yaml.safe_load(pathlib.Path(file).read_text(encoding="utf-8"))["services"])
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
