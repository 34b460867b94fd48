# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The PromQL that panels share. Each selector follows the variables of the board."""

NODE = ("job", "instance")
TARGET = 'job=~"$job", instance=~"$instance"'
BUS = 'bus=~"$bus"'


def pick(name, *matchers):
    """The series of a family at the nodes that the board shows."""
    return f"{name}{{{', '.join([*matchers, TARGET])}}}"


def rate(name, *matchers):
    """How fast a counter grows, in the shortest window that the scrape interval allows."""
    return f"rate({pick(name, *matchers)}[$__rate_interval])"


def increase(window, name, *matchers):
    """How much a counter grew in a fixed window, for what happens seldom."""
    return f"increase({pick(name, *matchers)}[{window}])"


def _aggregate(operation, expression, labels):
    return f"{operation} by ({', '.join(labels)}) ({expression})" if labels else f"{operation}({expression})"


def total(expression, *labels):
    """The sum over all nodes, by `labels` alone."""
    return _aggregate("sum", expression, labels)


def worst(expression, *labels):
    """The largest of all nodes."""
    return _aggregate("max", expression, labels)


def least(expression, *labels):
    """The smallest of all nodes."""
    return _aggregate("min", expression, labels)


def node(expression, *labels):
    """The sum of each node, by `labels` too."""
    return total(expression, *NODE, *labels)


def quantile(share, name, *matchers, by=()):
    """A quantile of a histogram; NaN where nothing was observed."""
    return f"histogram_quantile({share}, {total(rate(name + '_bucket', *matchers), *by, 'le')})"


def quantile_where_any(share, name, *matchers, by=()):
    """The same without the series in which nothing was observed."""
    return quantile(share, name, *matchers, by=by) + " >= 0"


def where_any(expression):
    """The series of what happened at all."""
    return f"{expression} > 0"


def above(share, name, *matchers):
    """Observations above `share` (a bound of the buckets) a second, of each node."""
    bound = f'le="{share}"'
    return f"{node(rate(name + '_count', *matchers))}\n  - {node(rate(name + '_bucket', *matchers, bound))}"


def ratio(part, whole):
    """A share; nothing where there is no whole."""
    return f"{part}\n  / ({whole} > 0)"
