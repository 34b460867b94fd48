# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Expressions of Prometheus as tokens, to find where they can be changed; names/promql.py tells what they read."""

import dataclasses
import re

TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"[^"]*")
    |(?P<duration>\d+[smhdw])
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[a-zA-Z_][a-zA-Z0-9_:]*)
    |(?P<operator>==|!=|<=|>=|=~|!~|[-+*/<>=(){}\[\],:])""",
    re.VERBOSE,
)
SET_OPERATORS = {"and", "or", "unless"}
# Words in front of a list of labels.
LABEL_LISTS = {"by", "on", "group_left"}


@dataclasses.dataclass(frozen=True)
class Token:
    """A word of an expression, and where it stands."""

    kind: str
    text: str
    start: int
    end: int
    # How many brackets are open around it; a bracket counts to what is outside.
    depth: int


def tokens(expression):
    """The tokens of an expression, without the space between them."""
    found, position, depth = [], 0, 0
    while position < len(expression):
        match = TOKEN.match(expression, position)
        if not match:
            raise ValueError(f"no token at {expression[position:position + 20]!r}")
        position = match.end()
        text = match.group()
        depth -= text in ")}]"
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, text, match.start(), match.end(), depth))
        depth += text in "({["
    return found


def matchers(words):
    """(first token, last token) of each matcher, a comma behind it included."""
    inside = False
    for index, word in enumerate(words):
        inside = word.text == "{" or (inside and word.text != "}")
        if inside and word.kind == "word":
            last = index + 2
            yield index, last + (words[last + 1].text == ",")


def label_lists(words):
    """(index of the opening bracket, index of the closing one) of each list of labels."""
    for index, word in enumerate(words):
        if word.text in LABEL_LISTS:
            close = index + 1
            while words[close].text != ")":
                close += 1
            yield index + 1, close
