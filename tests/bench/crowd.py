#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a crowd of idle connections at the API costs: memory, and the time of an answer by DNS and by the API.

Asks in turns with and without the crowd, so that a busy machine disturbs both alike."""
import argparse
import pathlib
import resource
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import harness  # noqa: E402


def memory_kb(daemon):
    for line in pathlib.Path("/proc/%d/status" % daemon.process.pid).read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])


def timed_us(count, ask):
    times = []
    for _ in range(count):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1e6)
    return sorted(times)


def figures(times):
    return "median %5.0f us, p99 %5.0f us" % (statistics.median(times), times[int(len(times) * 0.99)])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steerd", default="build/release/steerd")
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--queries", type=int, default=2000, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    harness.STEERD = str(pathlib.Path(wanted.steerd).resolve())
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted.connections + 500, hard))
    daemon = harness.Daemon()
    daemon.start(harness.world({"www": {"policy": "us"}}, {"us": harness.pool("weighted", "192.0.2.1")}))
    query = daemon.message("www.example.test").to_wire()
    times = {kind: {False: [], True: []} for kind in ("DNS", "API")}
    before_kb = memory_kb(daemon)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", daemon.dns_port))

        def ask_dns():
            udp.send(query)
            udp.recv(4096)
        for number in range(2 * wanted.rounds):
            crowd = [socket.create_connection(("127.0.0.1", daemon.api_port), 20, ("127.0.1.%d" % (i % 8 + 1), 0))
                     for i in range(wanted.connections if number % 2 else 0)]
            beside = bool(crowd)
            if beside:
                print("%d connections: %.1f KB each" % (len(crowd), (memory_kb(daemon) - before_kb) / len(crowd)))
            times["DNS"][beside] += timed_us(wanted.queries, ask_dns)
            times["API"][beside] += timed_us(wanted.queries // 20, lambda: daemon.api("GET", "/v1/status"))
            for stream in crowd:
                stream.close()
    for kind, both in times.items():
        for beside, title in ((False, "alone"), (True, "with the crowd")):
            print("%s %-15s %s" % (kind, title, figures(sorted(both[beside]))))
    daemon.stop()
    daemon.finish()


if __name__ == "__main__":
    main()
