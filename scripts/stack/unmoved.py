# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Panels that rightly stay at 0 in a demo that goes through its faults: {(uid of the board, title of the panel): why}."""

OWN_FAULT = "a fault of the program"

UNMOVED = {
    ("gohub-bus", "Duplicate messages"): "a bus that repeats messages",
    ("gohub-bus", "Messages with clock skew"): "clocks of two machines",
    ("gohub-delivery", "Accounting residual"): OWN_FAULT,
    ("gohub-node", "Accept pauses within 5 minutes"): "descriptors have run out; the alert matrix does that",
    ("gohub-node", "HTTP requests in progress"): "two scrapes at one moment",
    ("gohub-node", "CPU throttling"): "a control group with a limit",
    ("gohub-node", "Log lines dropped within 5 minutes"): "a log that nobody reads; the alert matrix has one",
    ("gohub-node", "Slow scrapers closed within 5 minutes"): "scrapers that do not read",
    ("gohub-node", "Metric updates refused within 15 minutes"): OWN_FAULT,
}
