# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The package installed, and the program as its unit runs it."""

import json
import re
import stat

from machine import eventually

CONFIGURATION = "/etc/gohub/config.yaml"
EXAMPLES = "/usr/share/doc/gohub/examples"
METRICS = "http://127.0.0.1:9091/metrics"
OPEN_FILES = 1048576


def installs(trial):
    known = packages(trial)
    answer = trial.apt("install", trial.give(trial.package))
    assert not re.search(r"(?i)\b(warning|error)\b", answer.stdout + answer.stderr), answer.stdout + answer.stderr
    return "with " + ", ".join(sorted(packages(trial) - known - {"gohub"}))


def packages(trial):
    return set(trial.machine.output("dpkg-query", "--show", "--showformat=${Package}\\n").split())


def user(trial):
    name, _, number, group, _, home, shell = trial.machine.output("getent", "passwd", "gohub").split(":")
    assert 100 <= int(number) < 1000 and home == "/nonexistent" and shell == "/usr/sbin/nologin", (number, home, shell)
    assert trial.machine.output("id", "--name", "--groups", name) == "gohub", "it is in other groups"
    assert trial.machine.output("passwd", "--status", name).split()[1] == "L", "its password is not locked"
    return f"{number}:{group}, home {home}, shell {shell}, no password, no other group"


def files(trial):
    paths = [path for path in trial.machine.output("dpkg", "--listfiles", "gohub").splitlines() if path != "/."]
    for path in paths:
        state = (trial.machine.root / path[1:]).lstat()
        if stat.S_ISLNK(state.st_mode):  # /lib, which is Debian's
            continue
        wanted = 0o755 if stat.S_ISDIR(state.st_mode) or path.startswith("/usr/bin/") else 0o644
        assert (state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode)) == (0, 0, wanted), path
    conffiles = trial.machine.output("dpkg-query", "--show", "--showformat=${Conffiles}", "gohub").split()[::2]
    assert sorted(conffiles) == ["/etc/default/gohub", CONFIGURATION], conffiles
    return f"{len(paths)} of root, only the program executable; kept at an upgrade: {', '.join(sorted(conffiles))}"


def size(trial):
    binary = (trial.machine.root / "usr/bin/gohub").stat().st_size
    deb, tarball = trial.package.stat().st_size, trial.tarball.stat().st_size
    return f"program {binary / 1e6:.1f} MB, .deb {deb / 1e6:.1f} MB, tarball {tarball / 1e6:.1f} MB"


def unit(trial):
    answer = trial.machine.run("systemd-analyze", "verify", "gohub.service")
    assert not (answer.stdout + answer.stderr).strip(), answer.stdout + answer.stderr
    exposure = trial.machine.output("systemd-analyze", "security", "--no-pager", "gohub.service").splitlines()[-1]
    return f"`systemd-analyze verify` is silent, exposure {re.search(r': ([0-9.]+ [A-Z]+)', exposure).group(1)}"


def runs(trial):
    machine = trial.machine
    assert machine.output("systemctl", "is-enabled", "gohub") == "enabled"
    eventually(lambda: "listening" in journal(trial), what="the line that it listens")
    state = machine.unit("gohub", "ActiveState", "User", "ExecStart", "MainPID")
    assert state["ActiveState"] == "active" and state["User"] == "gohub", state
    pid = state["MainPID"]
    command = machine.process(pid, "cmdline").rstrip("\0").split("\0")
    assert command == ["/usr/bin/gohub", "serve", CONFIGURATION], command
    number = machine.output("id", "--user", "gohub")
    status = dict(line.split(":\t", 1) for line in machine.process(pid, "status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == [number] * 4, status["Uid"]
    limit = re.search(r"^Max open files +(\d+) +(\d+)", machine.process(pid, "limits"), re.MULTILINE)
    lent = int(re.search(r"^Max open files +\d+ +(\d+)", machine.process(1, "limits"), re.MULTILINE).group(1))
    wanted = min(OPEN_FILES, max(lent, int(limit.group(2))))
    assert int(limit.group(1)) == wanted, limit.group(0)
    trial.pid, trial.status = pid, status
    note = "" if wanted == OPEN_FILES else f" of {OPEN_FILES}, as this machine lends no more"
    return f"enabled, active, user {number}, {wanted} open files{note}"


def confined(trial):
    wanted = {"NoNewPrivs": "1", "Seccomp": "2", "Umask": "0077"}
    wanted |= {capabilities: "0" * 16 for capabilities in ("CapEff", "CapBnd", "CapAmb")}
    assert {key: trial.status[key] for key in wanted} == wanted, trial.status
    mounts = {}
    for line in trial.machine.process(trial.pid, "mountinfo").splitlines():
        fields = line.split()
        mounts[fields[4]] = (set(fields[5].split(",")), set(fields[-1].split(",")))
    assert all("ro" in mounts[place][0] for place in ("/", "/proc/sys", "/home")), mounts
    assert mounts["/proc"][1] & {"hidepid=invisible", "hidepid=2"}, mounts["/proc"]
    # Its file systems, as root and as its user.
    probe = ["nsenter", f"--target={trial.pid}", "--mount", "--"]
    for place in ("/etc/gohub", "/usr/bin", "/var/lib"):
        assert trial.machine.run(*probe, "touch", f"{place}/probe", check=False).returncode != 0, place
    assert trial.machine.output("ls", "-A", "/root") and not trial.machine.output(*probe, "ls", "-A", "/root")
    probe += ["setpriv", "--reuid=gohub", "--regid=gohub", "--clear-groups", "--"]
    trial.machine.run(*probe, "cat", CONFIGURATION)
    assert trial.machine.run(*probe, "ls", "/proc/1", check=False).returncode != 0
    filters = trial.status["Seccomp_filters"]
    return f"no capability, {filters} seccomp filters, nothing to write to, no other user's processes"


def journal(trial, since="-1h"):
    return trial.machine.output("journalctl", "--unit=gohub", f"--since={since}", "--output=cat", "--no-pager")


def logs(trial):
    records = [json.loads(line) for line in journal(trial).splitlines() if line.startswith("{")]
    assert records and all("message" in record and "level" in record for record in records), journal(trial)
    return f"JSON, a line a record; the last says “{records[-1]['message']}”"


def series(page):
    """The names of the samples on a page."""
    return {re.split(r"[{ ]", line, maxsplit=1)[0] for line in page.splitlines() if line and not line.startswith("#")}


def scraped(trial):
    page = trial.machine.get(METRICS)
    assert f'gohub_build_info{{version="{trial.version}"' in page, re.findall("gohub_build_info.*", page)
    assert json.loads(trial.machine.get("http://127.0.0.1:9091/readyz"))["status"]
    # The same program, with nothing closed to it.
    free = trial.machine.start(
        "/usr/bin/gohub", "serve", "--server-addr", "127.0.0.1:8180", "--server-admin-addr", "127.0.0.1:9190",
        "--server-drain-timeout", "0s",
    )
    try:
        eventually(lambda: "listening" in free.stderr.readline(), what="a hub outside of the unit")
        names = series(trial.machine.get("http://127.0.0.1:9190/metrics"))
    finally:
        trial.machine.end(free)
    seen = series(page)
    assert names - seen == set(), f"hidden by the unit: {sorted(names - seen)}"
    wanted = {"process_resident_memory_bytes", "process_open_fds", "gohub_host_pressure_seconds_total"}
    assert wanted <= seen, wanted - seen
    return f"version {trial.version}; the unit hides none of {len(names)} names of samples"


def configuration(trial):
    examples = ("config", "redis", "nats", "jetstream")
    for file in (CONFIGURATION, *(f"{EXAMPLES}/{name}.yaml" for name in examples)):
        trial.machine.run("gohub", "check", file)
    return f"`gohub check` takes it, and {len(examples)} examples"


def documents(trial):
    rules = (trial.machine.root / "usr/share/gohub/alerts/gohub.rules.yml").read_text(encoding="utf-8")
    alerts = set(re.findall(r"- alert: (\w+)", rules))
    runbooks = trial.machine.root / "usr/share/doc/gohub/docs/runbooks"
    pages = {page.stem for page in runbooks.glob("*.md")} - {"README"}
    assert alerts and pages == alerts, pages ^ alerts
    return f"a runbook for each of {len(alerts)} alerts"


def manual(trial):
    pages = {"gohub": ["--config", "EXIT STATUS"], "gohub-config": ["server.addr", "slow_client_policy"]}
    for page, words in pages.items():
        answer = trial.machine.run("man", "--warnings", page)
        assert not answer.stderr and all(word in answer.stdout for word in words), answer.stderr or answer.stdout
    return "gohub(1) and gohub-config(5), without a warning"


COMPLETE = """
. /usr/share/bash-completion/bash_completion
_completion_loader gohub
COMP_WORDS=(gohub bench --dialect ce) COMP_CWORD=3
_gohub
complete -p gohub
echo "${COMPREPLY[@]}"
"""


def completion(trial):
    answer = trial.machine.output("bash", "-c", COMPLETE).splitlines()
    assert answer == ["complete -F _gohub gohub", "centrifuge"], answer
    return "bash-completion finds it; `--dialect ce` becomes centrifuge"


def clients(trial):
    subscriber = trial.machine.start("gohub", "sub", "--count", "1", "news")
    try:
        eventually(lambda: "subscribed" in subscriber.stderr.readline(), what="the subscription")
        trial.machine.run("gohub", "pub", "news", "hello")
        output, _ = subscriber.communicate(timeout=20)
    finally:
        trial.machine.end(subscriber)
    assert output == 'news "hello"\n', output
    return "`gohub pub` to `gohub sub`"


STEPS = [
    ("apt installs it without a word of warning", installs),
    ("the user", user),
    ("the files", files),
    ("the sizes", size),
    ("the unit", unit),
    ("it runs as the unit says", runs),
    ("it is closed in", confined),
    ("the journal has its log", logs),
    ("Prometheus's page", scraped),
    ("a message through it", clients),
    ("the configuration", configuration),
    ("the documents", documents),
    ("the manual pages", manual),
    ("the completion", completion),
]
