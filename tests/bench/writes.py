#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many weight changes a second become durable, and what DNS feels of it.

    tests/bench/writes.py [--clients 32] [--rate 20000 | --rate half] [--rounds 7] [--seconds 1]

32 clients change weights as fast as they are acknowledged, while one question is asked at a steady rate.  A bare UDP echo
is asked in the same way beside the same changes: what its answers lose is the machine's share, not steerd's.  The four
take turns; the table shows medians and, in brackets, the least and the most.  The asking program goes before all others,
the clients behind them: both stand for other machines.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import compare
import machine
import servers


class Weighted(servers.Steerd):
    """A service for each client, over a pool of its own."""

    def prepare(self):
        command = super().prepare()
        path = self.directory / "steering.json"
        steering = json.loads(path.read_text())
        steering["pools"] = {"p%d" % i: {"policy": "weighted", "endpoints": {
            "a": {"ipv4": servers.address(2 * i), "weight": 3}, "b": {"ipv4": servers.address(2 * i + 1)}}}
            for i in range(self.scenario.names)}
        path.write_text(json.dumps(steering))
        return command

    def policy(self, i):
        return "p%d" % i


def build(directory):
    compare.build(directory)
    for name in ("latency", "api_load", "load_full"):
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", str(compare.HERE / (name + ".c")), "-o", str(directory / name)],
                       check=True)


def api_load(options, server, niceness, *arguments):
    """A program that changes things."""
    _, headers = server.api()
    command = ["nice", "-n", str(niceness), str(options.directory / "api_load"), "--api", str(server.directory / "api.sock"),
               "--token", headers["Authorization"].split()[1]]
    return subprocess.Popen(command + [str(argument) for argument in arguments], stdout=subprocess.PIPE, text=True)


def ask(options, port):
    command = machine.on_time() + [str(options.directory / "latency"), str(port), "n000000." + servers.ZONE, str(options.rate),
                       str(options.seconds)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def half_load(options, server):
    """Half of what the worker answers when nothing else happens."""
    questions = options.directory / "questions"
    questions.write_text("".join(server.scenario.questions()))
    command = [str(options.directory / "load"), "--port", str(server.port), "--queries", str(questions), "--seconds", "1"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return int(found["answered"] / found["seconds"] / 2)


def sample(options, asked, changed):
    """One turn: DNS asked of `asked`, with changes to `changed` unless that is None."""
    if changed is None:
        return ask(options, asked.port), None
    seconds = options.seconds + 0.6  # it begins before and ends after the questions
    before = machine.Used.by(changed.pids())
    writer = api_load(options, changed, 19, "--kind", "weight", "--clients", options.clients, "--pools", options.clients,
                      "--seconds", seconds)
    time.sleep(0.3)
    answers = ask(options, asked.port)
    changes = json.loads(writer.communicate()[0])
    used = machine.Used.by(changed.pids()).since(before).total
    return answers, dict(changes, rate=changes["changes"] / changes["seconds"], used=used)


def column(rows, key, form="%.0f"):
    return compare.spread([row[key] for row in rows], form)


def print_tables(options, answers, changes):
    print("\n| DNS at %d queries a second | p50 µs | p99 µs | 99.9 %% µs | not answered |" % options.rate)
    print("| --- | --- | --- | --- | --- |")
    for (name, beside), rows in answers.items():
        print("| %s, %s | %s | %s | %s | %d |" % (
            name, "beside the changes" if beside else "alone", column(rows, "p50_us"), column(rows, "p99_us"),
            column(rows, "p999_us"), sum(row["sent"] - row["answered"] for row in rows)))
    print("\n| durable weight changes from %d clients | a second | p50 ms | p99 ms | CPU of steerd a change, ms |"
          % options.clients)
    print("| --- | --- | --- | --- | --- |")
    for name, rows in changes.items():
        print("| while %s is asked | %s | %s | %s | %s |" % (
            name, column(rows, "rate"), compare.spread([row["p50_us"] / 1e3 for row in rows], "%.1f"),
            compare.spread([row["p99_us"] / 1e3 for row in rows], "%.1f"),
            compare.spread([row["used"] * 1e3 / max(1, row["changes"]) for row in rows], "%.3f")))
    refused = sum(row["refused"] for rows in changes.values() for row in rows)
    if refused:
        print("\n%d changes were refused" % refused)
    return refused == 0


def measure(options, echo, steerd):
    answers, changes = {}, {}
    for _ in range(options.rounds):
        for asked in (echo, steerd):
            for beside in (False, True):
                dns, written = sample(options, asked, steerd if beside else None)
                answers.setdefault((asked.name, beside), []).append(dns)
                if written is not None:
                    changes.setdefault(asked.name, []).append(written)
    return answers, changes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steerd", type=pathlib.Path, default=compare.TOP / "build/release/steerd")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rate", default="20000", help="queries a second, or \"half\" of what one worker can answer")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--state", help="directory to work in, on the disk to be measured")
    options = parser.parse_args()
    options.threads, options.steerd, tempfile.tempdir = 1, options.steerd.resolve(), options.state
    with tempfile.TemporaryDirectory(prefix="steerd-bench-") as directory:
        options.directory = pathlib.Path(directory)
        options.echo = options.directory / "echo"
        build(options.directory)
        scenario = servers.Scenario("services", options.clients)
        steerd = Weighted(scenario, compare.free_port(), options)
        echo = None
        try:
            echo = servers.Echo(scenario, compare.free_port(), options)
            options.rate = half_load(options, steerd) if options.rate == "half" else int(options.rate)
            return 0 if print_tables(options, *measure(options, echo, steerd)) else 1
        finally:
            for server in filter(None, (echo, steerd)):
                server.stop()


if __name__ == "__main__":
    sys.exit(main())
