# SPDX-License-Identifier: GPL-3.0-or-later
"""A program is told of events, with none of the server's rights, and stops nobody."""
import json
import os
import stat
import time

import pytest

from harness import pool, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def steering():
    return world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)})


@pytest.fixture
def program(daemon):
    """Writes a script for /bin/sh; what it appends to $OUT can be read back."""
    out = daemon.directory / "out"
    out.mkdir()
    out.chmod(0o777)

    def make(script):
        path = daemon.directory / "notify"
        path.write_text("#!/bin/sh\nOUT=%s\n%s\n" % (out / "told", script))
        path.chmod(0o755)
        return ["notify", "an argument"]
    make.told = lambda: (out / "told").read_text() if (out / "told").exists() else ""
    return make


def override(daemon, weight):
    reply = daemon.api("PUT", "/v1/pools/us/endpoints/a/override", {"weight": weight})
    assert reply.status == 200, reply.text


def metric(daemon, name):
    for line in daemon.api("GET", "/metrics", token=None).text.splitlines():
        if line.startswith(name + " "):
            return int(line.split()[1])
    return None


def test_each_event_comes_by_standard_input_in_order(daemon, program):
    command = program('cat >> $OUT; echo " $1 $STEERD_EVENT_KIND $STEERD_EVENT_NUMBER" >> $OUT')
    daemon.start(steering(), event_command={"command": command, "events": ["override"]})
    for weight in (3, 4, 5):
        override(daemon, weight)
    wait_until(lambda: program.told().count("\n") == 3, 20, "three runs")
    told = []
    for line in program.told().splitlines():
        event, rest = line[:line.rindex("}") + 1], line[line.rindex("}") + 1:].strip()
        told.append(json.loads(event))
        assert rest == "an argument override %d" % told[-1]["number"]
    assert told == daemon.api("GET", "/v1/events?after=0&kind=override").json["items"]
    wait_until(lambda: metric(daemon, 'steerd_event_command_total{result="done"}') == 3, 10, "the counter")


def test_it_has_no_rights_of_the_server(daemon, program):
    command = program('(id -u; ls /proc/self/fd | wc -l; grep -E "NoNewPrivs|CapEff" /proc/self/status; pwd) >> $OUT')
    daemon.start(steering(), event_command={"command": command, "events": ["override"]})
    override(daemon, 3)
    wait_until(lambda: program.told().count("\n") == 5, 20, "a run")
    user, descriptors, capabilities, no_new, directory = program.told().splitlines()
    assert user != "0" and int(descriptors) <= 5 and directory == "/"
    assert capabilities.split()[1] == "0" * 16 and no_new.split()[1] == "1"


def test_what_fails_is_counted_and_said(daemon, program):
    command = program('echo "no such team"; exit 3')
    daemon.start(steering(), event_command={"command": command, "events": ["override"]})
    override(daemon, 3)
    override(daemon, 4)
    wait_until(lambda: metric(daemon, 'steerd_event_command_total{result="failed"}') == 2, 20, "the counter")
    assert daemon.log.count("exit 3: no such team") == 1  # it is not said for each


def test_one_that_hangs_is_killed_with_its_children_and_stops_nobody(daemon, program):
    command = program('sleep 1000 & echo $! >> $OUT; yes > /dev/stdout')
    daemon.start(steering(), event_command={"command": command, "events": ["override"], "timeout": "300ms"})
    started = time.monotonic()
    for weight in range(20):
        override(daemon, weight)
    assert daemon.answer("www.example.test")
    wait_until(lambda: metric(daemon, 'steerd_event_command_total{result="failed"}') >= 2, 20, "the counter")
    assert "it has not ended within 300ms" in daemon.log
    children = [int(line) for line in program.told().split()]
    wait_until(lambda: not is_alive(children[0]), 10, "the child is gone")


def is_alive(pid):
    try:
        return open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_the_queue_is_bounded_and_the_server_stops_at_once(daemon, program):
    command = program("sleep 1000")
    daemon.start(steering(), event_command={"command": command, "timeout": "10m"})
    change = lambda one: {"state": "drain"} if one % 2 else {"weight": one}
    for one in range(1100):
        reply = daemon.api("PUT", "/v1/pools/us/endpoints/a/override", change(one))
        assert reply.status == 200
    wait_until(lambda: metric(daemon, 'steerd_event_command_total{result="dropped"}') >= 90, 20, "some are dropped")
    assert metric(daemon, "steerd_event_command_waiting") <= 1001
    began = time.monotonic()
    daemon.stop()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("wrong", [{"command": []}, {"command": ["no/such/program"]},
                                   {"command": ["/bin/true"], "events": ["weather"]}, {"command": ["/bin/true"], "timeout": "1h"}])
def test_wrong_commands_are_found_by_check(daemon, wrong):
    daemon.configure(steering(), event_command=wrong)
    checked = daemon.check()
    assert checked.returncode == 1 and "/event_command" in checked.stderr, checked.stderr
