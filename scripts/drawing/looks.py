# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What a value is called and which colour it has, by a panel's mappings and thresholds."""

from drawing.units import text


def look(value, defaults, now):
    """(text, name of the colour) of a value."""
    for mapping in defaults["mappings"]:
        found = mapping["options"].get(f"{value:g}") if mapping["type"] == "value" else None
        if found:
            return found["text"], found["color"]
    steps = defaults["thresholds"]["steps"]
    colour = [step["color"] for step in steps if value >= step.get("value", float("-inf"))][-1]
    return text(value, defaults["unit"], defaults.get("decimals"), now), colour
