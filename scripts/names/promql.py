# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The selectors and the labels of a PromQL query.

Not a full parser, promtool is one: it finds each selector with its matchers, its range and the calls around it, and the
labels of by, without, on, ignoring and group_left.
"""

import dataclasses
import re

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<number>\d[\w.]*(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<word>[A-Za-z_:][\w:]*)
    |(?P<variable>\$\{?\w+\}?)
    |(?P<operator>=~|!~|==|!=|<=|>=|[-+*/%^<>=@(){}\[\],:])""",
    re.VERBOSE,
)
AGGREGATIONS = frozenset(
    "sum min max avg group stddev stdvar count count_values bottomk topk quantile limitk limit_ratio".split()
)
LABEL_LISTS = frozenset("by without on ignoring group_left group_right".split())
KEYWORDS = frozenset("and or unless atan2 bool offset inf nan start end".split())


class PromQLError(ValueError):
    """A query that these few rules cannot read."""


@dataclasses.dataclass(frozen=True)
class Selector:
    """One selector: `calls` are the functions around it from the outside in, `position` is where it begins."""

    name: str
    matchers: tuple
    range: str
    calls: tuple
    position: int


@dataclasses.dataclass(frozen=True)
class Query:
    """`labels` are (name, position) of every label in a list of labels."""

    selectors: tuple
    labels: tuple


class _Reader:
    def __init__(self, text):
        self.tokens = []
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            if not match:
                raise PromQLError(f"{text[position:position + 20]!r} is no PromQL")
            if match.lastgroup != "space":
                self.tokens.append((match.lastgroup, match.group(), position))
            position = match.end()
        self.index = 0

    def peek(self):
        return self.tokens[self.index][1] if self.index < len(self.tokens) else ""

    def next(self):
        if self.index == len(self.tokens):
            raise PromQLError("the query ends too early")
        self.index += 1
        return self.tokens[self.index - 1]

    def expect(self, text):
        if self.next()[1] != text:
            raise PromQLError(f"no {text!r} where one is needed")


def parse(text):
    """The selectors and labels of a query; raises PromQLError."""
    reader = _Reader(text)
    selectors, labels, calls, pending = [], [], [], ""
    while reader.index < len(reader.tokens):
        kind, word, position = reader.next()
        if word == "(":
            calls.append(pending)
            pending = ""
        elif word == ")":
            if not calls:
                raise PromQLError("a ) without its (")
            calls.pop()
        elif word == "[":
            _until(reader, "]")  # a subquery
        elif word == "{":
            selectors.append(_selector(reader, "", position, calls))
        elif kind == "word" and word in LABEL_LISTS:
            labels += _labels(reader)
        elif kind == "word" and (word in AGGREGATIONS or reader.peek() == "("):
            pending = word
        elif kind == "word" and word.lower() not in KEYWORDS:
            selectors.append(_selector(reader, word, position, calls))
    if calls:
        raise PromQLError("a ( without its )")
    return Query(tuple(selectors), tuple(labels))


def _until(reader, end):
    words = []
    while (word := reader.next()[1]) != end:
        words.append(word)
    return "".join(words)


def _labels(reader):
    if reader.peek() != "(":
        return []  # group_left without labels
    reader.next()
    found = []
    while reader.peek() != ")":
        _, word, position = reader.next()
        if word != ",":
            found.append((word, position))
    reader.next()
    return found


def _selector(reader, name, position, calls):
    matchers = ()
    if not name or reader.peek() == "{":
        if name:
            reader.next()
        matchers = _matchers(reader)
    name = name or next((value for label, operator, value in matchers if (label, operator) == ("__name__", "=")), "")
    window = ""
    if reader.peek() == "[":
        reader.next()
        window = _until(reader, "]")
    return Selector(name, matchers, window, tuple(calls), position)


def _matchers(reader):
    """Up to the closing brace; the opening one is read already."""
    found = []
    while reader.peek() != "}":
        label = reader.next()[1]
        operator = reader.next()[1]
        kind, value, _ = reader.next()
        if operator not in ("=", "!=", "=~", "!~") or kind != "string":
            raise PromQLError(f"{label} {operator} {value} is no matcher")
        found.append((label, operator, re.sub(r"\\(.)", r"\1", value[1:-1])))
        if reader.peek() != "}":
            reader.expect(",")
    reader.next()
    return tuple(found)
