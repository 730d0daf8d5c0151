# SPDX-License-Identifier: GPL-3.0-or-later
"""Death is seen in time: fall × interval + timeout + 0.1 s after it the first answer has changed, whatever it was."""
import random
import socket
import threading
import time
import warnings

import pytest

from faults import Certificates, FaultyNameServer, FaultyServer, may_drop_packets
from harness import IS_LONG, wait_until, world

INTERVAL_S, TIMEOUT_S, FALL = 0.5, 0.4, 3
BOUND_S = FALL * INTERVAL_S + TIMEOUT_S + 0.1
SPARE = "192.0.2.99"
TLS_NAME = "web.example.test"

# name: check, fault, what the evidence says
FAULTS = {
    "refused": ("http", "refused", "connection refused"),
    "dropped": ("http", "dropped", "no reply within 400ms (connect)"),
    "dropped-tcp": ("tcp", "dropped", "no reply within 400ms (connect)"),
    "accepted-only": ("http", "silence", "no reply within 400ms (status line)"),
    "reset": ("http", "reset", "connection reset"),
    "half": ("http", "half", "before the end of the body"),
    "half-held": ("http", "half_held", "within 400ms"),
    "error": ("http", "error", "HTTP 503"),
    "trickle": ("http", "trickle", "within 400ms"),
    "expired": ("https", "expired", "certificate has expired"),
    "expired-tls": ("tls", "expired", "certificate has expired"),
    "wrong-name": ("https", "wrong_name", "TLS: "),
    "no-handshake": ("tls", "silence", "no reply within 400ms (TLS handshake)"),
    "no-banner": ("banner", "silence", "no reply within 400ms (reply)"),
    "servfail": ("dns", "servfail", "DNS SERVFAIL"),
    "wrong-answer": ("dns", "wrong_answer", "expected 192.0.2.1"),
    "no-answer": ("dns", "silence", "no reply within 400ms (DNS reply)"),
}
if not may_drop_packets():
    warnings.warn("dropped packets are left out: they need CAP_NET_ADMIN")
    FAULTS = {name: fault for name, fault in FAULTS.items() if fault[1] != "dropped"}


def check_of(kind, port, certificates):
    check = {"interval": "500ms", "timeout": "400ms", "fall": FALL, "rise": 1, "port": port,
             "type": "tcp" if kind == "banner" else kind}
    if kind == "banner":
        check.update(send="GET / HTTP/1.0\r\n\r\n", expect="200 OK")
    if kind in ("https", "tls"):
        check.update(sni=TLS_NAME, ca_file=str(certificates.ca_file))
    if kind == "dns":
        check.update(query="www.example.org", answer="192.0.2.1")
    return check


class Watch:
    """Asks for all names again and again, and writes down when an answer was first the spare one.  How long it was
    itself kept from running is `lag_s`: the daemon beside it had no better machine."""

    def __init__(self, daemon, names):
        self.packets = {index: daemon.message(name + ".example.test").to_wire() for index, name in enumerate(names)}
        self.names, self.changed, self.lag_s = list(names), {}, 0.0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", daemon.dns_port))
        self.socket.settimeout(0.2)
        self.is_over = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        spare = socket.inet_aton(SPARE)
        while not self.is_over:
            before = time.monotonic()
            for index, packet in self.packets.items():
                if self.names[index] not in self.changed:
                    self.ask(index, packet, spare)
            self.lag_s = max(self.lag_s, time.monotonic() - before - 0.02)
            time.sleep(0.002)

    def ask(self, index, packet, spare):
        self.socket.send(index.to_bytes(2, "big") + packet[2:])
        while True:
            try:
                reply = self.socket.recv(4096)
            except socket.timeout:
                return
            if int.from_bytes(reply[:2], "big") == index:
                break
        if spare in reply:
            self.changed[self.names[index]] = time.monotonic()

    def stop(self):
        self.is_over = True
        self.thread.join()
        self.socket.close()


def start(daemon, servers, certificates):
    checks, pools, services = {}, {}, {}
    for name, server in servers.items():
        checks[name] = check_of(FAULTS[name][0], server.port, certificates)
        pools[name] = {"check": name, "endpoints": {"a": {"ipv4": server.address}}}
        services[name] = {"ttl": 1, "policy": {"failover": [name, {"ipv4": SPARE}]}}
    daemon.start(world(services, pools, checks=checks))
    for name, server in servers.items():
        wait_until(lambda: daemon.endpoint(name, "a")["health"]["verdict"] == "up", 20, name + " up")
        assert daemon.answer(name + ".example.test") == [server.address]


@pytest.mark.parametrize("round_number", range(10 if IS_LONG else 2))
def test_every_kind_of_death_changes_the_answer_in_time(daemon, round_number):
    certificates = Certificates(daemon.directory, TLS_NAME)
    servers = {}
    for index, (name, (kind, _, _)) in enumerate(FAULTS.items()):
        address = "127.0.90.%d" % (index + 1)
        is_secure = kind in ("https", "tls")
        servers[name] = (FaultyNameServer(address) if kind == "dns" else
                         FaultyServer(address, certificates if is_secure else None))
    start(daemon, servers, certificates)
    time.sleep(random.random() * INTERVAL_S)  # a death knows no grid
    watch = Watch(daemon, FAULTS)
    died = {}
    for name, server in servers.items():
        died[name] = time.monotonic()
        server.fall(FAULTS[name][1])
    try:
        wait_until(lambda: len(watch.changed) == len(FAULTS), 20, "all of them to be seen")
    except AssertionError:
        pass
    watch.stop()
    times = {name: watch.changed[name] - died[name] if name in watch.changed else None for name in FAULTS}
    print("bound %.2f s, lag %.3f s: %s" % (BOUND_S, watch.lag_s, times))
    late = {name: took for name, took in times.items() if took is None or took > BOUND_S + watch.lag_s}
    assert not late, late
    for name, (_, _, words) in FAULTS.items():
        assert words in daemon.endpoint(name, "a")["health"]["evidence"], name
    early = {name: took for name, took in times.items() if took < (FALL - 1) * INTERVAL_S * 0.9 - 0.1}
    assert not early, early  # so many results, not fewer
    for server in servers.values():
        server.close()
