# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The program as a person or a script calls it."""

import subprocess

from process import environment

FAULTY = """\
server:
  addr: 127.0.0.1
  drain_timeuot: 5s
  write_timeout: soon
hub:
  message_buffer_cap: -1
  message_buffer_cap: 256
"""
FAULTS = {2: "server.addr", 3: "drain_timeuot", 4: "server.write_timeout", 6: "hub.message_buffer_cap", 7: "message_buffer_cap"}


def run(binary, *arguments):
    return subprocess.run(
        [binary, *map(str, arguments)], env=environment(), capture_output=True, text=True, timeout=30
    )


def test_version_names_the_program(binary):
    answer = run(binary, "version")
    assert answer.returncode == 0
    assert answer.stdout.startswith("gohub")


def test_check_reports_every_fault_with_its_line(binary, tmp_path):
    file = tmp_path / "faulty.yaml"
    file.write_text(FAULTY, encoding="utf-8")
    answer = run(binary, "check", "--config", file)
    assert answer.returncode == 78
    assert answer.stdout == ""
    for line, word in FAULTS.items():
        reports = [report for report in answer.stderr.splitlines() if f"{file}:{line}" in report]
        assert len(reports) == 1, f"line {line}:\n{answer.stderr}"
        assert word in reports[0]
    assert "drain_timeout" in answer.stderr, "no hint for the misspelt key"


def test_check_is_content_with_a_sound_file(binary, tmp_path):
    file = tmp_path / "sound.yaml"
    file.write_text("server:\n  addr: 127.0.0.1:0\n", encoding="utf-8")
    assert run(binary, "check", "--config", file).returncode == 0
