# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Compares the names of metrics in dashboards, alerts and documents with the catalogue that the program prints.

promql.py       the selectors and labels of a query
catalogue.py    what families there are, with which labels and values
sources.py      the queries and names in files, with the line on which each stands
check.py        the verdicts
"""
