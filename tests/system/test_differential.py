# SPDX-License-Identifier: GPL-3.0-or-later
"""The same zones and questions to steerd, NSD and Knot: whatever they answer right, steerd answers right.

Every difference that is accepted is a rule in differences.py, which says why.  One without a rule fails the test and
shows the question and all replies.  STEERD_DIFFERENTIAL_WORLDS (of five to ten zones each) and
STEERD_DIFFERENTIAL_QUESTIONS (in each world) set the size; STEERD_DIFFERENTIAL_SEED repeats a run.
"""
import collections
import os
import random
import socket
import struct
import time

import dns.message
import pytest

import peers
from differences import judge
from harness import IS_LONG, Daemon
from wire import TC, Message, query, question
from zonegen import World

WORLDS = int(os.environ.get("STEERD_DIFFERENTIAL_WORLDS", "15" if IS_LONG else "2"))
QUESTIONS = int(os.environ.get("STEERD_DIFFERENTIAL_QUESTIONS", "7000" if IS_LONG else "2000"))
SEED = int(os.environ.get("STEERD_DIFFERENTIAL_SEED", random.randrange(1 << 32)))

WINDOW = 50  # questions under way at a time: their replies fit into a socket's buffer
LIMIT = 1232  # what all three are set to send at most over UDP


# ---- asking

def receive_exactly(stream, size):
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def ask_udp(port, packets):
    """One reply for each packet, by its id; asks again for what was lost."""
    replies = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        for _ in range(3):
            missing = {ident: packet for ident, packet in packets.items() if ident not in replies}
            if not missing:
                break
            for packet in missing.values():
                udp.send(packet)
            deadline = time.monotonic() + 5
            while len(replies) < len(packets) and time.monotonic() < deadline:
                udp.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    packet = udp.recv(65535)
                except socket.timeout:
                    break
                replies[struct.unpack_from(">H", packet)[0]] = packet
    return replies


def ask_tcp(port, packets):
    """All at once on one connection; replies come in any order."""
    replies = {}
    if not packets:
        return replies
    with socket.create_connection(("127.0.0.1", port), timeout=20) as stream:
        stream.sendall(b"".join(struct.pack(">H", len(packet)) + packet for packet in packets.values()))
        for _ in packets:
            size = struct.unpack(">H", receive_exactly(stream, 2))[0]
            packet = receive_exactly(stream, size)
            replies[struct.unpack_from(">H", packet)[0]] = packet
    return replies


class Case:
    """One question and what the servers said: `ours`, and `theirs` by their names."""

    def __init__(self, name, kind, payload, is_tcp):
        self.name, self.kind, self.payload, self.is_tcp = name, kind, payload, is_tcp
        self.limit = 65535 if is_tcp else min(max(payload or 512, 512), LIMIT)
        self.world, self.ours, self.theirs, self.full = None, None, {}, None

    def packet(self, ident):
        return query(ident, self.name, self.kind, self.payload)

    def describe(self):
        import dns.name
        import dns.rdatatype
        lines = ["%s %s, %s, %s" % (dns.name.from_wire(self.name, 0)[0], dns.rdatatype.to_text(self.kind),
                                    "TCP" if self.is_tcp else "UDP", "EDNS %s" % self.payload)]
        lines.append("steerd: %r" % self.ours)
        lines += ["%s: %r" % item for item in self.theirs.items()]
        return "\n".join(lines)


class Arena:
    """The three servers with one world of zones.  With services, steerd gives addresses by policies that the others
    have as records."""

    def __init__(self, rng, with_services=False):
        self.rng, self.world = rng, World(rng)
        self.world.services_of = self.world.choose_services() if with_services else {}
        self.daemon, self.peers = Daemon(), []

    def __enter__(self):
        files = self.world.master_files()
        zones = {}
        for index, apex in enumerate(files):
            chosen = self.world.services_of.get(apex, set())
            self.daemon.write("zones/%d.zone" % index, self.world.master_file(apex, chosen))
            zones[apex] = {"file": "zones/%d.zone" % index, "services": self.world.services(apex, chosen)}
        try:
            self.daemon.start({"zones": zones}, workers=1)
            for kind in (peers.Nsd, peers.Knot):
                self.peers.append(kind(files))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for peer in self.peers:
            peer.stop()
        self.daemon.finish()

    def cases(self, count):
        for start in range(0, count, WINDOW):
            window = {}
            for ident in range(start, min(start + WINDOW, count)):
                name, kind = self.world.question()
                payload = self.rng.choice((None, 512, 1232, 4096))
                case = Case(name, kind, payload, self.rng.random() < 0.15)
                case.world = self.world
                window[ident & 0xffff] = case
            self.ask(window)
            yield from window.values()

    def ask(self, window):
        packets = {ident: case.packet(ident) for ident, case in window.items()}
        udp = {ident: packets[ident] for ident, case in window.items() if not case.is_tcp}
        tcp = {ident: packets[ident] for ident, case in window.items() if case.is_tcp}
        for server in [None] + self.peers:
            port = self.daemon.dns_port if server is None else server.port
            replies = {**ask_udp(port, udp), **ask_tcp(port, tcp)}
            for ident, case in window.items():
                assert ident in replies, "no reply from %s\n%s" % (server and server.name or "steerd", case.describe())
                if server is None:
                    case.ours = strictly(replies[ident], case)
                else:
                    case.theirs[server.name] = Message(replies[ident], may_repeat=True)
        cut = {ident: packets[ident] for ident, case in window.items() if case.ours.has(TC)}
        for ident, packet in ask_tcp(self.daemon.dns_port, cut).items():
            window[ident].full = strictly(packet, window[ident], is_tcp=True)
            assert len(packet) > window[ident].limit, "truncated for nothing:\n" + window[ident].describe()


def strictly(packet, case, is_tcp=False):
    """Our reply must satisfy both parsers and repeat the question to the letter."""
    try:
        message = Message(packet)
        dns.message.from_wire(packet, ignore_trailing=False)
    except Exception as problem:
        raise AssertionError("%s\n%s\n%s" % (problem, case.describe(), packet.hex())) from problem
    assert message.question == question(case.name, case.kind), "the question came back otherwise:\n" + case.describe()
    assert len(packet) <= (65535 if is_tcp else case.limit), "longer than allowed:\n" + case.describe()
    assert (message.opt is not None) == (case.payload is not None), case.describe()
    return message


# ---- the test

@pytest.mark.skipif(not peers.is_there(), reason="NSD and Knot are not installed")
@pytest.mark.parametrize("world", range(WORLDS))
@pytest.mark.parametrize("with_services", [False, True], ids=["records", "services"])
def test_every_difference_from_nsd_and_knot_is_explained(world, with_services):
    seed = SEED + world
    print("STEERD_DIFFERENTIAL_SEED=%d STEERD_DIFFERENTIAL_WORLDS=1" % seed)
    used, complaints = collections.Counter(), []
    with Arena(random.Random(seed), with_services) as arena:
        for case in arena.cases(QUESTIONS):
            names, unexplained = judge(case)
            used.update(names)
            if unexplained:
                complaints.append("%s\n%s" % (", ".join(sorted(unexplained)), case.describe()))
    print("\n".join("%6d  %s" % (count, name) for name, count in used.most_common()))
    assert not complaints, "%d of %d:\n%s" % (len(complaints), QUESTIONS, "\n\n".join(complaints[:5]))
