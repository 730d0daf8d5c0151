# SPDX-License-Identifier: GPL-3.0-or-later
"""Cookies, limits, access lists, and what the server says of itself: what keeps it from being abused."""
import re
import select
import socket
import subprocess
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode

from harness import Daemon, pool, wait_until, world

COOKIE, EDE = 10, 15
RECORDS = ["static 60 IN A 192.0.2.7"] + ["big 60 IN TXT \"%s\"" % ("%02d" % i * 50) for i in range(9)]


def dig(server, *arguments):
    command = ["dig", "-p", str(server.dns_port), "@127.0.0.1", "+norec", "+tries=1", "+time=5", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def kdig(server, *arguments):
    command = ["kdig", "-p", str(server.dns_port), "@127.0.0.1", "+norec", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def ask(server, name="static.example.test", kind="A", cookie=None, options=(), tcp=False, **how):
    message = server.message(name, kind, **how)
    options = list(options) + ([dns.edns.GenericOption(COOKIE, cookie)] if cookie is not None else [])
    if how.get("edns", True):
        message.use_edns(0, payload=1232, options=options)
    return server.send(message, tcp=tcp)


def option(reply, code):
    found = [option for option in reply.options if int(option.otype) == code]
    assert len(found) <= 1
    return found[0].to_wire() if found else None


def cookie_of(reply):
    return option(reply, COOKIE)


def ede_of(reply):
    data = option(reply, EDE)
    return None if data is None else (int.from_bytes(data[:2], "big"), data[2:].decode())


def metric(server, name, **labels):
    wanted = name + ("{%s}" % ",".join('%s="%s"' % item for item in labels.items()) if labels else "")
    for line in server.api("GET", "/metrics", token=None).text.splitlines():
        if line.startswith(wanted + " "):
            return float(line.split()[-1])
    raise AssertionError("no metric " + wanted)


# ---- cookies

def test_real_clients_get_cookies_and_find_them_good(daemon):
    daemon.start(world({}, records=RECORDS))
    first = dig(daemon, "+cookie", "static.example.test")
    cookie = re.search(r"; COOKIE: ([0-9a-f]{48}) \(good\)", first)
    assert cookie and "192.0.2.7" in first
    again = dig(daemon, "+cookie=" + cookie[1], "static.example.test")
    assert re.search(r"; COOKIE: %s \(good\)" % cookie[1], again)
    assert re.search(r"COOKIE: [0-9A-Fa-f]{48}", kdig(daemon, "+cookie", "static.example.test"))
    assert metric(daemon, "steerd_dns_cookies_total", state="valid") == 1
    assert metric(daemon, "steerd_dns_cookies_total", state="client_only") == 2


def test_cookies_can_be_switched_off(daemon):
    daemon.start(world({}, records=RECORDS), cookies=False)
    assert cookie_of(ask(daemon, cookie=b"whocares")) is None
    assert not (daemon.directory / "state" / "cookie.secrets").exists()


def test_a_cookie_outlives_a_restart_and_its_secret_is_for_its_owner_only(daemon):
    daemon.start(world({}, records=RECORDS))
    cookie = cookie_of(ask(daemon, cookie=b"whocares"))
    daemon.stop()
    secrets = daemon.directory / "state" / "cookie.secrets"
    assert secrets.stat().st_mode & 0o777 == 0o600
    daemon.start()
    assert cookie_of(ask(daemon, cookie=cookie)) == cookie
    assert is_good(daemon, cookie) and not is_good(daemon, cookie[:-1] + bytes([cookie[-1] ^ 1]))


def share_secrets(path, *secrets):
    path.write_text("".join(secret + "\n" for secret in secrets))


def is_good(server, cookie):
    before = metric(server, "steerd_dns_cookies_total", state="valid")
    reply = cookie_of(ask(server, cookie=cookie))
    assert reply[:8] == cookie[:8]
    return metric(server, "steerd_dns_cookies_total", state="valid") == before + 1


def test_a_fleet_shares_its_cookies_and_rolls_their_secret(daemon):
    """Two servers: at no step does one refuse the cookie of the other."""
    old, new = "00112233445566778899aabbccddeeff", "0123456789abcdef0123456789abcdef"
    other = Daemon()
    try:
        fleet = (daemon, other)
        for server in fleet:
            share_secrets(server.directory / "secrets", old)
            server.start(world({}, records=RECORDS), cookie_secret_file="secrets")
        cookie = cookie_of(ask(daemon, cookie=b"whocares"))
        assert is_good(other, cookie)
        for secrets in ((old, new), (new, old)):
            for server in fleet:
                share_secrets(server.directory / "secrets", *secrets)
                server.hangup()
                wait_until(lambda: server.log.count("looking at the files") == secrets.index(old) + 1, 10, "a reload")
                assert all(is_good(each, cookie) for each in fleet)
        wait_until(lambda: all(cookie_of(ask(each, cookie=cookie)) != cookie for each in fleet), 10, "a renewed cookie")
        cookie = cookie_of(ask(other, cookie=cookie))
        for server in fleet:
            share_secrets(server.directory / "secrets", new)
            server.hangup()
            assert is_good(server, cookie)
    finally:
        other.finish()


def test_nonsense_for_secrets_is_refused(daemon):
    daemon.configure(world({}, records=RECORDS), cookie_secret_file="secrets")
    daemon.write("secrets", "not a secret\n")
    checked = daemon.check()
    assert checked.returncode == 1 and "/secrets: line 1: must be a secret of 32 hexadecimal digits" in checked.stderr
    daemon.launch()
    assert daemon.process.wait(30) == 1
    daemon.process = None
    assert "line 1" in daemon.log
    share_secrets(daemon.directory / "secrets", "00112233445566778899aabbccddeeff")
    daemon.start()
    cookie = cookie_of(ask(daemon, cookie=b"whocares"))
    daemon.write("secrets", "nonsense\n")
    daemon.hangup()
    wait_until(lambda: "the cookie secrets stay as they were" in daemon.log, 10, "a complaint")
    assert cookie_of(ask(daemon, cookie=cookie)) == cookie


def test_a_malformed_cookie_is_a_format_error(daemon):
    daemon.start(world({}, records=RECORDS))
    for size in (0, 1, 7, 9, 15, 41, 100):
        assert ask(daemon, cookie=b"c" * size).rcode() == dns.rcode.FORMERR
    for size in (8, 16, 24, 40):
        assert ask(daemon, cookie=b"c" * size).rcode() == dns.rcode.NOERROR


def test_clients_that_know_cookies_can_be_made_to_have_one(daemon):
    daemon.start(world({}, records=RECORDS), require_cookie=True)
    refused = ask(daemon, cookie=b"whocares")
    assert refused.rcode() == dns.rcode.BADCOOKIE and not refused.answer
    assert ask(daemon, cookie=cookie_of(refused)).answer
    assert ask(daemon, cookie=b"whocares", tcp=True).answer
    assert ask(daemon).answer and ask(daemon, edns=False).answer
    told = dig(daemon, "+cookie", "static.example.test")  # comes back by itself
    assert "192.0.2.7" in told and "BADCOOKIE, retrying" in told


def test_a_message_may_ask_for_a_cookie_alone(daemon):
    daemon.start(world({}, records=RECORDS))
    message = dns.message.Message(id=7)
    message.use_edns(0, options=[dns.edns.GenericOption(COOKIE, b"whocares")])
    reply = dns.message.from_wire(daemon.raw(message.to_wire(), timeout=5))
    assert reply.rcode() == dns.rcode.NOERROR and not reply.question and len(cookie_of(reply)) == 24


def test_without_a_cookie_replies_may_have_to_be_small(daemon):
    daemon.start(world({}, records=RECORDS), udp_size_without_cookie=512)
    small = ask(daemon, "big.example.test", "TXT", cookie=b"whocares")
    assert small.flags & dns.flags.TC and len(small.to_wire()) <= 512
    assert ask(daemon, "big.example.test", "TXT").flags & dns.flags.TC
    whole = ask(daemon, "big.example.test", "TXT", cookie=cookie_of(small))
    assert not whole.flags & dns.flags.TC and len(whole.answer[0]) == 9
    assert len(ask(daemon, "big.example.test", "TXT", tcp=True).answer[0]) == 9


def test_a_size_below_512_is_no_size(daemon):
    daemon.configure(world({}), udp_size_without_cookie=100)
    checked = daemon.check()
    assert checked.returncode == 1 and "/udp_size_without_cookie: must be 0 or 512..4096 bytes, got 100" in checked.stderr


# ---- who the server is

def test_the_server_says_who_it_is_only_when_told_to(daemon):
    daemon.start(world({}, records=RECORDS))
    for name in ("version.bind", "version.server", "id.server", "hostname.bind"):
        assert "status: REFUSED" in dig(daemon, "CH", "TXT", name)
    assert "NSID" not in dig(daemon, "+nsid", "static.example.test")
    daemon.stop()
    daemon.configure(world({}, records=RECORDS), nsid="ns-seven", version="steerd of the test")
    daemon.start()
    assert '"ns-seven"' in dig(daemon, "+nsid", "static.example.test").split("NSID")[1]
    assert "ns-seven" in kdig(daemon, "+nsid", "static.example.test")
    for name, text in (("version.bind", "steerd of the test"), ("version.server", "steerd of the test"),
                       ("id.server", "ns-seven"), ("hostname.bind", "ns-seven")):
        told = dig(daemon, "CH", "TXT", name)
        assert "EDE" not in told and "status: NOERROR" in told and re.search(r"0\s+CH\s+TXT\s+\"%s\"" % text, told)
    assert "status: REFUSED" in dig(daemon, "CH", "TXT", "authors.bind")


# ---- why not

def test_refusals_explain_themselves(daemon):
    steering = world({"www": {"policy": "web", "ttl": 5}, "none": {"policy": "web", "when_all_down": "servfail"}},
                     {"web": pool("round_robin", "192.0.2.10")}, RECORDS)
    steering["zones"]["closed.test"] = {"records": ["@ NS ns.example.test.", "x A 192.0.2.8"], "allow_query": ["192.0.2.0/24"]}
    daemon.start(steering)
    assert ede_of(ask(daemon)) is None
    assert ede_of(ask(daemon, "www.example.com"))[0] == 20
    assert ede_of(ask(daemon, "x.closed.test"))[0] == 18
    assert "EDE: 20 (Not Authoritative)" in dig(daemon, "www.example.com")
    assert ask(daemon, "www.example.com", edns=False).edns == -1
    reply = daemon.api("PUT", "/v1/pools/web/endpoints/a/override?force=true", {"state": "down", "reason": "test"})
    assert reply.status == 200, reply.text
    degraded = ask(daemon, "www.example.test")
    assert degraded.answer and ede_of(degraded) == (0, "all endpoints are down or held: serving all of them")
    failed = ask(daemon, "none.example.test")
    assert failed.rcode() == dns.rcode.SERVFAIL and ede_of(failed) == (0, "all endpoints are down")


# ---- who may ask

def test_a_zone_answers_only_those_on_its_list(daemon):
    steering = world({}, records=RECORDS)
    zone = steering["zones"]["example.test"]
    zone["allow_query"] = ["127.0.0.2", "2001:db8::/32"]
    daemon.start(steering)

    def from_address(address, name="static.example.test"):
        message = daemon.message(name, ecs="2001:db8::/56")
        return dns.query.udp(message, "127.0.0.1", port=daemon.dns_port, source=address, timeout=5).rcode()

    assert from_address("127.0.0.1") == dns.rcode.REFUSED
    assert from_address("127.0.0.1", "nowhere.example.test") == dns.rcode.REFUSED
    assert from_address("127.0.0.2") == dns.rcode.NOERROR
    assert ask(daemon, tcp=True).rcode() == dns.rcode.REFUSED
    explained = daemon.api("GET", "/v1/explain?name=static.example.test&client=127.0.0.1").json
    assert explained["rcode"] == "REFUSED" and "allow_query" in explained["summary"]
    zone["allow_query"] = ["127.0.0.0/8"]
    daemon.write("steering.json", steering)
    daemon.hangup()
    wait_until(lambda: from_address("127.0.0.1") == dns.rcode.NOERROR, 10, "the new list")
    zone["allow_query"] = ["127.0.0.1/8"]
    daemon.write("steering.json", steering)
    checked = daemon.check()
    assert checked.returncode == 1 and "/allow_query/0: must be a network without host bits" in checked.stderr


# ---- how much

def flood(server, name, count, kind="A", cookie=None, source="127.0.0.1"):
    """Sends without waiting; returns the replies."""
    message = server.message(name, kind)
    if cookie:
        message.use_edns(0, options=[dns.edns.GenericOption(COOKIE, cookie)])
    packet, replies = message.to_wire(), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        udp.bind((source, 0))
        udp.connect(("127.0.0.1", server.dns_port))
        for _ in range(count):
            udp.send(packet)
        while select.select([udp], [], [], 0.5)[0]:
            replies.append(dns.message.from_wire(udp.recv(65535)))
    return replies


def test_a_flood_gets_the_rate_and_some_truncated_replies(daemon):
    daemon.start(world({}, records=RECORDS), rate_limit={"responses_per_second": 10, "slip": 2})
    started = time.monotonic()
    replies = flood(daemon, "static.example.test", 400)
    most = 10 * (2 + time.monotonic() - started)
    answered = [reply for reply in replies if reply.answer]
    slipped = [reply for reply in replies if reply.flags & dns.flags.TC]
    assert 10 <= len(answered) <= most
    assert len(answered) + len(slipped) == len(replies)
    assert 100 < len(slipped) < 300 and all(len(reply.to_wire()) < 80 for reply in slipped)
    assert metric(daemon, "steerd_dns_rate_limited_total", action="slipped") == len(slipped)
    assert 100 < metric(daemon, "steerd_dns_rate_limited_total", action="dropped") <= 400 - len(replies)
    assert ask(daemon, "big.example.test", "TXT").answer  # another question is another matter
    assert "192.0.2.7" in dig(daemon, "+tries=20", "+time=1", "static.example.test")  # a real client comes by TCP


def test_cookies_tcp_and_friends_are_not_limited(daemon):
    daemon.start(world({}, records=RECORDS),
                 rate_limit={"responses_per_second": 1, "slip": 0, "ipv4_prefix": 32, "exempt": ["127.0.0.9"]})
    cookie = cookie_of(ask(daemon, cookie=b"whocares"))
    assert len(flood(daemon, "static.example.test", 100, cookie=cookie)) == 100
    assert len(flood(daemon, "static.example.test", 100, source="127.0.0.9")) == 100
    assert len(flood(daemon, "static.example.test", 100, source="127.0.0.8")) < 10
    assert all(ask(daemon, tcp=True).answer for _ in range(20))


def test_nobody_is_limited_unless_configured(daemon):
    daemon.start(world({}, records=RECORDS))
    assert len(flood(daemon, "static.example.test", 200)) == 200


# ---- how many connections

def connect(server, source):
    return socket.create_connection(("127.0.0.1", server.dns_port), timeout=10, source_address=(source, 0))


def is_served(server, stream):
    packet = server.message("static.example.test").to_wire()
    try:
        stream.sendall(len(packet).to_bytes(2, "big") + packet)
        return len(stream.recv(65535)) > 2
    except OSError:
        return False


def test_one_client_does_not_take_all_connections(daemon):
    daemon.start(world({}, records=RECORDS), workers=1, tcp_connections=50, tcp_connections_per_client=4, tcp_idle="30s")
    friend = connect(daemon, "127.0.0.2")
    assert is_served(daemon, friend)
    greedy = []
    for _ in range(4):
        greedy.append(connect(daemon, "127.0.0.3"))
        assert is_served(daemon, greedy[-1])
    assert is_served(daemon, greedy[0])  # now the second is idle for longest
    for _ in range(2):
        greedy.append(connect(daemon, "127.0.0.3"))
        assert is_served(daemon, greedy[-1])
    assert [is_served(daemon, stream) for stream in greedy] == [True, False, False, True, True, True]
    assert is_served(daemon, friend)
    for stream in [friend, *greedy]:
        stream.close()


def test_workers_count_the_connections_of_a_client_together(daemon):
    daemon.start(world({}, records=RECORDS), workers=4, tcp_connections_per_client=6, tcp_idle="30s")
    held = [connect(daemon, "127.0.0.3") for _ in range(6)]
    assert all(is_served(daemon, stream) for stream in held)
    held += [connect(daemon, "127.0.0.3") for _ in range(30)]
    wait_until(lambda: metric(daemon, "steerd_dns_tcp_connections") <= 6, 10, "no more than six")
    assert sum(is_served(daemon, stream) for stream in held) <= 6
    for stream in held:
        stream.close()
