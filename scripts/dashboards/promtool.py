# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Whether Prometheus's own parser takes every query, with the variables replaced as Grafana does."""

import json
import re
import subprocess
import tempfile

from dashboards.reading import annotations, targets

VALUES = {"__rate_interval": "1m", "job": ".+", "instance": ".+", "bus": ".+"}


def substitute(expression):
    """A query with values in place of the variables; one that is not known stays, and does not parse."""
    return re.sub(r"\$(\w+)", lambda match: VALUES.get(match[1], match[0]), expression)


def faults(boards, _):
    """What promtool says of the queries of all boards, one rule each."""
    queries = [
        (f"{name}: {title}: {query.get('refId', 'annotation')}", substitute(query["expr"]))
        for name, board in boards.items()
        for title, query in [*targets(board), *annotations(board)]
    ]
    rules = [{"record": f"query{index}", "expr": expr} for index, (_, expr) in enumerate(queries)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        json.dump({"groups": [{"name": "queries", "rules": rules}]}, file)
        file.flush()
        judgement = subprocess.run(
            ["promtool", "check", "rules", file.name], capture_output=True, text=True, timeout=60
        )
    said = judgement.stdout + judgement.stderr
    if judgement.returncode == 0 and f"SUCCESS: {len(rules)} rules found" in said:
        return
    numbered = re.findall(r"rule (\d+), \"query\d+\": (.*)", said)
    yield from (f"{queries[int(number) - 1][0]}: {sentence}" for number, sentence in numbered)
    if not numbered:
        yield f"promtool says: {said.strip()}"
