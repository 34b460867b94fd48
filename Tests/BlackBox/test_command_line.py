# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The program as a person or a script calls it."""

import subprocess


def test_version_names_the_program(binary):
    answer = subprocess.run([binary, "version"], capture_output=True, text=True, timeout=30)
    assert answer.returncode == 0
    assert answer.stdout.startswith("gohub")
