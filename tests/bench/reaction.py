#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon the next answer is another one: overrides, weights, a new service, a dead backend, among many services.

    tests/bench/reaction.py [--services 100000] [--rounds 300]

Each change is timed from the API's reply to the first changed answer, and from the request on; how many questions that took
is told, too, and how long one takes when nothing changes: a change that the first question shows was there before it was
asked.  Meanwhile another program asks 20,000 queries a second, and none of them may be lost.
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import compare
import machine
import servers
from servers import Scenario, ZONE

POOLS = 1000
CHECK_MS = 200
WEIGHT_MOST = 65535  # beside a weight of 1: the first answer has it, but for one of many


class Many(servers.Steerd):
    """Services that share a thousand pools of two endpoints; the last pool's first endpoint is checked."""

    def prepare(self):
        command = super().prepare()
        path = self.directory / "steering.json"
        steering = json.loads(path.read_text())
        steering["checks"] = {"alive": {"type": "tcp", "port": self.options.backend_port, "interval": "%dms" % CHECK_MS,
                                        "timeout": "100ms", "rise": 1, "fall": 1}}
        steering["pools"] = {"p%d" % i: {"policy": "failover", "endpoints": {
            "a": {"ipv4": servers.address(2 * i), "weight": 3}, "b": {"ipv4": servers.address(2 * i + 1)}}}
            for i in range(POOLS)}
        checked = steering["pools"]["p%d" % (POOLS - 1)]["endpoints"]["a"]
        checked.update(ipv4="127.0.0.1", check="alive")
        steering["pools"]["weights"] = {"policy": "weighted", "endpoints": {
            "a": {"ipv4": "10.99.0.1", "weight": 1}, "b": {"ipv4": "10.99.0.2", "weight": 1}}}
        steering["zones"][ZONE]["services"]["weights"] = {"ttl": 60, "policy": "weights"}
        path.write_text(json.dumps(steering))
        return command

    def policy(self, i):
        return "p%d" % (i % POOLS)


class Asker:
    """One question, over and over, until the answer is what we wait for."""

    def __init__(self, port, name):
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        self.query = b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x01\x00\x01"
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.connect(("127.0.0.1", port))
        self.udp.settimeout(1)
        self.questions_most = 0

    def until(self, address, limit_s=10):
        """The time at which an answer with this address was there."""
        wanted, end, questions = socket.inet_aton(address), time.monotonic() + limit_s, 0
        while time.monotonic() < end:
            self.udp.send(self.query)
            questions += 1
            if self.udp.recv(512).endswith(wanted):
                seen = time.monotonic()
                self.questions_most = max(self.questions_most, questions)
                return seen
        raise RuntimeError("no answer with %s within %d s" % (address, limit_s))


def call(connection, headers, method, path, body):
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    reply = connection.getresponse()
    text = reply.read()
    if reply.status >= 300:
        raise RuntimeError("%s %s: %d %s" % (method, path, reply.status, text.decode()))


def time_changes(server, change, asker, rounds):
    """`change(round)` asks the API and gives the address that must come; lists of µs after the reply and in all."""
    after, whole = [], []
    for index in range(rounds):
        begin = time.monotonic()
        address = change(index)
        replied = time.monotonic()
        seen = asker.until(address)
        after.append((seen - replied) * 1e6)
        whole.append((seen - begin) * 1e6)
    return after, whole


def figures(values):
    ordered = sorted(values)
    return "%.0f | %.0f | %.0f" % (statistics.median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1])


def time_questions(asker, address, rounds):
    """What a question takes after a pause as long as a change, in µs."""
    took = []
    for _ in range(rounds):
        time.sleep(0.001)
        begin = time.monotonic()
        took.append((asker.until(address) - begin) * 1e6)
    return took


class Background:
    """The load program beside the changes, as one JSON result at the end."""

    def __init__(self, server, options, questions, seconds, extra):
        command = machine.pin(machine.two_cpus(options.unpinned)[1])
        command += ["nice", "-n", "-19"] if os.geteuid() == 0 else []
        command += [str(options.load), "--port", str(server.port), "--queries", str(questions), "--seconds", str(seconds),
                    "--any-rcode"] + extra
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self):
        return json.loads(self.process.communicate()[0])


def measure_changes(server, options, questions):
    connection, headers = server.api()
    overrides = "/v1/pools/p7/endpoints/a/override"

    def override(index):
        call(connection, headers, "PUT", overrides, {"state": "down" if index % 2 == 0 else "up"})
        return servers.address(15 if index % 2 == 0 else 14)

    def weight(index):
        call(connection, headers, "PATCH", "/v1/pools/weights/endpoints/a", {"weight": 0 if index % 2 == 0 else WEIGHT_MOST})
        return "10.99.0.2" if index % 2 == 0 else "10.99.0.1"

    def service(index):
        call(connection, headers, "PUT", "/v1/zones/%s/services/fresh" % ZONE, {"ttl": 5, "policy": "p%d" % (index + 8)})
        return servers.address(2 * (index + 8))

    call(connection, headers, "PATCH", "/v1/pools/weights/endpoints/a", {"weight": WEIGHT_MOST})
    name = servers.Scenario.owner(server.scenario, 7)
    kinds = [("override", override, name, options.rounds), ("weight", weight, "weights", options.rounds),
             ("service", service, "fresh", min(options.rounds, 200))]
    print("| change | after the reply, µs: p50 | p99 | most | questions, at most | from the request, µs: p50 | p99 | most | CPU ms | lost |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    alone = time_questions(Asker(server.port, "%s.%s" % (servers.Scenario.owner(server.scenario, 9), ZONE)), servers.address(18),
                           options.rounds)
    print("| a question without any | %s | 1 | | | | | |" % figures(alone))
    for title, change, owner, rounds in kinds:
        asker = Asker(server.port, "%s.%s" % (owner, ZONE))
        before = machine.Used.by(server.pids())
        after, whole = time_changes(server, change, asker, rounds)
        most = asker.questions_most
        used = machine.Used.by(server.pids()).since(before).total / rounds * 1e3
        background = Background(server, options, questions, 5, ["--rate", "20000"])
        time.sleep(0.5)  # let it begin; the changes need not be timed here
        time_changes(server, change, asker, rounds // 2)
        print("| %s | %s | %d | %s | %.2f | %d |" % (title, figures(after), most, figures(whole), used, background.result()["lost"]))
    connection.close()


def accept_all(backend):
    """Takes and drops connections until the backend is closed."""
    while True:
        try:
            backend.accept()[0].close()
        except OSError:
            return


def measure_death(server, backend):
    """A backend that stops listening: from its end to the first changed answer."""
    asker = Asker(server.port, "%s.%s" % (server.scenario.owner(POOLS - 1), ZONE))
    asker.until("127.0.0.1")
    backend.shutdown(socket.SHUT_RDWR)
    died = time.monotonic()
    seen = asker.until(servers.address(2 * POOLS - 1))
    print("a dead backend, checked every %d ms: another answer after %.1f ms" % (CHECK_MS, (seen - died) * 1e3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steerd", type=pathlib.Path, default=compare.TOP / "build/release/steerd")
    parser.add_argument("--services", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--unpinned", action="store_true")
    options = parser.parse_args()
    options.threads, options.steerd = 1, options.steerd.resolve()
    with machine.going_first(), tempfile.TemporaryDirectory(prefix="steerd-bench-") as directory, socket.create_server(("127.0.0.1", 0)) as backend:
        directory = pathlib.Path(directory)
        threading.Thread(target=accept_all, args=(backend,), daemon=True).start()
        compare.build(directory)
        options.load, options.backend_port = directory / "load", backend.getsockname()[1]
        scenario = Scenario("services", options.services)
        (directory / "questions").write_text("".join(scenario.questions()))
        server = Many(scenario, compare.free_port(), options, machine.two_cpus(options.unpinned)[0])
        try:
            time.sleep(3)  # what the start left to be stored is no change's cost
            print("%d services: ready after %.2f s, %.0f MiB\n" % (
                options.services, server.ready_s, machine.memory_mib(server.pids())))
            measure_changes(server, options, directory / "questions")
            measure_death(server, backend)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
