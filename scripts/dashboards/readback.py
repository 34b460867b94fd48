# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Whether Grafana's foundation SDK reads a dashboard, and gives back what stands in it."""

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()

# What the SDK's model of annotations leaves out, though Grafana's Prometheus data source reads it.
NOT_IN_MODEL = {"step", "titleFormat", "textFormat", "tagKeys"}


def faults(board, _):
    """What the SDK does not give back, by its place."""
    try:
        returned = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        yield f"the foundation SDK does not read it: {error!r}"
        return
    yield from _missing(board, returned, "")


def _missing(ours, returned, path):
    """Where `returned` does not have what `ours` has. It may have more: defaults of the model."""
    if isinstance(ours, dict) and isinstance(returned, dict):
        for key, value in ours.items():
            if key in returned:
                yield from _missing(value, returned[key], f"{path}.{key}")
            elif not (key in NOT_IN_MODEL and path.startswith(".annotations")):
                yield f"{path}.{key} is lost in the foundation SDK"
    elif isinstance(ours, list) and isinstance(returned, list) and len(ours) == len(returned):
        for index, (a, b) in enumerate(zip(ours, returned)):
            yield from _missing(a, b, f"{path}[{index}]")
    elif ours != returned:
        yield f"{path} is {ours!r}, and {returned!r} after the foundation SDK has read it"
