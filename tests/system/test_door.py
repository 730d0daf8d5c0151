# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in at the API: crowds of idle connections, slow requests, and the operator among them."""
import contextlib
import resource
import socket
import time

import pytest

from harness import IS_LONG, pool, wait_until, world

CROWD = 10_000
STEERING = world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1")})


@contextlib.contextmanager
def crowd(port, count, first_bytes=b""):
    """So many connections from several loopback addresses, each having sent `first_bytes`."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < count + 500:
        pytest.skip("%d descriptors are too few" % before[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 400, before[1]))
    streams = []
    try:
        for i in range(count):
            stream = socket.create_connection(("127.0.0.1", port), 20, ("127.0.1.%d" % (i % 4 + 1), 0))
            streams.append(stream)
            if first_bytes:
                with contextlib.suppress(ConnectionError):  # evicted already
                    stream.sendall(first_bytes)
        yield streams
    finally:
        for stream in streams:
            stream.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def metric(daemon, name):
    for line in daemon.api("GET", "/metrics", token=None).text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    raise AssertionError("no metric " + name)


def is_closed(stream):
    stream.setblocking(False)
    try:
        return stream.recv(65536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def slowest_answer_s(daemon, count):
    slowest = 0
    for _ in range(count):
        started = time.monotonic()
        assert daemon.answer("www.example.test") == ["192.0.2.1"]
        slowest = max(slowest, time.monotonic() - started)
    return slowest


@pytest.mark.parametrize("first_bytes", [b"", b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: "],
                         ids=["idle", "half a head"])
def test_ten_thousand_connections_do_not_keep_an_operator_out(daemon, first_bytes):
    daemon.start(STEERING)
    with crowd(daemon.api_port, CROWD, first_bytes):
        for _ in range(20):
            started = time.monotonic()
            assert daemon.api("GET", "/v1/status").status == 200
            assert time.monotonic() - started < 5
        assert slowest_answer_s(daemon, 100) < 2
        assert metric(daemon, "steerd_api_connections") <= 16384


def test_where_places_are_few_the_quietest_stranger_goes_for_the_operator(daemon):
    daemon.node["api"]["connections"] = 100
    daemon.start(STEERING)
    with crowd(daemon.api_port, 1000) as streams:
        for _ in range(20):
            assert daemon.api("GET", "/v1/status").status == 200
        wait_until(lambda: sum(is_closed(stream) for stream in streams) >= 900, 10, "the oldest leave")
        assert metric(daemon, "steerd_api_connections") <= 101
        assert not is_closed(streams[-1])
        assert metric(daemon, 'steerd_api_connections_ended_total{reason="evicted"}') >= 900


def test_an_operator_who_showed_a_token_keeps_the_connection_in_a_crowd(daemon):
    daemon.node["api"]["connections"] = 100
    daemon.start(STEERING)
    request = ("GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % daemon.token).encode()
    with socket.create_connection(("127.0.0.1", daemon.api_port), 20) as operator:
        for _ in range(3):
            operator.sendall(request)
            assert operator.recv(65536).startswith(b"HTTP/1.1 200")
            with crowd(daemon.api_port, 300):
                pass


def test_one_crowd_does_not_fill_the_unix_socket(daemon):
    daemon.node["api"]["connections"] = 100
    path = daemon.directory / "api.sock"
    daemon.node["api"]["listen"].append("unix:" + str(path))
    daemon.start(STEERING)
    with crowd(daemon.api_port, 500), socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(20)
        stream.connect(str(path))
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")


def drip(daemon, first_bytes, drops, every_s, most_s):
    """Sends a byte now and then; returns how long the server looked on."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", daemon.api_port), 20) as stream:
        stream.sendall(first_bytes)
        while not is_closed(stream):
            assert time.monotonic() - started < most_s, "still open"
            time.sleep(every_s)
            stream.setblocking(True)
            with contextlib.suppress(ConnectionError):
                stream.sendall(drops)
    return time.monotonic() - started


def test_a_head_that_comes_in_drops_is_not_waited_for(daemon):
    daemon.start(STEERING)
    assert 5 < drip(daemon, b"GET /v1/status HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n", 0.2, 25) < 25
    assert metric(daemon, 'steerd_api_connections_ended_total{reason="overdue"}') >= 1


def dripping(token, head, drop):
    """One who begins a body that he may send, and gives a byte now and then."""
    return (b"%s /v1/config HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n" % (b"PUT", token.encode(), head), drop)


@pytest.mark.skipif(not IS_LONG, reason="takes a minute")
def test_slow_bodies_of_many_are_ended_by_the_limit_while_others_are_served(daemon):
    """Operators' own, too: whoever has a token may be slow by mistake."""
    daemon.start(STEERING)
    kinds = [dripping(daemon.token, b"If-Match: \"1\"\r\nContent-Length: 1000000", b" "),
             dripping(daemon.token, b"If-Match: \"1\"\r\nTransfer-Encoding: chunked", b"1\r\n \r\n")]
    streams, started, slowest, served = [], time.monotonic(), 0, 0
    for number in range(40):
        stream = socket.create_connection(("127.0.0.1", daemon.api_port), 20)
        stream.sendall(kinds[number % 2][0])
        streams.append((stream, kinds[number % 2][1]))
    while streams:
        assert time.monotonic() - started < 90, "%d are still open" % len(streams)
        for stream, drop in list(streams):
            if is_closed(stream):
                stream.close()
                streams.remove((stream, drop))
                continue
            stream.setblocking(True)
            with contextlib.suppress(ConnectionError):
                stream.sendall(drop)
        before = time.monotonic()
        assert daemon.api("GET", "/v1/status").status == 200 and daemon.answer("www.example.test") == ["192.0.2.1"]
        daemon.set_weight("us", "a", served % 100 + 1)
        slowest, served = max(slowest, time.monotonic() - before), served + 1
        time.sleep(0.3)
    assert time.monotonic() - started > 10 and served > 20 and slowest < 10
    assert metric(daemon, 'steerd_api_connections_ended_total{reason="overdue"}') >= 40


@pytest.mark.skipif(not IS_LONG, reason="takes a minute")
@pytest.mark.parametrize("first_bytes", [
    b"", b"GET ", b"PUT /v1/config HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
    b"PUT /v1/config HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_comes_in_drops_is_not_waited_for(daemon, first_bytes):
    daemon.start(STEERING)
    assert drip(daemon, first_bytes, b"1\r\n \r\n" if b"chunked" in first_bytes else b" ", 0.5, 60) < 60
