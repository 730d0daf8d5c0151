# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages: what the compliance testers ask, bit by bit (RFC 1035, 6891, 7766, 7828, 7871, 8906, 9619)."""
import socket
import struct
import time

import dns.message
import pytest

from harness import world
from wire import AA, AD, CD, QR, RA, RD, SOA, TC, A, Message, question

Z = 0x0040
TXT, CLASS_IN, OPT = 16, 1, 41
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 3, 4, 5, 16
NSID, ECS, EXPIRE, COOKIE, KEEPALIVE, PADDING = 3, 8, 9, 10, 11, 12

LONG = [(b"l" * 63, b"l" * 63, b"l" * 63, b"l" * 48), (b"l" * 63,)]  # under example.test: 255 bytes; the longest label
MANY = ["many 60 IN TXT \"%03d %s\"" % (i, "x" * 60) for i in range(60)]
CASED = ["CamelCase 60 IN MX 10 Mail.Example.Test."]


def name(text):
    """Wire form of a name below example.test; "" is the apex."""
    labels = [label.encode() for label in text.split(".") if label] + [b"example", b"test"]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


WWW, APEX, BIG = name("www"), name(""), name("many")


def option(code, data=b""):
    return struct.pack(">HH", code, len(data)) + data


def opt(size=1232, version=0, flags=0, options=b"", owner=b"\0"):
    return owner + struct.pack(">HHBBHH", OPT, size, 0, version, flags, len(options)) + options


def message(section=question(WWW, A), *more, flags=0, ident=0x2b67, counts=None):
    counts = counts or (1, 0, 0, len(more))
    return struct.pack(">6H", ident, flags, *counts) + section + b"".join(more)


@pytest.fixture(scope="module")
def server(shared_daemon):
    long_names = [".".join(label.decode() for label in labels) + " 60 IN A 192.0.2.63" for labels in LONG]
    records = MANY + CASED + long_names + ["www 60 IN A 192.0.2.80", "alias 60 IN CNAME www"]
    return shared_daemon.start(world({}, records=records), nsid="ns-seven", tcp_idle="3s")


def ask(server, packet, **how):
    """The reply, which must stand up to a strict reader; None if there was none."""
    reply = server.raw(packet, **how)
    if reply is None:
        return None
    parsed = Message(reply)
    assert parsed.id == 0x2b67 and parsed.has(QR) and not parsed.has(RA | AD | CD | Z)
    if parsed.flags >> 11 & 15 in (0, 1, 2, 4, 5):  # the opcodes that dnspython knows
        dns.message.from_wire(reply)
    return parsed


def options_of(reply):
    out, rdata = {}, reply.opt.rdata
    while rdata:
        code, size = struct.unpack_from(">HH", rdata)
        out[code], rdata = rdata[4:4 + size], rdata[4 + size:]
    return out


# ---- EDNS

def test_plain_dns_gets_plain_dns(server):
    reply = ask(server, message(question(APEX, SOA)))
    assert reply.rcode == NOERROR and reply.has(AA) and len(reply.answer) == 1 and reply.opt is None


def test_edns_gets_edns(server):
    reply = ask(server, message(question(APEX, SOA), opt()))
    assert reply.rcode == NOERROR and len(reply.answer) == 1 and reply.opt.ttl >> 16 & 0xff == 0


@pytest.mark.parametrize("version", [1, 2, 100, 255])
@pytest.mark.parametrize("options", [b"", option(100, b"what"), option(ECS, b"anything at all")],
                         ids=["no option", "unknown option", "odd option"])
def test_a_version_of_the_future_gets_badvers_and_our_version(server, version, options):
    reply = ask(server, message(question(APEX, SOA), opt(version=version, options=options)))
    assert reply.rcode == BADVERS and reply.opt.ttl >> 16 & 0xff == 0
    assert not reply.answer and options_of(reply) == {}


@pytest.mark.parametrize("code", [0, 4, 100, 65001, 65535])
def test_an_unknown_option_is_ignored(server, code):
    reply = ask(server, message(question(APEX, SOA), opt(options=option(code, b"\0" * 7))))
    assert reply.rcode == NOERROR and len(reply.answer) == 1 and code not in options_of(reply)


def test_many_options_at_once_are_sorted_out(server):
    options = option(NSID) + option(ECS, b"\0\1\0\0") + option(EXPIRE) + option(COOKIE, b"8 bytes!") + option(100)
    reply = ask(server, message(question(APEX, SOA), opt(options=options)))
    assert reply.rcode == NOERROR and len(reply.answer) == 1
    assert options_of(reply)[NSID] == b"ns-seven" and EXPIRE not in options_of(reply)


@pytest.mark.parametrize("flags", [0x4000, 0x0080, 0x0001, 0x7fff])
def test_an_unknown_edns_flag_is_ignored_and_not_echoed(server, flags):
    reply = ask(server, message(question(APEX, SOA), opt(flags=flags)))
    assert reply.rcode == NOERROR and len(reply.answer) == 1 and reply.opt.ttl & 0xffff == 0


def test_the_do_bit_is_echoed(server):
    reply = ask(server, message(question(APEX, SOA), opt(flags=0x8000)))
    assert reply.rcode == NOERROR and reply.opt.ttl & 0xffff == 0x8000 and len(reply.answer) == 1


@pytest.mark.parametrize("edns,limit", [([], 512), ([opt(0)], 512), ([opt(511)], 512), ([opt(512)], 512),
                                        ([opt(1000)], 1000), ([opt(1232)], 1232), ([opt(65535)], 1232)])
def test_no_reply_is_longer_than_both_sides_take(server, edns, limit):
    reply = ask(server, message(question(BIG, TXT), *edns))
    assert reply.has(TC) and len(reply.packet) <= limit and not reply.answer  # an RRset is whole or not there
    assert (reply.opt is not None) == bool(edns)


@pytest.mark.parametrize("more", [
    [opt(), opt()], [opt(owner=b"\1a\0")], [opt(options=b"\0")], [opt(options=struct.pack(">HH", 8, 9) + b"1234")],
    [opt()[:-1]], [opt() + b"\0"],
], ids=["two OPTs", "an owner", "cut option", "long option", "cut OPT", "trailing byte"])
def test_a_malformed_opt_gets_formerr(server, more):
    reply = ask(server, message(question(WWW, A), *more))
    assert reply.rcode == FORMERR and not reply.answer and not reply.has(AA)


def test_an_opt_may_stand_anywhere_in_the_additional_section(server):
    extra = b"\1x\0" + struct.pack(">HHIH", A, CLASS_IN, 0, 4) + b"\1\2\3\4"
    for records in ([extra, opt()], [opt(), extra]):
        reply = ask(server, message(question(WWW, A), *records))
        assert reply.rcode == NOERROR and reply.opt is not None and len(reply.answer) == 1


def test_keepalive_is_told_over_tcp_only(server):
    packet = message(question(WWW, A), opt(options=option(KEEPALIVE)))
    assert KEEPALIVE not in options_of(ask(server, packet))
    with connect(server) as stream:
        stream.sendall(framed(packet))
        timeout = options_of(receive(stream))[KEEPALIVE]
    assert struct.unpack(">H", timeout)[0] == 30  # units of 100 ms (RFC 7828)


# ---- client subnet (RFC 7871)

@pytest.mark.parametrize("data", [
    b"", b"\0", b"\0\1\x18", b"\0\1\x18\0\xc0\0", b"\0\1\x18\0\xc0\0\2\1", b"\0\1\x21\0\xc0\0\2\1\0", b"\0\2\x81\0" + b"\0" * 17,
    b"\0\1\x18\x18\xc0\0\2", b"\0\1\x17\0\xc0\0\3", b"\0\3\x18\0\xc0\0\2", b"\0\0\x08\0\x0a", b"\xff\xff\0\0",
], ids=["empty", "one byte", "no scope", "short", "long", "33 bits", "129 bits", "a scope", "bits behind the prefix",
        "family 3", "family 0 with bits", "family 65535"])
def test_a_malformed_subnet_gets_formerr(server, data):
    reply = ask(server, message(question(WWW, A), opt(options=option(ECS, data))))
    assert reply.rcode == FORMERR and not reply.answer


@pytest.mark.parametrize("data", [b"\0\1\0\0", b"\0\2\0\0", b"\0\1\x18\0\xc0\0\2", b"\0\1\x20\0\xc0\0\2\1",
                                  b"\0\2\x38\0\x20\1\x0d\xb8\0\0\0", b"\0\2\x80\0" + b"\x20" * 16],
                         ids=["0.0.0.0/0", "::/0", "/24", "/32", "/56", "/128"])
def test_a_static_answer_holds_for_every_subnet(server, data):
    reply = ask(server, message(question(WWW, A), opt(options=option(ECS, data))))
    assert reply.rcode == NOERROR and len(reply.answer) == 1
    assert options_of(reply)[ECS] == data[:3] + b"\0" + data[4:]  # as sent, scope 0


def test_nobody_who_sent_no_subnet_gets_one(server):
    assert ECS not in options_of(ask(server, message(question(WWW, A), opt())))


# ---- the header

@pytest.mark.parametrize("count", [0, 2, 3, 65535])
@pytest.mark.parametrize("is_there", [True, False], ids=["with the questions", "in the header only"])
def test_a_query_has_one_question(server, count, is_there):
    """RFC 9619."""
    section = question(WWW, A) * (count if is_there and count < 9 else 1 if is_there else 0)
    reply = ask(server, message(section, counts=(count, 0, 0, 0)))
    assert reply.rcode == FORMERR and not reply.answer


def test_a_header_alone_gets_formerr(server):
    reply = ask(server, message(b"", counts=(0, 0, 0, 0)))
    assert reply.rcode == FORMERR and len(reply.packet) == 12


@pytest.mark.parametrize("flags", [AA, TC, RA, Z, AD, CD, AA | TC | RA | Z | AD | CD])
def test_bits_that_mean_nothing_in_a_query_are_ignored(server, flags):
    reply = ask(server, message(flags=flags))
    assert reply.rcode == NOERROR and reply.has(AA) and not reply.has(TC) and len(reply.answer) == 1


@pytest.mark.parametrize("rcode", range(1, 16))
def test_an_rcode_in_a_query_is_ignored(server, rcode):
    assert ask(server, message(flags=rcode)).rcode == NOERROR


@pytest.mark.parametrize("flags", [0, RD])
def test_recursion_desired_is_echoed(server, flags):
    assert ask(server, message(flags=flags)).flags & RD == flags


@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 6, 7, 15])
@pytest.mark.parametrize("edns", [[], [opt()]], ids=["plain", "EDNS"])
def test_other_opcodes_are_not_implemented(server, opcode, edns):
    reply = ask(server, message(question(APEX, SOA), *edns, flags=opcode << 11))
    assert reply.rcode == NOTIMP and reply.flags >> 11 & 15 == opcode and not reply.answer
    assert (reply.opt is not None) == bool(edns)


@pytest.mark.parametrize("opcode", range(16))
@pytest.mark.parametrize("rcode", [0, 1, 4])
def test_a_response_is_never_answered(server, opcode, rcode):
    assert server.raw(message(flags=QR | opcode << 11 | rcode), timeout=0.02) is None
    assert ask(server, message()).rcode == NOERROR


# ---- the question

@pytest.mark.parametrize("spelling", [b"\3WWW\7EXAMPLE\4TEST\0", b"\3wWw\7eXaMpLe\4tEsT\0", b"\3www\7example\4test\0"])
@pytest.mark.parametrize("kind,rcode", [(A, NOERROR), (TXT, NOERROR)])
def test_the_question_comes_back_to_the_letter(server, spelling, kind, rcode):
    reply = ask(server, message(question(spelling, kind)))
    assert reply.rcode == rcode and reply.question == question(spelling, kind)


def test_a_name_in_rdata_keeps_its_case(server):
    reply = ask(server, message(question(name("camelcase"), 15)))
    assert b"\4Mail" in reply.packet[len(APEX) + 20:]


@pytest.mark.parametrize("labels", LONG, ids=["255 bytes", "a label of 63"])
def test_the_longest_names_are_found(server, labels):
    qname = b"".join(bytes([len(label)]) + label for label in labels) + APEX
    assert len(qname) <= 255
    reply = ask(server, message(question(qname, A), opt()))
    assert reply.rcode == NOERROR and len(reply.answer) == 1


@pytest.mark.parametrize("qname", [
    b"\x40" + b"l" * 64 + APEX, b"\x80abc" + APEX, b"\xc0\x0c", b"\xc0\x00", b"\1a\xc0\x0c", b"\xff\xff",
    (b"\x3f" + b"l" * 63) * 3 + b"\x31" + b"l" * 49 + APEX, (b"\1a" * 127) + b"\1a\0", b"\3www",
], ids=["64-byte label", "label type 10", "pointer to itself", "pointer to the header", "pointer into a loop",
        "pointer out of it", "256 bytes", "128 labels", "cut"])
def test_what_is_no_name_gets_formerr(server, qname):
    reply = ask(server, message(question(qname, A)))
    assert reply.rcode == FORMERR and not reply.answer
    assert ask(server, message()).rcode == NOERROR


@pytest.mark.parametrize("tail", [b"\0", b"trailing garbage", b"\0" * 400])
def test_trailing_bytes_get_formerr(server, tail):
    assert ask(server, message() + tail).rcode == FORMERR


@pytest.mark.parametrize("cls", [0, 2, 4, 254, 65535])
def test_other_classes_are_not_ours(server, cls):
    reply = ask(server, message(question(WWW, A, cls)))
    assert reply.rcode == REFUSED and not reply.answer and not reply.has(AA)


@pytest.mark.parametrize("kind", [1, 255, 65280, 65535, 0])
def test_names_that_are_not_ours_are_refused(server, kind):
    reply = ask(server, message(question(b"\3www\7example\3org\0", kind), opt()))
    assert reply.rcode == REFUSED and not reply.has(AA) and not reply.answer and not reply.authority


# ---- TCP (RFC 7766)

def connect(server):
    stream = socket.create_connection(("127.0.0.1", server.dns_port), timeout=10)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def framed(packet):
    return struct.pack(">H", len(packet)) + packet


def receive(stream):
    def exactly(size):
        data = b""
        while len(data) < size:
            more = stream.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data
    return Message(exactly(struct.unpack(">H", exactly(2))[0]))


def test_tcp_is_not_limited_by_the_udp_size(server):
    with connect(server) as stream:
        for edns in ([], [opt(512)], [opt(4096)]):
            stream.sendall(framed(message(question(BIG, TXT), *edns)))
            reply = receive(stream)
            assert len(reply.answer) == 60 and not reply.has(TC)


def test_every_one_of_many_pipelined_queries_is_answered(server):
    with connect(server) as stream:
        stream.sendall(b"".join(framed(message(ident=ident)) for ident in range(500)))
        assert {receive(stream).id for _ in range(500)} == set(range(500))


@pytest.mark.parametrize("cut", [1, 2, 3, 14, -1])
def test_a_message_may_come_in_two_parts(server, cut):
    packet = framed(message())
    with connect(server) as stream:
        stream.sendall(packet[:cut])
        time.sleep(0.05)  # so that they arrive as two
        stream.sendall(packet[cut:])
        assert len(receive(stream).answer) == 1


def test_formerr_over_tcp_leaves_the_connection_open(server):
    with connect(server) as stream:
        stream.sendall(framed(message(counts=(2, 0, 0, 0))) + framed(message()))
        assert sorted(receive(stream).rcode for _ in range(2)) == [NOERROR, FORMERR]


def test_a_response_over_tcp_is_not_answered(server):
    with connect(server) as stream:
        stream.sendall(framed(message(flags=QR, ident=1)) + framed(message(ident=2)))
        try:
            assert receive(stream).id == 2
        except (EOFError, ConnectionResetError):
            pass  # closing on nonsense is as good


def test_who_never_reads_holds_up_nobody(server):
    """Clients that send and send: their replies wait in the buffers until the server gives them up."""
    packet = framed(message(question(BIG, TXT)))
    deaf = []
    try:
        for _ in range(4):
            stream = socket.socket()
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.connect(("127.0.0.1", server.dns_port))
            stream.setblocking(False)
            deaf.append(stream)
        for _ in range(200):
            for stream in deaf:
                try:
                    stream.send(packet * 20)
                except (BlockingIOError, ConnectionError):
                    pass
        slowest = 0
        for _ in range(20):
            begin = time.monotonic()
            assert ask(server, message()).rcode == NOERROR
            with connect(server) as stream:
                stream.sendall(framed(message()))
                assert len(receive(stream).answer) == 1
            slowest = max(slowest, time.monotonic() - begin)
        assert slowest < 2
    finally:
        for stream in deaf:
            stream.close()


def test_a_slow_sender_holds_up_nobody(server):
    with connect(server) as slow:
        for byte in framed(message())[:-1]:
            slow.sendall(bytes([byte]))
            assert ask(server, message()).rcode == NOERROR
        slow.sendall(framed(message())[-1:])
        assert len(receive(slow).answer) == 1
