# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A page as a PNG, by headless Chromium."""

import struct
import subprocess
import tempfile

WITHIN = 60.0


class BrowserError(Exception):
    """What Chromium did instead of a picture."""


def screenshot(page, picture, width, height):
    """Has Chromium write a page, which is a file, as a picture of exactly so many pixels."""
    picture.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="gohub-drawing-") as profile:
        done = subprocess.run(
            [
                *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--force-device-scale-factor=1", f"--user-data-dir={profile}", f"--window-size={width},{height}"),
                *(f"--screenshot={picture.resolve()}", page.resolve().as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
    if done.returncode or not picture.exists():
        raise BrowserError(f"chromium ended with {done.returncode} and drew nothing:\n{done.stderr[-2000:]}")
    if size(picture) != (width, height):
        raise BrowserError(f"chromium drew {size(picture)} pixels instead of {(width, height)}")


def size(picture):
    """(width, height) of a PNG, which is in its first chunk."""
    with picture.open("rb") as file:
        return struct.unpack(">II", file.read(24)[16:])
