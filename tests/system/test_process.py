# SPDX-License-Identifier: GPL-3.0-or-later
"""The process: rights, signals, sockets."""
import os
import signal
import socket
import stat
import subprocess
import threading

import dns.query
import pytest

from harness import START_S, open_files, pool, wait_until, world


def steering():
    return world({"www": {"policy": "web"}}, {"web": pool("round_robin", "127.0.10.1", "127.0.20.1")})


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_started_as_root_it_becomes_an_ordinary_user(daemon):
    daemon.start(steering())
    status = dict(line.split(":\t", 1) for line in
                  open("/proc/%d/status" % daemon.process.pid).read().splitlines() if ":\t" in line)
    assert "0" not in status["Uid"].split() and "0" not in status["Gid"].split()
    assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0
    assert status["Groups"].split() == []
    state = (daemon.directory / "state").stat()
    assert state.st_uid == int(status["Uid"].split()[0])
    assert stat.S_IMODE(state.st_mode) & 0o077 == 0
    daemon.set_weight("web", "a", 5)  # and can still write its state


def may_bind(address, port):
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind((address, port))
        return True
    except OSError:
        return False


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.skipif(not may_bind("127.0.9.53", 53), reason="port 53 of 127.0.9.53 is taken or not allowed")
def test_low_ports_are_bound_before_rights_are_dropped(daemon):
    daemon.start(steering(), listen=daemon.node["listen"] + ["127.0.9.53:53"])
    reply = dns.query.udp(daemon.message("www.example.test"), "127.0.9.53", timeout=5)
    assert reply.answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_on_a_signal_in_the_middle_of_queries(daemon, number):
    daemon.start(steering())
    may_go = [True]

    def ask():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            packet = daemon.message("www.example.test").to_wire()
            while may_go[0]:
                udp.sendto(packet, ("127.0.0.1", daemon.dns_port))
    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        daemon.process.send_signal(number)
        assert daemon.process.wait(30) == 0
    finally:
        may_go[0] = False
        for client in clients:
            client.join()
    daemon.process = None
    assert "stopped" in daemon.log


def test_ipv6_clients_are_served(daemon):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")
    daemon.start(steering(), listen=["127.0.0.1:%d" % daemon.dns_port, "[::1]:%d" % daemon.dns_port])
    for ask in (dns.query.udp, dns.query.tcp):
        assert ask(daemon.message("www.example.test"), "::1", port=daemon.dns_port, timeout=5).answer


def test_a_wildcard_address_answers_from_where_it_was_asked(daemon):
    daemon.start(steering(), listen=["0.0.0.0:%d" % daemon.dns_port])
    for address in ("127.0.0.1", "127.0.0.2", "127.7.7.7"):  # dnspython refuses replies from elsewhere
        assert dns.query.udp(daemon.message("www.example.test"), address, port=daemon.dns_port, timeout=5).answer


def test_changes_under_load_never_show_a_gap(daemon):
    """Every query is answered while generation after generation is published."""
    daemon.start(steering())
    bad = []
    may_go = [True]

    def ask():
        while may_go[0]:
            try:
                if len(daemon.answer("www.example.test")) != 2:
                    bad.append("incomplete")
            except Exception as error:  # noqa: whatever it is, it is a gap
                bad.append(repr(error))
    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    for weight in range(2, 32):
        daemon.set_weight("web", "a", weight)
    may_go[0] = False
    for client in clients:
        client.join()
    assert not bad, bad[:5]
    assert daemon.generation() == 31


def test_closed_standard_descriptors_are_nobody_elses(daemon):
    daemon.configure(steering())
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *daemon.arguments()]
    daemon.process = subprocess.Popen(shell)
    wait_until(daemon.is_ready, START_S, "ready")
    found = open_files(daemon.process.pid)
    assert [found[fd] for fd in range(3)] == 3 * ["/dev/null"]


def descriptors(daemon):
    return len(open_files(daemon.process.pid))


def test_nothing_leaks_with_use(daemon):
    daemon.start(steering())
    daemon.answer("www.example.test", tcp=True)
    before = descriptors(daemon)
    for i in range(30):
        daemon.answer("www.example.test", tcp=True)
        daemon.set_weight("web", "a", i + 2)
        daemon.api("GET", "/v1/explain?name=www.example.test&type=A")
    wait_until(lambda: descriptors(daemon) <= before + 1, 15, "%d descriptors again" % before)
