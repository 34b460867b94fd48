# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The completion that packages install, in a bash that somebody types into."""

import json
import os
import pathlib
import pty
import subprocess
import sys

import pytest

from process import die_with_parent, environment, eventually

WRITER = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "packages" / "completion.py"


@pytest.fixture(scope="module")
def completions(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("completions")
    subprocess.run([sys.executable, WRITER, binary, folder], check=True, timeout=30)
    return folder


class Shell:
    """A bash at a terminal in which `gohub` prints its arguments."""

    def __init__(self, completion, directory):
        self._master, slave = pty.openpty()
        self._text = b""
        variables = environment() | {"PS1": "ready> ", "TERM": "dumb", "INPUTRC": os.devnull}
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"], cwd=directory, env=variables,
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=die_with_parent,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self.run("bind 'set bell-style none'")
        self.run(f"source {completion}")
        self.run("gohub() { printf '<%s>' \"$@\"; echo; }")

    def run(self, keys):
        """What comes after the line was entered."""
        eventually(lambda: self._read().endswith(b"ready> "), what="bash's prompt")
        self._text = b""
        os.write(self._master, keys.encode() + b"\n")
        eventually(lambda: self._read().endswith(b"\r\nready> "), what=f"the end of {keys!r}")
        return self._text.decode()

    def _read(self):
        try:
            self._text += os.read(self._master, 65536)
        except BlockingIOError:  # nothing more yet
            pass
        return self._text

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.fixture(scope="module")
def shell(completions, tmp_path_factory):
    directory = tmp_path_factory.mktemp("files")
    (directory / "my hub.yaml").touch()
    shell = Shell(completions / "gohub", directory)
    yield shell
    shell.close()


@pytest.mark.parametrize(
    "keys, arguments",
    [
        ("che\t", ["check"]),
        ("he\tmet\t", ["help", "metrics"]),
        ("serve --server-adm\t:9", ["serve", "--server-admin-addr", ":9"]),
        ("--log-f\tte\t", ["--log-format", "text"]),
        ("serve --log-level=tr\t", ["serve", "--log-level=trace"]),
        ("serve --hub-slow-client-policy drop_o\t", ["serve", "--hub-slow-client-policy", "drop_oldest"]),
        ("check --bus-accept-bare f\t", ["check", "--bus-accept-bare", "false"]),
        ("check m\t", ["check", "my hub.yaml"]),
        ("serve --config m\t", ["serve", "--config", "my hub.yaml"]),
        ("check --bus-redis-tls-ca-file m\t", ["check", "--bus-redis-tls-ca-file", "my hub.yaml"]),
        ("bench un\t--dial\tcen\t", ["bench", "unicast", "--dialect", "centrifuge"]),
        ("sub --pay\tnews", ["sub", "--payload-only", "news"]),
        ("pub m\t", ["pub", "m"]),
        ("metrics --j\t", ["metrics", "--json"]),
    ],
)
def test_bash_completes(shell, keys, arguments):
    answer = shell.run("gohub " + keys)
    assert answer.splitlines()[-2] == "".join(f"<{argument}>" for argument in arguments), answer


@pytest.mark.parametrize("name, dashes", [("gohub", "--"), ("_gohub", "--"), ("gohub.fish", "-l ")])
def test_the_completion_of_each_shell_has_every_command_and_flag(binary, completions, name, dashes):
    text = (completions / name).read_text(encoding="utf-8")
    told = json.loads(subprocess.check_output([binary, "help", "--json"], env=environment(), timeout=30))
    for command in told["commands"]:
        assert command["name"] in text
        assert [flag["name"] for flag in command["flags"] if f"{dashes}{flag['name']}" not in text] == []
