# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes: what a message may look like, and what must not be answered at all."""
import os
import random
import socket
import struct
import subprocess

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import pytest

from harness import IS_LONG, ROOT, world

MANY = ["many 60 IN TXT \"%03d %s\"" % (i, "x" * 60) for i in range(60)]  # above 4096 bytes


@pytest.fixture(scope="module")
def server(shared_daemon):
    services = {"www": {"ttl": 30, "policy": {"weighted": [{"ipv4": "192.0.2.80"}]}}}
    records = MANY + ["static 60 IN A 192.0.2.7", "deep.ent 60 IN A 192.0.2.8", "mail 60 IN MX 10 static",
                      "*.wild 60 IN CNAME www", "old 60 IN DNAME wild", "sub 60 IN NS ns.sub", "ns.sub 60 IN A 192.0.2.9"]
    return shared_daemon.start(world(services, records=records), nsid="ns-seven")


def is_alive(server):
    """Asks again if need be: after a flood its socket buffer may be full."""
    for _ in range(5):
        try:
            return server.answer("static.example.test") == ["192.0.2.7"]
        except dns.exception.Timeout:
            pass
    return False


# ---- what is dropped

def test_a_reply_is_never_answered(server):
    message = server.message("static.example.test")
    message.flags |= dns.flags.QR
    assert server.raw(message.to_wire()) is None
    assert is_alive(server)


@pytest.mark.parametrize("packet", [b"", b"x", b"\0" * 11, b"\xff" * 11], ids=["empty", "one byte", "zeros", "ones"])
def test_less_than_a_header_is_dropped(server, packet):
    assert server.raw(packet) is None
    assert is_alive(server)


def udp_from_port_zero(port, payload):
    """An IPv4 datagram on loopback whose source port is 0; needs root."""
    def checksum(data):
        data += b"\0" * (len(data) % 2)
        total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        return ~total & 0xffff
    local = socket.inet_aton("127.0.0.1")
    header = struct.pack(">HHHH", 0, port, 8 + len(payload), 0)
    pseudo = local + local + struct.pack(">BBH", 0, 17, 8 + len(payload))
    header = header[:6] + struct.pack(">H", checksum(pseudo + header + payload))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        raw.sendto(header + payload, ("127.0.0.1", 0))


def counter(server, name):
    lines = server.api("GET", "/metrics", token=None).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


def test_a_query_from_port_zero_is_dropped(server):
    before = counter(server, "steerd_dns_responses_total")
    try:
        udp_from_port_zero(server.dns_port, server.message("static.example.test").to_wire())
    except PermissionError:
        pytest.skip("needs root")
    assert is_alive(server)
    assert counter(server, "steerd_dns_responses_total") == before + 1  # that of is_alive


# ---- odd questions

def header(flags=0, questions=1, answers=0, authorities=0, additionals=0):
    return struct.pack(">6H", 0x1234, flags, questions, answers, authorities, additionals)


@pytest.mark.parametrize("kind", [0, 41, 128, 249, 250, 251, 252, 253, 254, 255, 256, 32769, 65280, 65535])
@pytest.mark.parametrize("name", ["www", "static", "ent", "deep.ent", "nowhere", "*"])
def test_any_type_number_may_be_asked(server, name, kind):
    question = dns.name.from_text(name + ".example.test.").to_wire() + struct.pack(">HH", kind, 1)
    reply = server.raw(header() + question)
    assert reply is not None and reply[:2] == b"\x12\x34"
    assert is_alive(server)


# ---- malformed questions

@pytest.mark.parametrize("packet", [
    header(questions=0),
    header(questions=2) + b"\1a\0\0\1\0\1" * 2,
    header() + b"\1a",
    header() + b"\x40a\0\0\1\0\1",
    header() + b"\xc0\x0c\0\1\0\1",
    header() + b"\1a\0\0\1",
    header() + b"\x3f" + b"a" * 63 * 4 + b"\0\0\1\0\1",
    header(additionals=1) + b"\1a\0\0\1\0\1" + b"\0\0\x29\x04\xd0\0\0\0\0\0\x09",
    header(additionals=2) + b"\1a\0\0\1\0\1" + b"\0\0\x29\x04\xd0\0\0\0\0\0\0" * 2,
], ids=["no question", "two questions", "cut name", "reserved label", "pointer to itself", "no class", "long name",
        "cut OPT", "two OPTs"])
def test_malformed_queries_get_formerr_with_their_id(server, packet):
    reply = server.raw(packet)
    assert reply is not None and reply[:2] == b"\x12\x34"
    assert reply[2] & 0x80 and reply[3] & 0x0f == dns.rcode.FORMERR
    assert is_alive(server)


# ---- EDNS

def test_an_edns_query_gets_an_edns_reply_and_a_plain_one_does_not(server):
    assert server.query("static.example.test").edns == 0
    assert server.query("static.example.test").payload == 1232
    assert server.query("static.example.test", edns=False).edns == -1


def test_an_edns_version_of_the_future_gets_badvers(server):
    message = server.message("static.example.test")
    message.use_edns(1)
    reply = server.send(message)
    assert reply.rcode() == dns.rcode.BADVERS and reply.edns == 0 and not reply.answer


def test_unknown_options_are_ignored(server):
    message = server.message("static.example.test")
    message.use_edns(0, options=[dns.edns.GenericOption(65001, b"what is this")])
    reply = server.send(message)
    assert reply.rcode() == dns.rcode.NOERROR
    assert not any(option.otype == 65001 for option in reply.options)


def test_the_server_names_itself_when_asked(server):
    message = server.message("static.example.test")
    message.use_edns(0, options=[dns.edns.GenericOption(dns.edns.NSID, b"")])
    assert [option.data for option in server.send(message).options if option.otype == dns.edns.NSID] == [b"ns-seven"]
    assert not any(option.otype == dns.edns.NSID for option in server.query("static.example.test").options)


# ---- size

@pytest.mark.parametrize("edns,payload,limit", [
    (False, 0, 512), (True, 0, 512), (True, 512, 512), (True, 800, 800), (True, 1232, 1232), (True, 4096, 1232),
])
def test_a_large_answer_is_truncated_to_what_both_sides_take(server, edns, payload, limit):
    message = server.message("many.example.test", "TXT", edns=edns, payload=payload)
    packet = server.raw(message.to_wire())
    assert len(packet) <= limit
    reply = dns.message.from_wire(packet)
    assert reply.flags & dns.flags.TC


def test_tcp_carries_all_of_it(server):
    reply = server.query("many.example.test", "TXT", tcp=True)
    assert not reply.flags & dns.flags.TC
    assert len(reply.answer[0]) == 60


# ---- any bytes at all

PACKETS = int(os.environ.get("STEERD_MUTATED_PACKETS", "10000000" if IS_LONG else "200000"))
SEED = int(os.environ.get("STEERD_MUTATED_SEED", random.randrange(1 << 32)))


@pytest.fixture(scope="module")
def mutate(tmp_path_factory):
    """The sender and judge of tests/mutate, which is faster than anything here could be."""
    program = tmp_path_factory.mktemp("mutate") / "mutate"
    sources = sorted(str(path) for path in (ROOT / "tests" / "mutate").glob("*.c"))
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-o", str(program), *sources],
                   check=True)
    return program


def queries(server):
    """To start from: something of everything that a query can hold and an answer can be."""
    cookie, nsid = dns.edns.GenericOption(10, b"client's"), dns.edns.GenericOption(dns.edns.NSID, b"")
    messages = [server.message("static.example.test")]
    for name, kind, how in (
            ("www.example.test", "A", {"ecs": "193.0.0.0/24"}), ("www.example.test", "AAAA", {"ecs": "2a00:1000::/56"}),
            ("many.example.test", "TXT", {}), ("nowhere.example.test", "MX", {"edns": False}),
            ("a.b.c.d.example.test", "ANY", {}), ("x.wild.example.test", "A", {}), ("x.old.example.test", "AAAA", {}),
            ("x.sub.example.test", "A", {}), ("mail.example.test", "MX", {}), ("example.test", "SOA", {"payload": 512}),
            ("version.bind", "TXT", {"rdclass": "CH"})):
        messages.append(server.message(name, kind, **how))
    messages.append(server.message("static.example.test"))
    messages[-1].use_edns(0, options=[cookie, nsid])
    return "".join(message.to_wire().hex() + "\n" for message in messages)


def test_mutated_packets_are_answered_well_or_not_at_all(server, mutate):
    """Every query gets one reply that a strict parser accepts; what is none gets nothing."""
    print("STEERD_MUTATED_PACKETS=%d STEERD_MUTATED_SEED=%d" % (PACKETS, SEED))
    result = subprocess.run([str(mutate), str(server.dns_port), str(PACKETS), str(SEED)], input=queries(server),
                            capture_output=True, text=True, timeout=120 + PACKETS / 5000)
    assert result.returncode == 0, result.stdout + result.stderr
    assert is_alive(server)
