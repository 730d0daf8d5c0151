#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a thousand flips a second take away from full load, among many services.

    tests/bench/flips.py [--services 100000] [--rate 1000] [--rounds 5] [--seconds 2]
                         [--kinds report,single,override,weight] [--placements apart,together]

One worker on the first CPU is asked as much as it can answer by a program on the last one.  The other threads of steerd are
on that last CPU, too (apart), as on a machine that leaves them a core, or anywhere (together).  Then the same with flips:

    report    health verdicts by reports to a push check, in batches of ten as an agent on a machine sends them
    single    the same, one a request
    override  an operator's down and up, each durable before its reply
    weight    declared weights, each a generation of its own

They take turns, one run to completion after the other.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import compare
import machine
import servers
import writes

POOLS = 1000
KINDS = {"none": None, "report": ("report", 10), "single": ("report", 1), "override": ("override", 1), "weight": ("weight", 1)}


class Flipping(servers.Steerd):
    """Services that share a thousand pools of two endpoints; the first of each hears reports."""

    def prepare(self):
        command = super().prepare()
        path = self.directory / "steering.json"
        steering = json.loads(path.read_text())
        steering["checks"] = {"beat": {"type": "push", "ttl": "1h", "rise": 1, "fall": 1}}
        steering["pools"] = {"p%d" % i: {"policy": "weighted", "endpoints": {
            "a": {"ipv4": servers.address(2 * i), "weight": 3, "check": "beat"}, "b": {"ipv4": servers.address(2 * i + 1)}}}
            for i in range(POOLS)}
        path.write_text(json.dumps(steering))
        node = json.loads((self.directory / "steerd.json").read_text())
        node["cpus"] = [0]
        (self.directory / "steerd.json").write_text(json.dumps(node))
        return command

    def policy(self, i):
        return "p%d" % (i % POOLS)


def worker_cpu_s(pid):
    """Seconds on a CPU of the threads that answer."""
    total = 0
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        if (task / "comm").read_text().startswith("worker/"):
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
    return total


def place(options, pid, placement):
    """Where threads may run that do not answer."""
    cpus = {options.last_cpu} if placement == "apart" else os.sched_getaffinity(0)
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        if not (task / "comm").read_text().startswith("worker/"):
            os.sched_setaffinity(int(task.name), cpus)


def sample(options, server, kind):
    """One turn of full load, with flips or without."""
    pid, flipper = server.process.pid, None
    load = ["nice", "-n", str(options.niceness), "taskset", "-c", str(options.last_cpu), str(options.directory / "load"), "--port", str(server.port), "--queries",
            str(options.directory / "questions"), "--seconds", str(options.seconds), "--any-rcode"]
    before, worker = machine.Used.by(server.pids()), worker_cpu_s(pid)
    if KINDS[kind] is not None:
        name, batch = KINDS[kind]
        flipper = writes.api_load(options, server, options.niceness, "--kind", name, "--batch", batch, "--rate", options.rate, "--clients",
                                  options.clients, "--pools", POOLS, "--seconds", options.seconds + 0.3)
    result = json.loads(subprocess.run(load, check=True, capture_output=True, text=True).stdout)
    flips = json.loads(flipper.communicate()[0]) if flipper else {"changes": 0, "seconds": 1, "refused": 0, "p99_us": 0}
    worker = worker_cpu_s(pid) - worker
    others = machine.Used.by(server.pids()).since(before).total - worker
    return {"answers": result["answered"] / result["seconds"], "lost": result["lost"],
            "worker_us": worker / (result["answered"] + result["answered_warm"]) * 1e6,
            "flips": flips["changes"] / flips["seconds"], "refused": flips["refused"], "p99_ms": flips["p99_us"] / 1e3,
            "flip_ms": others * 1e3 / max(1, flips["changes"])}


def print_table(options, placement, results):
    calm = results["none"]
    print("\n### %s, %d services" % (placement, options.services))
    print("\n| flips | a second | answers/s ÷ without | worker's CPU an answer ÷ without | other threads' CPU a flip, ms |"
          " reply p99 ms | lost |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind, rows in results.items():
        if kind == "none":
            continue
        ratios = [[row[key] / base[key] for row, base in zip(rows, calm)] for key in ("answers", "worker_us")]
        print("| %s | %.0f | %s | %s | %s | %s | %d |" % (
            kind, sum(row["flips"] for row in rows) / len(rows), compare.spread(ratios[0]), compare.spread(ratios[1]),
            writes.column(rows, "flip_ms", "%.3f"), writes.column(rows, "p99_ms", "%.1f"), sum(row["lost"] for row in rows)))
    print("\nwithout: %s answers/s, %s µs of the worker's CPU an answer, %d lost" % (
        writes.column(calm, "answers"), writes.column(calm, "worker_us", "%.2f"), sum(row["lost"] for row in calm)))
    return sum(row["refused"] for rows in results.values() for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steerd", type=pathlib.Path, default=compare.TOP / "build/release/steerd")
    parser.add_argument("--services", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--kinds", default=",".join(kind for kind in KINDS if kind != "none"))
    parser.add_argument("--placements", default="apart,together")
    options = parser.parse_args()
    options.niceness = -19 if os.geteuid() == 0 else 0  # as the server has
    options.threads, options.steerd, options.last_cpu = 1, options.steerd.resolve(), machine.last_cpu()
    kinds = ["none"] + options.kinds.split(",")
    with tempfile.TemporaryDirectory(prefix="steerd-bench-") as directory:
        options.directory = pathlib.Path(directory)
        writes.build(options.directory)
        scenario = servers.Scenario("services", options.services)
        (options.directory / "questions").write_text("".join(scenario.questions()))
        server = Flipping(scenario, compare.free_port(), options)
        try:
            server.api()[0].close()
            time.sleep(3)  # the start is over when nobody has changed anything for so long
            refused = 0
            for placement in options.placements.split(","):
                results = {kind: [] for kind in kinds}
                place(options, server.process.pid, placement)
                for _ in range(options.rounds):
                    for kind in kinds:
                        results[kind].append(sample(options, server, kind))
                refused += print_table(options, placement, results)
        finally:
            server.stop()
    if refused:
        print("%d flips were refused" % refused)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
