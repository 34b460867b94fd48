# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Elements of HTML and SVG as text."""

import html

# How wide a character of the style sheet's font is on average, for what has to be laid out before a browser sees it.
WIDTH = 0.56


def element(name, *children, **attributes):
    """An element; children are markup. Attributes lose a last _, and _ inside of them is a -."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_plain(value))}"' for key, value in attributes.items()
    )
    return f"<{name}{given}>{''.join(children)}</{name}>"


def _plain(value):
    """Numbers to a hundredth: more would only make the page longer."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def words(text):
    """Text as markup."""
    return html.escape(str(text))


def label(x, y, text, anchor="start", **attributes):
    """Text of an SVG."""
    return element("text", words(text), x=x, y=y, text_anchor=anchor, **attributes)


def line(x1, y1, x2, y2, **attributes):
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def rectangle(x, y, width, height, **attributes):
    return element("rect", x=x, y=y, width=width, height=height, **attributes)


def path(points, close=False):
    """What an SVG path's d is for points in pixels."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points) + ("Z" if close else "")


def picture(width, height, *children):
    """An SVG in a page."""
    return element("svg", *children, width=width, height=height, viewBox=f"0 0 {width:.0f} {height:.0f}")


def text_width(text, size):
    """About how many pixels a text takes."""
    return len(text) * size * WIDTH


def shortened(text, width, size):
    """The text, or as much of it as fits."""
    fits = int(width / (size * WIDTH))
    return text if len(text) <= fits else f"{text[:max(fits - 1, 0)]}…"
