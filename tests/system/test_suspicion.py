# SPDX-License-Identifier: GPL-3.0-or-later
"""When everything falls silent at once, it is our own cable that was pulled."""
import socket
import time

import pytest

from harness import free_port, pool, quick_check, wait_until, world

COUNT = 12


class Host:
    """Accepts connections, refuses them, or lets packets vanish: a full queue answers no SYN."""

    def __init__(self, address, port):
        self.place, self.fillers = (address, port), []
        self.listener = None
        self.reply()

    def reply(self):
        """The kernel accepts for us: a tcp check is content."""
        self.close()
        self.listener = self.listen(1000)

    def vanish(self):
        self.close()
        self.listener = self.listen(0)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.place)
            self.fillers.append(filler)

    def listen(self, backlog):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self.place)
        listener.listen(backlog)
        return listener

    def close(self):
        """From now on it refuses."""
        for one in self.fillers + ([self.listener] if self.listener else []):
            one.close()
        self.fillers, self.listener = [], None


@pytest.fixture
def hosts():
    port = free_port()
    made = [Host("127.0.%d.9" % (60 + i), port) for i in range(COUNT)]
    yield made
    for host in made:
        host.close()


def steering(hosts, count=COUNT, **check):
    endpoints = {"e%d" % i: {"ipv4": host.place[0]} for i, host in enumerate(hosts[:count])}
    check = {"type": "tcp", "port": hosts[0].place[1], "interval": "400ms", "timeout": "300ms", "fall": 2, "rise": 2,
             **check}
    return world({"www": {"policy": "all", "when_all_down": "servfail"}},
                 {"all": {"policy": "round_robin", "check": "web", "endpoints": endpoints}}, checks={"web": check})


def verdicts(daemon):
    items = daemon.api("GET", "/v1/endpoints").json["items"]
    return [one["health"]["verdict"] for one in items]


def suspects(daemon):
    return daemon.api("GET", "/v1/status").json["suspicion"]["suspects_itself"]


def checks_failed(daemon):
    return daemon.api("GET", "/v1/status").json["checks"]["failed"]


def start(daemon, hosts, count=COUNT, node=None, **check):
    daemon.start(steering(hosts, count, **check), **(node or {}))
    wait_until(lambda: verdicts(daemon) == ["up"] * count, 10, "all up")


def kinds(daemon):
    items = daemon.api("GET", "/v1/events?after=0&kind=suspicion").json["items"]
    return [(one["was"], one["state"]) for one in items]


@pytest.mark.parametrize("fall", [1, 3])
def test_verdicts_stand_while_everything_is_silent_and_go_on_afterwards(daemon, hosts, fall):
    start(daemon, hosts, fall=fall)
    for host in hosts:
        host.vanish()
    wait_until(lambda: suspects(daemon), 10, "an alarm")
    failed = checks_failed(daemon)
    wait_until(lambda: checks_failed(daemon) > failed + 5 * COUNT, 20, "many more failures")
    assert verdicts(daemon) == ["up"] * COUNT
    assert daemon.query("www.example.test").rcode() == 0
    assert "steerd_suspects_itself 1" in daemon.api("GET", "/metrics", token=None).text
    assert "suspects itself" in daemon.log and "SUSPECTS ITSELF" in daemon.steerctl("status").stdout
    for host in hosts[1:]:
        host.reply()
    wait_until(lambda: not suspects(daemon), 10, "trust again")
    wait_until(lambda: verdicts(daemon) == ["down"] + ["up"] * (COUNT - 1), 20, "the one that stays silent")
    assert kinds(daemon) == [("trusts", "suspects"), ("suspects", "trusts")]
    assert "steerd_suspects_itself 0" in daemon.api("GET", "/metrics", token=None).text
    history = daemon.api("GET", "/v1/events?after=0&kind=endpoint").json["items"]
    fell = [one["subject"] for one in history if one["state"] == "down"]
    assert set(fell) - {"all/e0"} == set() or fall == 1  # with fall 1 the first may fall before the alarm


def test_refusals_are_replies_and_are_believed(daemon, hosts):
    start(daemon, hosts)
    for host in hosts:
        host.close()
    wait_until(lambda: verdicts(daemon) == ["down"] * COUNT, 10, "all down")
    assert not suspects(daemon) and kinds(daemon) == []


def test_a_refusal_is_believed_also_while_all_others_are_silent(daemon, hosts):
    start(daemon, hosts)
    for host in hosts:
        host.vanish()
    wait_until(lambda: suspects(daemon), 10, "an alarm")
    hosts[0].close()
    wait_until(lambda: verdicts(daemon) == ["down"] + ["up"] * (COUNT - 1), 10, "the one that refuses")
    assert suspects(daemon)


def test_nine_endpoints_are_too_few_to_tell(daemon, hosts):
    start(daemon, hosts, count=9)
    for host in hosts:
        host.vanish()
    wait_until(lambda: verdicts(daemon) == ["down"] * 9, 10, "all down")
    assert not suspects(daemon)


def test_silent_references_freeze_the_verdicts_of_few_endpoints(daemon, hosts):
    targets = ["%s:%d" % host.place for host in hosts[10:]]
    start(daemon, hosts, count=3, node={"reference_targets": targets})
    for host in hosts:
        host.vanish()
    wait_until(lambda: suspects(daemon), 10, "an alarm")
    wait_until(lambda: verdicts(daemon) == ["up"] * 3, 5, "verdicts as they were")
    failed = checks_failed(daemon)
    wait_until(lambda: checks_failed(daemon) > failed + 12, 10, "more failures")
    assert verdicts(daemon) == ["up"] * 3
    hosts[11].reply()
    wait_until(lambda: not suspects(daemon), 10, "trust again")
    wait_until(lambda: verdicts(daemon) == ["down"] * 3, 10, "their silence is believed now")


def test_references_that_reply_say_that_it_is_not_us(daemon, hosts):
    port = hosts[0].place[1]
    reference = Host("127.0.80.9", port)
    start(daemon, hosts, node={"reference_targets": ["127.0.80.9:%d" % port]})
    for host in hosts:
        host.vanish()
    wait_until(lambda: verdicts(daemon) == ["down"] * COUNT, 10, "all down")
    assert not suspects(daemon)
    reference.close()


def test_monitors_that_all_fall_silent_together_take_nobody_down(daemon):
    endpoints = {"e%d" % i: {"ipv4": "127.0.%d.9" % (60 + i)} for i in range(COUNT)}
    daemon.start(world({"www": {"policy": "all", "when_all_down": "servfail"}},
                       {"all": {"policy": "round_robin", "check": "beat", "endpoints": endpoints}},
                       checks={"beat": {"type": "push", "ttl": "1s"}}))
    everybody = {"reports": [{"endpoint": "all/" + name, "status": "up"} for name in endpoints]}
    assert daemon.api("POST", "/v1/checks/beat/report", everybody).status == 200
    wait_until(lambda: verdicts(daemon) == ["up"] * COUNT, 10, "all up")
    wait_until(lambda: suspects(daemon), 20, "suspicion")
    assert verdicts(daemon) == ["up"] * COUNT
    assert daemon.api("POST", "/v1/checks/beat/report", everybody).status == 200
    wait_until(lambda: not suspects(daemon), 20, "trust")


def test_programs_that_hang_all_together_take_nobody_down(daemon):
    switch = daemon.directory / "cut"
    program = daemon.directory / "probe"
    program.write_text("#!/bin/sh\nif [ -e %s ]; then sleep 60; fi\n" % switch)
    program.chmod(0o755)
    endpoints = {"e%d" % i: {"ipv4": "127.0.%d.9" % (60 + i)} for i in range(COUNT)}
    check = {"type": "exec", "command": [str(program)], "interval": "1s", "timeout": "900ms", "fall": 1, "rise": 1}
    daemon.start(world({"www": {"policy": "all", "when_all_down": "servfail"}},
                       {"all": {"policy": "round_robin", "check": "run", "endpoints": endpoints}},
                       checks={"run": check}), exec_checks=True)
    wait_until(lambda: verdicts(daemon) == ["up"] * COUNT, 20, "all up")
    switch.touch()
    wait_until(lambda: suspects(daemon), 20, "suspicion")
    assert verdicts(daemon) == ["up"] * COUNT
