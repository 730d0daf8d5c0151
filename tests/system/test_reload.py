# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones are read anew while questions come in at a steady rate: none is lost, none gets a wrong answer."""
import selectors
import socket
import struct
import threading
import time

import pytest

from harness import SOA, wait_until
from wire import SOA as SOA_TYPE
from wire import Message, query

RATE = 1500  # questions a second
SOCKETS = 8  # so that all workers are asked
TXT = 16
NAMES = ["marker", "any.wild", "alias", "deep.in.a.tree"]


def zone(number, more=""):
    """All that a question can see of it says which number it is."""
    lines = ["$ORIGIN example.test.", SOA.replace(" 1 7200", " %d 7200" % number), "@ 3600 IN NS ns1",
             "ns1 3600 IN A 192.0.2.1", "alias 60 IN CNAME marker"]
    for owner in ("marker", "*.wild", "deep.in.a.tree"):
        lines += ['%s 60 IN TXT "%d" "%s"' % (owner, number, part) for part in "abc"]
    lines += ["n%d 60 IN A 192.0.2.%d" % (i, (i + number) % 256) for i in range(number % 7 * 50)]
    return "\n".join(lines) + "\n" + more


class Load(threading.Thread):
    """Asks at a steady rate and notes what is wrong."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.is_over = port, False
        self.asked, self.answered, self.mistakes = 0, 0, []
        self.newest = [0] * SOCKETS  # by socket: its questions are answered in order
        self.waiting = [{} for _ in range(SOCKETS)]

    def run(self):
        selector, sockets = selectors.DefaultSelector(), []
        for index in range(SOCKETS):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.connect(("127.0.0.1", self.port))
            udp.setblocking(False)
            selector.register(udp, selectors.EVENT_READ, index)
            sockets.append(udp)
        begin = time.monotonic()
        while not self.is_over:
            due = int((time.monotonic() - begin) * RATE)
            while self.asked < due:
                self.ask(sockets)
            self.read(selector, sockets, 1 / RATE)
        deadline = time.monotonic() + 5
        while any(self.waiting) and time.monotonic() < deadline:
            self.read(selector, sockets, 0.05)
        for udp in sockets:
            udp.close()

    def ask(self, sockets):
        index, ident = self.asked % SOCKETS, self.asked // SOCKETS & 0xffff
        labels = NAMES[self.asked // SOCKETS % len(NAMES)].split(".") + ["example", "test"]
        qname = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
        kind = SOA_TYPE if self.asked % 5 == 0 else TXT
        if kind == SOA_TYPE:
            qname = b"\7example\4test\0"
        self.waiting[index][ident] = (qname, kind)
        sockets[index].send(query(ident, qname, kind, 1232))
        self.asked += 1

    def read(self, selector, sockets, seconds):
        for key, _ in selector.select(seconds):
            try:
                while True:
                    self.judge(key.data, Message(sockets[key.data].recv(65535)))
            except BlockingIOError:
                pass

    def judge(self, index, reply):
        asked = self.waiting[index].pop(reply.id, None)
        if asked is None:
            self.mistakes.append("a second reply: %r" % reply)
            return
        self.answered += 1
        numbers = set()
        for record in reply.answer:
            if record.type == TXT:
                numbers.add(int(record.rdata[1:1 + record.rdata[0]]))
            elif record.type == SOA_TYPE:
                numbers.add(struct.unpack(">I", record.rdata[-20:-16])[0])
        expected = 1 if asked[1] == SOA_TYPE else 4 if b"\5alias" in asked[0] else 3
        if reply.rcode != 0 or len(reply.answer) != expected or len(numbers) != 1:
            self.mistakes.append("neither the old nor the new: %r" % reply)
            return
        number = numbers.pop()
        if number < self.newest[index]:
            self.mistakes.append("%d after %d" % (number, self.newest[index]))
        self.newest[index] = number

    def finish(self):
        self.is_over = True
        self.join(20)
        lost = sum(map(len, self.waiting))
        assert self.asked > 20 and not self.mistakes, self.mistakes[:5]
        assert lost == 0 and self.answered == self.asked, "%d of %d lost" % (lost, self.asked)
        return self


@pytest.fixture
def server(daemon):
    daemon.write("zones/example.test.zone", zone(1))
    return daemon.start({"zones": {"example.test": {"file": "zones/example.test.zone"}}})


@pytest.fixture
def load(server):
    load = Load(server.dns_port)
    load.start()
    yield load
    load.finish()


def put(server, number, more=""):
    server.write("zones/example.test.zone", zone(number, more))
    server.hangup()


def serves(server, number):
    return server.answer("marker.example.test", "TXT")[:1] == ['"%d" "a"' % number]


def import_error(server):
    return server.api("GET", "/v1/status").json["import_error"] or ""


def test_twenty_reloads_lose_and_falsify_nothing(server, load):
    for number in range(2, 22):
        put(server, number)
        wait_until(lambda: serves(server, number), 10, "zone %d" % number)
        answered = load.answered
        wait_until(lambda: load.answered > answered + 100, 10, "answers from zone %d" % number)
    assert load.finish().newest == [21] * SOCKETS


def test_a_storm_of_reloads_loses_and_falsifies_nothing(server, load):
    """Faster than they can be read: some are passed over, the last one counts."""
    for number in range(2, 202):
        put(server, number)
    wait_until(lambda: serves(server, 201), 20, "the last zone")
    assert server.answer("alias.example.test", "TXT")


def test_a_broken_zone_file_changes_nothing_and_is_named(server, load):
    put(server, 2)
    wait_until(lambda: serves(server, 2), 10, "zone 2")
    line = zone(3).count("\n") + 1
    put(server, 3, "broken 60 IN A 192.0.2.256\n")
    place = "example.test.zone:%d" % line
    wait_until(lambda: place in server.log, 10, "%s in the log:\n%s" % (place, server.log))
    wait_until(lambda: place in import_error(server), 10, "%s in the status" % place)
    assert serves(server, 2)
    put(server, 4)
    wait_until(lambda: serves(server, 4), 10, "zone 4")
    wait_until(lambda: not import_error(server), 10, "no error any more")


@pytest.mark.parametrize("more,why", [
    ("x 60 IN CNAME marker\nx 60 IN A 192.0.2.1\n", "CNAME"),
    ("@ 60 IN SOA . . 1 2 3 4 5\n", "SOA"),
    ("x 60 IN NOTYPE 1\n", ""),
    ("x 60 IN A\n", ""),
    ("$INCLUDE nowhere.zone\n", "nowhere.zone"),
], ids=["CNAME and other data", "two SOAs", "unknown type", "no rdata", "missing file"])
def test_what_makes_a_zone_ambiguous_keeps_the_old_one(server, more, why):
    put(server, 2, more)
    wait_until(lambda: "example.test.zone:" in server.log and why in server.log, 10, server.log)
    assert serves(server, 1)
    put(server, 3)
    wait_until(lambda: serves(server, 3), 10, "zone 3")


def test_a_zone_file_that_vanishes_keeps_the_old_zone(server, load):
    (server.directory / "zones/example.test.zone").unlink()
    server.hangup()
    wait_until(lambda: "example.test.zone" in import_error(server), 10, server.log)
    assert serves(server, 1)
    put(server, 2)
    wait_until(lambda: serves(server, 2), 10, "zone 2")
