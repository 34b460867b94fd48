# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Colours and the style sheet: dark and calm, near to what Grafana's colours are."""

NAMED = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2"}
# What lies behind white words.
DEEP = {"green": "#35703a", "orange": "#a8590f", "red": "#a82a3b", "blue": "#2c58a3"}
SERIES = (
    "#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37b6c8", "#d683ce",
    "#c0d8ff", "#a16a3a", "#96d98d", "#e0b400", "#8ab8ff", "#ffb357", "#ff7383", "#ca95e5",
)  # fmt: skip
PAGE = "#111418"
PANEL = "#1a1e24"
EDGE = "#2a3038"
GRID = "#2a3038"
TEXT = "#d6dae0"
FAINT = "#9aa2ad"
# Of a heat map, from few to many.
HEAT = ((0x2B, 0x20, 0x18), (0x7A, 0x36, 0x0A), (0xD9, 0x5F, 0x0E), (0xFD, 0xAE, 0x6B), (0xFE, 0xED, 0xDE))
SMALL = 11

STYLE = f"""
* {{ box-sizing: border-box; margin: 0 }}
body {{ background: {PAGE}; color: {TEXT}; position: relative;
  font: 12px "DejaVu Sans Condensed", "DejaVu Sans", sans-serif }}
header, footer, h2, section {{ position: absolute }}
header {{ left: 12px; right: 12px; top: 10px; display: flex; justify-content: space-between; align-items: baseline }}
h1 {{ font-size: 18px; font-weight: 600 }}
header p, footer {{ color: {FAINT} }}
footer {{ left: 12px; right: 12px; font-size: {SMALL}px }}
h2 {{ font-size: 15px; font-weight: 600; padding-top: 5px }}
section {{ background: {PANEL}; border: 1px solid {EDGE}; border-radius: 3px; overflow: hidden; padding: 0 8px }}
section > div.title {{ display: flex; justify-content: space-between; height: 26px; line-height: 26px;
  white-space: nowrap }}
h3 {{ font-size: 13px; font-weight: 600; overflow: hidden; text-overflow: ellipsis }}
.limits {{ font-size: {SMALL}px; padding-left: 8px }}
svg {{ display: block }}
svg text {{ fill: {FAINT}; font-size: {SMALL}px }}
.legend {{ display: flex; align-items: flex-start; gap: 16px; font-size: {SMALL}px; line-height: 15px; color: {TEXT} }}
.legend table {{ border-collapse: collapse; flex: 1; width: 0; table-layout: fixed }}
.legend td, .legend th {{ padding: 0; height: 15px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  text-align: right; font-weight: normal; width: 68px }}
.legend th {{ color: {FAINT} }}
.legend td:first-child, .legend th:first-child {{ text-align: left; width: auto }}
.legend i {{ display: inline-block; width: 12px; height: 3px; margin: 0 6px 3px 0 }}
.cells {{ width: 100%; border-collapse: collapse }}
.cells td, .cells th {{ text-align: left; height: 24px; padding: 0 6px; border-bottom: 1px solid {EDGE};
  font-weight: normal; white-space: nowrap }}
.cells th {{ color: {NAMED["blue"]} }}
.nothing {{ display: flex; align-items: center; justify-content: center; color: {FAINT}; font-size: 14px }}
.stats {{ display: flex; gap: 6px }}
.more {{ color: {FAINT} }}
"""


def heat(share):
    """The colour of a heat map's cell, for a share of the largest from 0 to 1."""
    position = share * (len(HEAT) - 1)
    index = min(int(position), len(HEAT) - 2)
    mixed = (a + (b - a) * (position - index) for a, b in zip(HEAT[index], HEAT[index + 1]))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)
