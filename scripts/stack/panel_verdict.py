# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What is to be said of the answers to the queries of dashboards."""

import collections
import math

from stack.panel_queries import looks_back

# What happens in minutes is so little over so many seconds that it stays below the floors of the rules: a query of them may
# be empty beside others of its panel that are not.
LONG = 6 * 3600
# One query: whether it had a finite value at some time, and one that is not 0; `error` is what Prometheus said instead.
Answer = collections.namedtuple("Answer", "query has_data has_moved error")


def judge(query, series, error=None):
    """The answer that the series of a range query are: [(labels, [(time, value)])]."""
    values = [value for _, points in series for _, value in points if math.isfinite(value)]
    return Answer(query, bool(values), any(values), error)


def by_panel(answers):
    found = collections.defaultdict(list)
    for answer in answers:
        found[answer.query.board, answer.query.what, answer.query.panel].append(answer)
    return found


class Exceptions:
    """What may be empty, and what may stay at 0: {(uid of the board, title of the panel): why}."""

    def __init__(self, empty, unmoved):
        self.empty = dict(empty)
        self.unmoved = {**unmoved, **empty}

    def strangers(self, answers):
        """Exceptions that stand for no panel."""
        known = {(board, panel) for board, _, panel in by_panel(answers)}
        return sorted({*self.empty, *self.unmoved} - known)


def faults(answers, exceptions, is_whole):
    """What is wrong, a line each. Only a whole run says that a panel has to move: a short one may miss a rare fault."""
    found = []
    for (board, what, panel), own in by_panel(answers).items():
        key = (board, panel)
        has_data = any(answer.has_data for answer in own)
        for answer in own:
            where = f"{board}: {what} “{panel}” {answer.query.ref}".rstrip()
            is_long = has_data and looks_back(answer.query.expression) >= LONG
            if answer.error:
                found.append(f"{where}: {answer.error}\n    {answer.query.expression}")
            elif not answer.has_data and not is_long and key not in exceptions.empty:
                found.append(f"{where}: no data\n    {answer.query.expression}")
        if is_whole and has_data and key not in exceptions.unmoved and not any(answer.has_moved for answer in own):
            found.append(f"{board}: {what} “{panel}”: 0 all the time, whatever was done to the hubs")
    for board, panel in exceptions.strangers(answers):
        found.append(f"an exception stands for “{panel}” of {board}, which is not there")
    return found


def counts(answers):
    """The last line's figures."""
    panels = [own for (_, what, _), own in by_panel(answers).items() if what == "panel"]
    queries = [answer for own in panels for answer in own]
    return (
        f"{len(panels)} panels, {len(queries)} queries,"
        f" {sum(answer.has_data for answer in queries)} of them with data;"
        f" {sum(any(answer.has_data for answer in own) for own in panels)} panels with data,"
        f" {sum(any(answer.has_moved for answer in own) for own in panels)} that moved"
    )
