# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the program tells of itself: `gohub help --json`."""

import json
import os
import subprocess


def ask(binary):
    """All of the help, and the table of keys, as Command.json writes them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GOHUB_")}
    answer = subprocess.run([binary, "help", "--json"], env=environment, capture_output=True, check=True, timeout=30)
    return json.loads(answer.stdout)


def key_flags(told):
    """The names of the flags that set keys of the configuration."""
    return {key["flag"] for section in told["sections"] for key in section["keys"]}
