# SPDX-License-Identifier: GPL-3.0-or-later
"""The benches run; what they print is not looked at here."""
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]


def test_the_daemon_lives_through_every_kind_of_load_of_the_bench():
    steerd = os.environ.get("STEERD", str(TOP / "build/asan/steerd"))
    done = subprocess.run([str(TOP / "tests/bench/smoke"), steerd], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| steerd | ") == 11, done.stdout  # a table a scenario, and the times of one
    assert "durable weight changes" in done.stdout and "| overrides, each durable" in done.stdout
