# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Rules that are broken in one place each: what a test of the rules has to notice.

never, always      the expression
without …          without an operand of "and", "or", "unless"; without a matcher; without a label of a list
flipped …          the other comparison
number …, ranges … three times and a third of a number, or of all ranges of one length; 0 becomes 3 and -3
for …              no wait instead of one and three times the wait, or a wait instead of none
kept …             no time for which it fires on instead of one, and three times the time
"""

import dataclasses
import re

from alerts.tokens import LABEL_LISTS, SET_OPERATORS, label_lists, matchers, tokens

FLIPPED = {">": "<", "<": ">", "==": "!=", "!=": "=="}
# The step of a subquery says how finely it looks, not what it finds.
BEFORE_A_STEP = ":"


def mutants(rule):
    """(what was done, the broken rule) for each way to break it."""
    for what, expression in expressions(rule.expression):
        yield what, dataclasses.replace(rule, expression=expression)
    if rule.kind == "alert":
        amount, unit = re.fullmatch(r"(\d+)([mh])", rule.wait).groups()
        for wait in ("0m", f"{int(amount) * 3}{unit}") if int(amount) else ("2m",):
            yield f"for {wait}", dataclasses.replace(rule, wait=wait)
        if rule.keep:
            minutes = int(re.fullmatch(r"(\d+)m", rule.keep).group(1))
            for keep in ("", f"{minutes * 3}m"):
                yield f"kept {keep or '0m'}", dataclasses.replace(rule, keep=keep)


def expressions(expression):
    """(what was done, the broken expression) for each way to break one."""
    yield "never", "vector(0) == 1"
    yield "always", "vector(1)"
    words = tokens(expression)
    in_matcher = {place for first, last in matchers(words) for place in range(first, last + 1)}
    for first, last in matchers(words):
        what = "".join(word.text for word in words[first : last + 1]).rstrip(",")
        yield f"without {what}", _without(expression, words[first].start, words[last].end)
    for opened, closed in label_lists(words):
        yield from _shorter_lists(expression, words, opened, closed)
    for index, word in enumerate(words):
        if index not in in_matcher:
            yield from _changed_words(expression, word)
    yield from _changed_ranges(expression, words)
    yield from _fewer_operands(expression, words)


def _without(expression, start, end):
    return expression[:start] + expression[end:]


def _replaced(expression, word, text):
    return expression[: word.start] + text + expression[word.end :]


def _shorter_lists(expression, words, opened, closed):
    labels = [word for word in words[opened:closed] if word.kind == "word"]
    for label in labels:
        rest = ", ".join(other.text for other in labels if other is not label)
        shorter = expression[: words[opened].end] + rest + expression[words[closed].start :]
        yield f"without {label.text} in {words[opened - 1].text} at {words[opened].start}", shorter


def _changed_words(expression, word):
    if word.text in FLIPPED:
        yield f"flipped {word.text} at {word.start}", _replaced(expression, word, FLIPPED[word.text])
    if word.kind == "number":
        value = float(word.text)
        for changed in (value * 3, value / 3) if value else (3, -3):
            yield f"number {word.text} is {changed:.3g} at {word.start}", _replaced(expression, word, f"{changed:.10g}")


def _changed_ranges(expression, words):
    """All ranges of one length together: what is divided or compared has one length."""
    ranges = [
        word for word, before in zip(words[1:], words) if word.kind == "duration" and before.text != BEFORE_A_STEP
    ]
    for text in dict.fromkeys(word.text for word in ranges):
        seconds = int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]
        for changed in (seconds * 3, seconds // 3):
            result = expression
            for word in reversed(ranges):
                result = _replaced(result, word, f"{changed}s") if word.text == text else result
            yield f"ranges {text} are {changed}s", result


def _fewer_operands(expression, words):
    """Without each operand of the set operators, in all brackets."""
    for depth in sorted({word.depth for word in words if word.text in SET_OPERATORS}):
        for start, end in _spans(words, depth):
            operators = [
                place
                for place in range(start, end)
                if words[place].depth == depth and words[place].text in SET_OPERATORS
            ]
            for number in range(len(operators) + 1 if operators else 0):
                begin, stop = _operand(words, operators, number, start, end)
                what = expression[words[begin].start : words[stop].end]
                yield f"without {' '.join(what.split())}", _without(expression, words[begin].start, words[stop].end)


def _spans(words, depth):
    """(first, behind the last) of the words between two brackets that are at a depth, or of all words at depth 0."""
    start = 0
    for index, word in enumerate(words):
        if word.depth < depth:
            if index > start:
                yield start, index
            start = index + 1
    yield start, len(words)


def _operand(words, operators, number, start, end):
    """The words to leave out for one operand: itself and an operator, the one that binds it closer."""
    before = operators[number - 1] if number else None
    after = operators[number] if number < len(operators) else None
    first = before + 1 if number else start
    # Labels to join on belong to the operator.
    while number and words[first].text in LABEL_LISTS:
        first = next(close for opened, close in label_lists(words) if opened == first + 1) + 1
    last = after if after is not None else end
    takes_following = before is None or (words[before].text == "or" and after is not None and words[after].text != "or")
    if not takes_following:
        return before, last - 1
    following = after
    while words[following + 1].text in LABEL_LISTS:
        following = next(close for opened, close in label_lists(words) if opened == following + 2)
    return first, following
