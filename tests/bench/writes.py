#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many weight changes a second become durable, and what DNS feels of it.

Starts steerd on loopback, and write_load.c against it: queries alone, then with 32 clients that change weights, in
turns.  Prints one line of JSON a round and a summary."""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import harness  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def steering(clients):
    endpoints = {"e%d" % i: {"ipv4": "127.0.10.%d" % (i + 1), "weight": 1} for i in range(max(clients, 1))}
    return harness.world({"www": {"policy": "p"}}, {"p": {"policy": "weighted", "endpoints": endpoints}})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steerd", default="build/release/steerd")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--dns-rate", type=int, default=20000, help="queries a second")
    parser.add_argument("--state", help="directory to work in, on the disk to be measured")
    wanted = parser.parse_args()
    harness.STEERD = str(pathlib.Path(wanted.steerd).resolve())
    if wanted.state:
        tempfile.tempdir = wanted.state
    daemon = harness.Daemon()
    load = daemon.directory / "write_load"
    try:
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-pthread", "-o", str(load), str(HERE / "write_load.c")], check=True)
        daemon.start(steering(wanted.clients))
        rounds = {False: [], True: []}
        for number in range(2 * wanted.rounds):
            writes = number % 2 == 1
            command = [str(load), str(daemon.api_port), daemon.token, str(daemon.dns_port),
                       str(wanted.clients if writes else 0), str(wanted.seconds), str(wanted.dns_rate)]
            if not writes and not wanted.dns_rate:
                continue
            line = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rounds[writes].append(line)
            print(json.dumps({"writes": writes, **line}), flush=True)
        rate = statistics.median(line["writes_per_s"] for line in rounds[True])
        print("durable weight changes a second from %d clients: %d" % (wanted.clients, rate))
        if wanted.dns_rate:
            alone, beside = (statistics.median(line["dns_p99_us"] for line in rounds[one]) for one in (False, True))
            print("DNS p99 at %d queries/s: %d us alone, %d us beside the writes" % (wanted.dns_rate, alone, beside))
        daemon.stop()
    finally:
        if daemon.process is not None:
            daemon.kill()
        shutil.rmtree(daemon.directory, ignore_errors=True)


if __name__ == "__main__":
    main()
