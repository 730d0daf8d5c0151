# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP: a stream of messages (RFC 7766), and clients that do not behave."""
import os
import socket
import struct

import dns.message
import pytest

from harness import wait_until, world


@pytest.fixture(scope="module")
def server(shared_daemon):
    records = ["static 60 IN A 192.0.2.7"] + ["n%d 60 IN A 192.0.2.%d" % (i, i) for i in range(100)]
    return shared_daemon.start(world({}, records=records), tcp_connections=20, tcp_idle="1s")


def connect(server):
    return socket.create_connection(("127.0.0.1", server.dns_port), timeout=10)


def framed(packet):
    return struct.pack(">H", len(packet)) + packet


def receive(stream, size):
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def receive_message(stream):
    return dns.message.from_wire(receive(stream, struct.unpack(">H", receive(stream, 2))[0]))


def test_many_queries_may_be_sent_at_once(server):
    messages = [server.message("n%d.example.test" % i) for i in range(100)]
    for number, message in enumerate(messages):
        message.id = number
    with connect(server) as stream:
        stream.sendall(b"".join(framed(message.to_wire()) for message in messages))
        answers = {}
        for _ in messages:
            reply = receive_message(stream)
            answers[reply.id] = reply.answer[0][0].to_text()
    assert all(answers[message.id] == "192.0.2.%d" % i for i, message in enumerate(messages))


def test_a_query_may_come_in_single_bytes(server):
    packet = framed(server.message("static.example.test").to_wire())
    with connect(server) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(packet)):
            stream.sendall(packet[i:i + 1])
        assert receive_message(stream).answer[0][0].to_text() == "192.0.2.7"


def test_a_connection_may_be_used_again(server):
    with connect(server) as stream:
        for _ in range(5):
            stream.sendall(framed(server.message("static.example.test").to_wire()))
            assert receive_message(stream).answer[0][0].to_text() == "192.0.2.7"


def test_a_client_that_closes_its_side_still_gets_its_answers(server):
    with connect(server) as stream:
        stream.sendall(framed(server.message("static.example.test").to_wire()) * 3)
        stream.shutdown(socket.SHUT_WR)
        for _ in range(3):
            assert receive_message(stream).answer
        assert stream.recv(1) == b""


@pytest.mark.parametrize("sent", [b"", b"\0", b"\0\x20abc"], ids=["nothing", "half a length", "half a message"])
def test_an_idle_connection_is_closed(server, sent):
    with connect(server) as stream:
        stream.sendall(sent)
        assert stream.recv(1) == b""  # within the socket's timeout


def ends(stream):
    """True when the other side closes, whatever it said before."""
    try:
        while stream.recv(65535):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize("sent", [b"\0\0", framed(b"x"), framed(os.urandom(11)), b"\xff\xff" + b"x" * 100],
                         ids=["empty message", "one byte", "eleven bytes", "short of its length"])
def test_garbage_ends_the_connection_and_nothing_else(server, sent):
    with connect(server) as stream:
        stream.sendall(sent)
        assert ends(stream)
    assert server.answer("static.example.test", tcp=True) == ["192.0.2.7"]


def test_too_many_connections_do_not_shut_others_out(server):
    """Twenty are allowed: a hundred idle ones must not keep a new client waiting beyond the idle time."""
    idle = [connect(server) for _ in range(100)]
    try:
        assert server.answer("static.example.test") == ["192.0.2.7"]
        wait_until(lambda: can_ask(server), 10, "a TCP answer")
    finally:
        for stream in idle:
            stream.close()
    wait_until(lambda: server.api("GET", "/v1/status").json["tcp_connections"] == 0, 10, "all connections closed")


def can_ask(server):
    try:
        return server.answer("static.example.test", tcp=True) == ["192.0.2.7"]
    except (OSError, EOFError):
        return False
