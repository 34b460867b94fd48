# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Does one cell in this process and writes what came of it to a file: python -m alert_matrix.trial ALERT FILE."""

import json
import pathlib
import sys
import tempfile
import time
import traceback

from stack.ending import ended_in_order

from alert_matrix.cells import CELLS
from alert_matrix.confirm import confirm
from alert_matrix.scene import Scene

# How often Prometheus is asked, and how long the fault goes on once the alert fires: two evaluations of the rules.
LOOK = 2.0
AFTER = 60.0


class Trial:
    """A cell on its way."""

    def __init__(self, cell, scene):
        self._cell = cell
        self._scene = scene
        self._steps = None
        self._due = float("inf")
        self.result = {
            "alert": cell.alert,
            "baseline": [],
            "fired_after": None,
            "others": {},
            "resolved_after": None,
            "confirmed": 0,
            "wrong": [],
        }

    def say(self, text):
        print(f"{time.strftime('%H:%M:%S')}  {self._cell.alert}: {text}", flush=True)

    def run(self):
        self._steps = self._cell.steps(self._scene)
        try:
            next(self._steps)
            self._scene.start_prometheus()
            began = time.time()
            self._look_on(self._cell.baseline)
            struck = time.time()
            self.say(self._cell.fault)
            self._step()
            fired = self._look_on(self._cell.within, self._is_firing)
            if fired:
                self.say(f"fires after {time.time() - struck:.0f} s")
                wrong, self.result["confirmed"] = confirm(self._cell.alert, self._scene.environment)
                self.result["wrong"] += wrong
                self._look_on(AFTER)
        finally:
            self._due = float("inf")
            self._steps.close()
        undone = time.time()
        if fired and self._cell.resolves:
            if self._look_on(self._cell.resolves, lambda: not self._is_firing()):
                self.result["resolved_after"] = time.time() - undone
                self.say(f"resolved {time.time() - undone:.0f} s after the fault was undone")
        self._note(began, struck)

    def _step(self):
        # A step may take a while itself.
        pause = next(self._steps)
        self._due = time.monotonic() + pause

    def _look_on(self, seconds, until=None):
        """Goes on with the fault for so long, or until something is true; whether that came true."""
        end, look = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            if until and time.monotonic() >= look:
                if until():
                    return True
                look = time.monotonic() + LOOK
            if time.monotonic() >= self._due:
                self._step()
            wake = min(self._due, end, look if until else end)
            time.sleep(max(0.0, min(LOOK, wake - time.monotonic())))
        return False

    def _is_firing(self):
        return any(
            alert["state"] == "firing" and alert["labels"]["alertname"] == self._cell.alert
            for alert in self._scene.prometheus.api.alerts()
        )

    def _note(self, began, struck):
        """What fired, and when, from the beginning to the end."""
        series = self._scene.prometheus.api.query_range('ALERTS{alertstate="firing"}', began, time.time(), 5)
        first = {}
        for labels, points in series:
            name = labels["alertname"]
            first[name] = min(points[0][0], first.get(name, float("inf")))
        self.result["baseline"] = sorted(name for name, at in first.items() if at <= struck)
        after = {name: at - struck for name, at in first.items() if at > struck}
        self.result["fired_after"] = after.pop(self._cell.alert, None)
        self.result["others"] = after


def main(alert, file):
    cell = CELLS[alert]
    scene = None
    try:
        with tempfile.TemporaryDirectory(prefix="gohub-matrix-") as directory, ended_in_order() as stack:
            scene = Scene(directory, stack)
            trial = Trial(cell, scene)
            try:
                trial.run()
            except Exception:
                trial.result["wrong"].append(traceback.format_exc())
                trial.result["logs"] = scene.logs()
    except KeyboardInterrupt:
        return 130
    pathlib.Path(file).write_text(json.dumps(trial.result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
