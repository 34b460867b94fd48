# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The last stage of a Dockerfile, as far as this project's uses the language."""

import json
import re


def last_stage(text):
    """(instruction, arguments) of each line behind the last FROM; continued lines are joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    instructions = [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    starts = [index for index, (name, _) in enumerate(instructions) if name == "FROM"]
    return instructions[starts[-1] + 1:]


def variables(arguments):
    """The variables of an ENV."""
    return dict(re.findall(r'(\w+)="([^"]*)"', arguments))


def command(arguments):
    """The words of an ENTRYPOINT, a CMD or a HEALTHCHECK."""
    return json.loads(arguments[arguments.index("["):])
