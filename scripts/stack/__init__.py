# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Hubs, Redis, Prometheus and Alertmanager as processes of this machine, and load and faults for them.

Shared by scripts/demo, scripts/panels and scripts/stress-alerts. Everything listens on 127.0.0.1 and ends with the program
that started it, however that ends.
"""
