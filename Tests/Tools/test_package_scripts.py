# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the scripts of the package do where something is not as it is on a new machine."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# `rm` and `deluser` only say what they were asked for; the user is there.
STUB = """#!/bin/sh
echo "{name} $*"
exit {code}
"""


@pytest.mark.parametrize("code", [0, 1])
def test_a_purge_ends_well_whether_or_not_the_user_is_one_of_the_system(tmp_path, code):
    for name, ends in (("rm", 0), ("getent", 0), ("deluser", code)):
        stub = tmp_path / name
        stub.write_text(STUB.format(name=name, code=ends), encoding="utf-8")
        stub.chmod(0o755)
    script = ROOT / "packaging" / "debian" / "postrm"
    ended = subprocess.run(
        ["/bin/sh", script, "purge"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == ["rm -rf /etc/gohub", "deluser --quiet --system gohub"]
    assert ("stays" in ended.stderr) == (code != 0)
