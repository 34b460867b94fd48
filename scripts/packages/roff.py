# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Manual pages in the macros of man(7)."""

import re
import textwrap

_BOLD = re.compile(r"\\\(ga(.+?)\\\(ga", re.DOTALL)
_TITLES = {1: "User commands", 5: "File formats"}


def escape(text):
    """Text that roff prints as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    for character, name in (("'", "aq"), ("`", "ga"), ("^", "ha"), ("~", "ti"), ('"', "dq")):
        text = text.replace(character, f"\\({name}")
    return text


class Page:
    """One page; each method appends to it."""

    def __init__(self, name, section, date, version, purpose):
        self._lines = [
            '.\\" Written from `gohub help --json`.',
            f'.TH {name.upper()} {section} {date} "gohub {version}" "{_TITLES[section]}"',
            ".nh",
            ".SH NAME",
            f"{escape(name)} \\- {escape(purpose)}",
        ]

    def text(self):
        return "\n".join(self._lines) + "\n"

    def section(self, title):
        self._lines.append(f".SH {escape(title.upper())}")

    def part(self, title):
        self._lines.append(f".SS {escape(title)}")

    def paragraph(self, text):
        # A heading begins a paragraph by itself.
        begin = [] if self._lines[-1].startswith((".SH", ".SS")) else [".PP"]
        self._lines += begin + self._words(text)

    def item(self, term, *texts):
        """A term, bold up to its first space, and what is said of it."""
        first, _, rest = term.partition(" ")
        self._lines += [".TP", f"\\fB{escape(first)}\\fR" + (f" \\fI{escape(rest)}\\fR" if rest else "")]
        for index, text in enumerate(texts):
            self._lines += [".IP"] * (index > 0) + self._words(text)

    def example(self, text):
        self._lines += [".RS 4", ".nf", *map(self._line, text.splitlines()), ".fi", ".RE"]

    def _words(self, text):
        """Text between back quotes is bold; short lines, so that a change of one page is a small one."""
        lines = textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)
        joined = "\n".join(self._line(line) for line in lines)
        return _BOLD.sub(lambda match: f"\\fB{match.group(1)}\\fR", joined).split("\n")

    @staticmethod
    def _line(line):
        line = escape(line)
        return f"\\&{line}" if line.startswith((".", "\\(aq")) else line

