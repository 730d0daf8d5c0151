#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a thousand flips a second take away from full load, among many services.

    tests/bench/flips.py [--services 100000] [--rate 1000] [--rounds 5] [--seconds 1]
                         [--kinds report,single,override,weight,mixed] [--placements apart,together]

One worker on the first CPU is asked by a program on the last one, in two ways:

    full     by load_full.c, which needs so little of its CPU that the worker's core is what limits: it is busy throughout
    sharing  by load.c with 256 queries under way, which needs as much CPU as the worker: what flips take, it cannot ask

The clients are on that last CPU, and the other threads of steerd, too (apart), as on a machine that leaves them a core, or
anywhere (together).  Then the same with flips:

    report    health verdicts by reports to a push check, in batches of ten as an agent on a machine sends them
    single    the same, one a request
    override  an operator's down and up, each durable before its reply
    weight    declared weights, each a generation of its own
    mixed     half of each of these two

With and without take turns, and each ratio is one of neighbours.
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
FIRST_POOL = {"report": 0, "override": 300, "weight": 600}  # three hundred each: what one kind did is not the next one's start
VIEWS = ("full", "sharing")
# what is flipped, how many a request, and which share of the rate
KINDS = {"none": [], "report": [("report", 10, 1)], "single": [("report", 1, 1)], "override": [("override", 1, 1)],
         "weight": [("weight", 1, 1)], "mixed": [("override", 1, .5), ("weight", 1, .5)]}
TITLES = {"report": "verdicts by push reports, ten a request", "single": "verdicts by push reports, one a request",
          "override": "overrides, each durable before its reply", "weight": "weights, each a generation of its own",
          "mixed": "overrides and weights in turns"}


class Flipping(servers.Steerd):
    """Services that share a thousand pools of two endpoints; the first of each hears reports."""

    def prepare(self):
        self.begun = dict.fromkeys(FIRST_POOL, 0)  # flips that were asked for: each is one
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


def worker_clock(pid):
    """Where the kernel tells the CPU time of the thread that answers."""
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        if (task / "comm").read_text().startswith("worker/"):
            return task / "schedstat"
    raise RuntimeError("there is no worker")


def cpu_s(clock):
    return int(clock.read_text().split()[0]) / 1e9


def place(options, pid, placement):
    """Where threads may run that do not answer."""
    cpus = {options.last_cpu} if placement == "apart" else os.sched_getaffinity(0)
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        if not (task / "comm").read_text().startswith("worker/"):
            os.sched_setaffinity(int(task.name), cpus)


def asker(options, server, view):
    command = ["nice", "-n", str(options.niceness), "taskset", "-c", str(options.last_cpu)]
    if view == "full":
        command += [str(options.directory / "load_full"), "--worker", str(worker_clock(server.process.pid))]
    else:
        command += [str(options.directory / "load")]
    return command + ["--port", str(server.port), "--queries", str(options.directory / "questions"), "--seconds",
                      str(options.seconds)]


def start_flips(options, server, kind):
    """The programs that flip, by what; on the CPU of the asker, or they would take from the worker what is not steerd's."""
    flippers = {name: writes.api_load(options, server, options.niceness, "--kind", name, "--batch", batch, "--rate",
                                      int(options.rate * share), "--clients", options.clients, "--pools", 300, "--first-pool",
                                      FIRST_POOL[name], "--begin", server.begun[name], "--seconds", options.seconds + 0.3)
                for name, batch, share in KINDS[kind]}
    for flipper in flippers.values():
        os.sched_setaffinity(flipper.pid, {options.last_cpu})
    return flippers


def end_flips(server, flippers):
    """What they did together."""
    done = {name: json.loads(flipper.communicate()[0]) for name, flipper in flippers.items()}
    for name, flips in done.items():
        server.begun[name] = flips["begun"]
    return {"changes": sum(flips["changes"] for flips in done.values()), "refused": sum(flips["refused"] for flips in done.values()),
            "seconds": max((flips["seconds"] for flips in done.values()), default=1),
            "p99_us": max((flips["p99_us"] for flips in done.values()), default=0)}


def sample(options, server, view, kind):
    """One turn of full load, with flips or without."""
    clock = worker_clock(server.process.pid)
    before, worker = machine.Used.by(server.pids()), cpu_s(clock)
    flippers = start_flips(options, server, kind)
    started = time.monotonic()
    result = json.loads(subprocess.run(asker(options, server, view), check=True, capture_output=True, text=True).stdout)
    asked_s = time.monotonic() - started
    flips = end_flips(server, flippers)
    worker = cpu_s(clock) - worker
    others = machine.Used.by(server.pids()).since(before).total - worker
    wrong = result["bad"] if view == "full" else result["wrong_rcode"] + result["empty"] + result["wrong_question"]
    if view == "full":  # told for the very seconds; of the other way the warming up is part
        asked, asked_s, worker = result["answered"], result["seconds"], result["worker_cpu_s"]
    else:
        asked = result["answered"] + result["answered_warm"]
    return {"answers": result["answered"] / result["seconds"], "lost": result["lost"], "wrong": wrong,
            "worker_us": worker / asked * 1e6, "worker_busy": worker / asked_s,
            "asker_busy": result["client_cpu_s"] / result["seconds"], "starved": result.get("starved", 0),
            "flips": flips["changes"] / flips["seconds"], "refused": flips["refused"], "p99_ms": flips["p99_us"] / 1e3,
            "flip_ms": others * 1e3 / max(1, flips["changes"])}


def measure(options, server):
    """By view and kind, pairs of a turn without flips and one with them."""
    kinds, pairs = options.kinds.split(","), {}
    for _ in range(options.rounds):
        for view in VIEWS:
            for kind in kinds:
                pairs.setdefault((view, kind), []).append(tuple(sample(options, server, view, turn) for turn in ("none", kind)))
    return pairs


def ratio(pairs, key):
    return compare.spread([beside[key] / calm[key] for calm, beside in pairs])


def flips_a_second(pairs):
    return sum(beside["flips"] for _, beside in pairs) / len(pairs)


def print_table(options, placement, found):
    print("\n### %s, %d services" % (placement, options.services))
    print("\n| flips | a second | CPU of a flip, ms | reply p99 ms | full worker: answers/s ÷ without | its CPU an answer ÷ without |"
          " sharing asker: answers/s ÷ without | flips a second then |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind in options.kinds.split(","):
        full, sharing = found["full", kind], found["sharing", kind]
        rows = [beside for _, beside in full]
        print("| %s | %.0f | %s | %s | %s | %s | %s | %.0f |" % (
            TITLES[kind], flips_a_second(full), writes.column(rows, "flip_ms", "%.2f"), writes.column(rows, "p99_ms", "%.1f"),
            ratio(full, "answers"), ratio(full, "worker_us"), ratio(sharing, "answers"), flips_a_second(sharing)))


def print_grounds(found):
    """What the ratios stand on: was it the worker's core that limited, and did all come back?"""
    print("\n| asked | answers/s | worker's CPU an answer, µs | worker's share of its core | asker's share of its | starved turns |"
          " lost | wrong |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for view in VIEWS:
        for beside in (False, True):
            rows = [pair[beside] for (seen, _), pairs in found.items() if seen == view for pair in pairs]
            print("| %s, %s | %s | %s | %s | %s | %d | %d | %d |" % (
                view, "with flips" if beside else "without", writes.column(rows, "answers"), writes.column(rows, "worker_us", "%.2f"),
                writes.column(rows, "worker_busy", "%.2f"), writes.column(rows, "asker_busy", "%.2f"),
                *(sum(row[key] for row in rows) for key in ("starved", "lost", "wrong"))))


def refusals(found):
    return sum(row["refused"] + row["wrong"] for pairs in found.values() for pair in pairs for row in pair)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steerd", type=pathlib.Path, default=compare.TOP / "build/release/steerd")
    parser.add_argument("--services", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--kinds", default=",".join(kind for kind in KINDS if kind != "none"))
    parser.add_argument("--placements", default="apart")
    options = parser.parse_args()
    options.niceness = -19 if os.geteuid() == 0 else 0  # as the server has
    options.threads, options.steerd, options.last_cpu = 1, options.steerd.resolve(), machine.last_cpu()
    with machine.going_first(), tempfile.TemporaryDirectory(prefix="steerd-bench-") as directory:
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
                place(options, server.process.pid, placement)
                found = measure(options, server)
                print_table(options, placement, found)
                print_grounds(found)
                refused += refusals(found)
        finally:
            server.stop()
    if refused:
        print("%d flips were refused, or answers were wrong" % refused)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
