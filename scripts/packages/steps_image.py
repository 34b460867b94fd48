# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The image of the Dockerfile, made without an engine: what its last stage says, done in a bare Debian."""

import pathlib
import re
import shutil

import dockerfile
from machine import Machine, eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
METRICS = "http://127.0.0.1:9090/metrics"


def image(trial):
    stage = dockerfile.last_stage((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    said = dict(stage)
    build = ROOT / ".build"
    machine = Machine(trial.folder / "image", build / "trial", build / "results" / "trial-image.log")
    try:
        machine.build()
        for name, arguments in stage:
            if name == "COPY":
                assert arguments == "--from=build /source/.build/dist/*.deb /packages/", arguments
                (machine.root / "packages").mkdir()
                shutil.copy(trial.package, machine.root / "packages")
            elif name == "RUN":
                machine.do("/bin/sh", "-c", arguments)
        program = dockerfile.command(said["ENTRYPOINT"]) + dockerfile.command(said["CMD"])
        machine.serve(said["USER"], dockerfile.variables(said["ENV"]), program)
        health = dockerfile.command(said["HEALTHCHECK"])
        eventually(lambda: machine.run(*health, check=False).returncode == 0, what="the health of the image")
        page = machine.get(METRICS)
        assert f'gohub_build_info{{version="{trial.version}"' in page, re.findall("gohub_build_info.*", page)
        number = machine.output("id", "--user", said["USER"])
    finally:
        code = machine.stop()
    assert code == 0, f"the hub ended with {code}"
    return f"healthy by its own check, as user {number}, with `{' '.join(program)}`; SIGTERM ends it with 0"


STEPS = [("the image of the Dockerfile", image)]
