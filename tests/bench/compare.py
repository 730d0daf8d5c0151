#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""steerd beside gdnsd, Knot DNS, NSD and a bare UDP echo: what an answer costs, as ratios.

    tests/bench/compare.py [--install] [--reps 7] [--scenarios static,geo] [--servers echo,steerd,gdnsd]

Servers take turns within each repetition, each alone on one CPU with the asking program on another.  A ratio is
taken against the echo of the same repetition; the table shows medians and, behind them, the least and the most.

Where the time to an answer is what counts (steady), the servers of a repetition run side by side and are asked in many
short turns, so that the same minutes are all of theirs.  Neighbours only add to a time: a second table shows how long
the quarter of the turns took that were disturbed the least.  `--turns 32` does so with any scenario; of so many turns
brackets hold the middle half.
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import machine
import servers
from servers import Scenario

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from ports import free_port  # noqa: E402  stands beside system/ and bench/

TOP = HERE.parent.parent
TURN_S, TURN_WARM_S = 0.25, 0.05
MANY = 16  # of so many values the outermost are accidents
TURN_PAUSE_S = 0.1  # the kernel lets real time have 95 % of a second
RECEIVE_QUEUE = pathlib.Path("/proc/sys/net/core/rmem_default")

SCENARIOS = {
    "static": Scenario("static", 10_000),
    "static-edns": Scenario("static", 10_000, ["--edns"]),
    "static-1m": Scenario("static", 1_000_000),
    "negative": Scenario("static", 10_000, ["--any-rcode"], missing=True),
    "large": Scenario("large", 10_000, ["--edns"], qtype=16),
    "mutated": Scenario("static", 10_000, ["--any-rcode", "--mutated", "5"]),
    # by UDP: signed stands for answers as large as with signatures
    "mixed": Scenario("mixed", 2_000, ["--edns", "--any-rcode", "--empty", "--mutated", "5"],
                      paths=["address"] * 10 + ["nxdomain"] * 3 + ["nodata", "signed", "alias", "mail", "referral"]),
    **{"path-" + path: Scenario("mixed", 2_000, ["--edns", "--any-rcode", "--empty"], paths=[path])
       for path in servers.PATHS},
    "geo": Scenario("geo", 1_000, ["--ecs", "24"]),
    "geo-100k": Scenario("geo", 100_000, ["--ecs", "24"]),
    "weighted": Scenario("weighted", 1_000),
    "weighted-100k": Scenario("weighted", 100_000),
    "nested": Scenario("nested", 10_000, ["--ecs", "24"]),
    "steady": Scenario("static", 10_000, ["--rate", "20000"], turns=8),
    "overload": Scenario("static", 10_000, ["--flood", "--sockets", "16"]),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steerd", type=pathlib.Path, default=TOP / "build/release/steerd")
    parser.add_argument("--database", type=pathlib.Path, default=TOP / "geoip/country.mmdb",
                        help="of countries, as geoip/fetch_country.sh makes it")
    parser.add_argument("--servers", default="echo,steerd,gdnsd,knot,nsd")
    parser.add_argument("--scenarios", default="static,static-edns,negative,large,geo,weighted,nested,steady,overload",
                        help="of: " + " ".join(SCENARIOS))
    parser.add_argument("--reps", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--turns", type=int, help="ask in so many short turns a repetition, all servers running")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--unpinned", action="store_true", help="let the scheduler place server and client")
    parser.add_argument("--realtime", action="store_true", help="as root: before all other programs (SCHED_FIFO), for "
                        "times to an answer on a machine that others use")
    parser.add_argument("--install", action="store_true", help="install the peers from Debian first")
    parser.add_argument("--smoke", action="store_true", help="small and short: does everything run")
    parser.add_argument("--json", type=pathlib.Path, help="append every measurement to this file")
    options = parser.parse_args()
    if options.smoke:
        options.reps, options.seconds, options.servers = 1, 0.2, "echo,steerd"
    options.steerd, options.database = options.steerd.resolve(), options.database.resolve()
    return options


def install():
    """Debian's peers, without letting them start as services."""
    names = servers.missing()
    if names:
        packages = names + (["knot-module-geoip"] if "knot" in names else [])
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1")
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends"] + packages, check=True, env=environment)


def build(directory):
    for name in ("load", "echo"):
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", str(HERE / (name + ".c")), "-o", str(directory / name)], check=True)


def measure(server, options, questions):
    """One load against one server, with what the server used."""
    span = ["--seconds", str(TURN_S), "--warm", str(TURN_WARM_S)] if server.scenario.turns else ["--seconds", str(options.seconds)]
    pids = server.pids()
    pin = machine.pin(machine.two_cpus(options.unpinned)[1])
    command = pin + machine.rank(options.realtime) + [str(options.load), "--port", str(server.port), "--queries", str(questions)] + span + server.scenario.load
    before, busy = machine.Used.by(pids), machine.busy_s()
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    used = machine.Used.by(pids).since(before)
    answers = max(1, result["answered"] + result["answered_warm"])
    result.update(
        cpu_us=used.total / answers * 1e6, user_us=used.user / answers * 1e6,
        rate=result["answered"] / result["seconds"], memory_mib=machine.memory_mib(pids), ready_s=server.ready_s,
        wrong=result["wrong_rcode"] + result["empty"] + result["wrong_question"],
        others=max(0.0, machine.busy_s() - busy - used.total - result["client_cpu_s"]) / result["seconds"])
    if server.process.poll() is not None:
        raise RuntimeError("%s ended under load" % server.name)
    return result


def run_scenario(name, options, questions):
    """All repetitions of all servers: server → list of results."""
    scenario, results, given_up = SCENARIOS[name], {}, set()
    if options.turns is not None:
        scenario.turns = options.turns
    if options.smoke:
        scenario.names, scenario.turns = min(scenario.names, 200), min(scenario.turns, 1)
    questions.write_text("".join(scenario.questions()))

    def take(server, rep):
        result = measure(server, options, questions)
        results.setdefault(server.name, []).append(result)
        print("%-13s %-6s %d: %8.0f answers/s  %.3f us CPU (%.3f user)  p50 %.0f us  p99 %.0f us  others used %.2f CPU" % (
            name, server.name, rep, result["rate"], result["cpu_us"], result["user_us"], result["p50_us"],
            result["p99_us"], result["others"]), file=sys.stderr, flush=True)
        if options.json:
            with open(options.json, "a") as out:
                out.write(json.dumps(dict(result, scenario=name, server=server.name, rep=rep)) + "\n")

    for rep in range(options.reps):
        with contextlib.ExitStack() as running:
            side_by_side = []
            for wanted in options.servers.split(","):
                if scenario.kind not in servers.ALL[wanted].kinds or wanted in given_up:
                    continue
                try:
                    server = servers.ALL[wanted](scenario, free_port(), options, machine.two_cpus(options.unpinned)[0])
                except RuntimeError as error:
                    print("%s: %s" % (name, error), file=sys.stderr)
                    given_up.add(wanted)
                    continue
                if scenario.turns:
                    running.callback(server.stop)
                    side_by_side.append(server)
                    continue
                try:
                    take(server, rep)
                finally:
                    server.stop()
            for turn in range(scenario.turns):
                first = turn % len(side_by_side)
                for server in side_by_side[first:] + side_by_side[:first]:
                    time.sleep(TURN_PAUSE_S)
                    take(server, rep)
    return results, given_up


def spread(values, form="%.2f"):
    text = form % statistics.median(values)
    if len(values) == 1:
        return text
    low, high = (min(values), max(values)) if len(values) < MANY else statistics.quantiles(values, n=4)[::2]
    return (text + " (" + form + "–" + form + ")") % (low, high)


def least_disturbed(values):
    """What a quarter of them do not exceed."""
    return sorted(values)[(len(values) - 1) // 4]


def print_times(results):
    print("\n| of the quarter of turns least disturbed | p50 µs | p90 µs | p99 µs | p99.9 µs | CPU µs an answer |")
    print("| --- | --- | --- | --- | --- | --- |")
    for server, rows in results.items():
        keys = {"p50_us": "%.1f", "p90_us": "%.1f", "p99_us": "%.1f", "p999_us": "%.1f", "cpu_us": "%.2f"}
        print("| %s | %s |" % (server, " | ".join(
            form % least_disturbed([row[key] for row in rows]) for key, form in keys.items())))


def print_table(name, results, given_up):
    print("\n### %s\n" % name)
    print("| server | CPU an answer ÷ echo | answers/s ÷ echo | user µs | p50 µs | p99 µs | lost | wrong | ready s | MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    floor = results.get("echo", [])
    for server, rows in results.items():
        def column(key, rows=rows):
            return [row[key] for row in rows]
        def to_floor(key, rows=rows):  # a floor of 0: a machine so busy that nothing was answered
            return [row[key] / base[key] if base[key] else float("nan") for row, base in zip(rows, floor)] or [float("nan")]
        ratio, rate = to_floor("cpu_us"), to_floor("rate")
        print("| %s | %s | %s | %s | %.0f | %.0f | %d | %d | %.2f | %.0f |" % (
            server, spread(ratio), spread(rate), spread(column("user_us")), statistics.median(column("p50_us")),
            statistics.median(column("p99_us")), sum(column("lost")), sum(column("wrong")),
            statistics.median(column("ready_s")), statistics.median(column("memory_mib"))))
    for server in sorted(given_up):
        print("| %s | not ready after %d s | | | | | | | | |" % (server, servers.READY_WITHIN_S))
    if SCENARIOS[name].turns:
        print_times(results)
    sys.stdout.flush()


def with_long_queue(action):
    """The same receive queue for all, where we may set it: networks of containers have their own, or none."""
    if os.geteuid() != 0 or not os.access(RECEIVE_QUEUE, os.W_OK):
        return action()
    before = RECEIVE_QUEUE.read_text()
    try:
        RECEIVE_QUEUE.write_text("4194304")
        return action()
    finally:
        RECEIVE_QUEUE.write_text(before)


def main():
    options = arguments()
    if options.install:
        install()
    absent = set(servers.missing()) & set(options.servers.split(","))
    if absent:
        print("not installed, left out: %s (--install gets them)" % ", ".join(sorted(absent)), file=sys.stderr)
        options.servers = ",".join(name for name in options.servers.split(",") if name not in absent)
    os.environ["PATH"] += ":/usr/sbin"
    with tempfile.TemporaryDirectory(prefix="steerd-bench-") as directory:
        directory = pathlib.Path(directory)
        build(directory)
        options.load, options.echo = directory / "load", directory / "echo"
        wrong = 0

        def all_scenarios():
            nonlocal wrong
            for name in options.scenarios.split(","):
                results, given_up = run_scenario(name, options, directory / "questions")
                print_table(name, results, given_up)
                wrong += sum(row["wrong"] for row in results.get("steerd", []))
                wrong += "steerd" in given_up
        with machine.going_first():
            with_long_queue(all_scenarios)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
