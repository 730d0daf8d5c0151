#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What spinning and CPUs of their own do to a worker's answer time and CPU time, alone and beside a greedy neighbour.

    tests/bench/knobs.py build/release [--rate 2000] [--seconds 2] [--rounds 5]

The load stays on the last CPU.  The worker runs on the first: alone, or with another program that never stops there.
Rounds are interleaved; the table shows medians, and the best round, which others on the machine disturbed least."""
import argparse
import json
import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
CPUS = sorted(os.sched_getaffinity(0))
ROWS = [("as it comes", {}, False), ("cpus", {"cpus": CPUS[:1]}, False), ("spin 50us", {"spin": "50us"}, False),
        ("spin 1ms", {"spin": "1ms"}, False), ("cpus, spin 1ms", {"cpus": CPUS[:1], "spin": "1ms"}, False),
        ("as it comes", {}, True), ("cpus", {"cpus": CPUS[:1]}, True), ("cpus, spin 1ms", {"cpus": CPUS[:1], "spin": "1ms"}, True)]


def consume(cpu):
    os.sched_setaffinity(0, {cpu})
    while True:
        pass


def cpu_s(process):
    fields = pathlib.Path("/proc/%d/stat" % process.pid).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(node, is_crowded, load, questions, options):
    from harness import Daemon, pool, world
    daemon = Daemon()
    neighbour = multiprocessing.Process(target=consume, args=(CPUS[0],), daemon=True)
    try:
        daemon.start(world({"www": {"policy": "web"}}, {"web": pool("round_robin", "127.0.10.1")}), workers=1, **node)
        if is_crowded:
            neighbour.start()
        before = cpu_s(daemon.process)
        out = subprocess.run(["taskset", "-c", str(CPUS[-1]), load, "--port", str(daemon.dns_port), "--queries", questions, "--any-rcode",
                              "--rate", str(options.rate), "--seconds", str(options.seconds)], capture_output=True, text=True, check=True)
        result = json.loads(out.stdout)
        url = "http://127.0.0.1:%d/metrics" % daemon.api_port
        dropped = re.search(r"^steerd_dns_receive_dropped_total (\d+)$", urllib.request.urlopen(url).read().decode(), re.M).group(1)
        return {"p50": result["p50_us"], "p99": result["p99_us"], "lost": result["lost"], "dropped": int(dropped),
                "cpu": 100 * (cpu_s(daemon.process) - before) / options.seconds}
    finally:
        if neighbour.pid is not None:
            neighbour.terminate()
        daemon.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for tool in ("steerd", "steerctl"):
        os.environ[tool.upper()] = str(pathlib.Path(options.build).resolve() / tool)
    results = [[] for _ in ROWS]
    with tempfile.TemporaryDirectory() as directory:
        load, questions = os.path.join(directory, "load"), os.path.join(directory, "questions")
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", str(HERE / "load.c"), "-o", load], check=True)
        pathlib.Path(questions).write_text("www.example.test 1\n")
        for _ in range(options.rounds):
            for row, (_, node, is_crowded) in enumerate(ROWS):
                results[row].append(measure(node, is_crowded, load, questions, options))
    print("| | neighbour | p50 µs | best | p99 µs | best | CPU % | lost | dropped |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for (name, _, is_crowded), runs in zip(ROWS, results):
        figures = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        best = {key: min(run[key] for run in runs) for key in runs[0]}
        print("| %s | %s | %.0f | %.0f | %.0f | %.0f | %.0f | %d | %d |" % (
            name, "yes" if is_crowded else "", figures["p50"], best["p50"], figures["p99"], best["p99"], figures["cpu"],
            figures["lost"], figures["dropped"]))


if __name__ == "__main__":
    main()
