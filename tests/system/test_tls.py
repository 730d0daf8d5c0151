# SPDX-License-Identifier: GPL-3.0-or-later
"""The API over TLS: certificates that change under it, clients that show theirs."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import time

import pytest

from harness import STEERCTL, START_S, pool, wait_until, world

ENDPOINT = "/v1/pools/us/endpoints/a"
STEERING = world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1", "192.0.2.2")})


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Authority:
    """Signs certificates into a directory."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.file = directory / (name + ".ca.pem")
        self.key = directory / (name + ".ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=" + name, "-keyout", self.key, "-out", self.file)

    def sign(self, name, common_name, usage, alternative="IP:127.0.0.1", days=2):
        base = self.directory / name
        certificate, key, request, extensions = (base.with_suffix(ending) for ending in (".pem", ".key", ".csr", ".ext"))
        extensions.write_text("extendedKeyUsage=%s\nsubjectAltName=%s\n" % (usage, alternative))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + common_name,
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", extensions, "-out", certificate)
        for file in (certificate, key):
            file.chmod(0o644)  # nobody reads them, when root runs the tests
        return certificate, key


@pytest.fixture
def authority(daemon):
    return Authority(daemon.directory, "ours")


def start(daemon, authority, **tls):
    certificate, key = authority.sign("server", "steerd", "serverAuth")
    daemon.node["api"]["tls"] = {"certificate": str(certificate), "key": str(key), **tls}
    daemon.node["api"]["listen"].append("unix:" + str(daemon.directory / "api.sock"))
    daemon.node["api"]["peers"] = {}
    daemon.configure(STEERING)
    daemon.launch()
    wait_until(lambda: is_ready(daemon, authority), START_S, "ready\n" + daemon.log)
    return daemon


def is_ready(daemon, authority):
    assert daemon.process.poll() is None, daemon.log
    try:
        return call(daemon, authority, "GET", "/readyz", token=None)[0] in (200, 403)
    except OSError:
        return False


def context(authority, pair=None):
    made = ssl.create_default_context(cafile=authority.file)
    if pair:
        made.load_cert_chain(*pair)
    return made


def connect(daemon, authority, pair=None):
    return http.client.HTTPSConnection("127.0.0.1", daemon.api_port, context=context(authority, pair), timeout=20)


def ask(connection, method, path, token, body=None):
    connection.request(method, path, body, {"Authorization": "Bearer " + token} if token else {})
    reply = connection.getresponse()
    return reply.status, reply.read().decode()


def call(daemon, authority, method, path, body=None, token=True, pair=None):
    connection = connect(daemon, authority, pair)
    try:
        return ask(connection, method, path, daemon.token if token is True else token, body)
    finally:
        connection.close()


def serial(daemon, authority):
    with socket.create_connection(("127.0.0.1", daemon.api_port), 20) as plain:
        with context(authority).wrap_socket(plain, server_hostname="127.0.0.1") as stream:
            return stream.getpeercert()["serialNumber"]


def test_the_api_speaks_tls_1_2_and_1_3_and_nothing_in_clear(daemon, authority):
    start(daemon, authority)
    assert call(daemon, authority, "GET", "/v1/status")[0] == 200
    assert call(daemon, authority, "PATCH", ENDPOINT, '{"weight": 7}')[0] == 200
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        wanted = context(authority)
        wanted.minimum_version = wanted.maximum_version = version
        connection = http.client.HTTPSConnection("127.0.0.1", daemon.api_port, context=wanted, timeout=20)
        assert ask(connection, "GET", "/healthz", None)[0] == 200
        connection.close()
    with socket.create_connection(("127.0.0.1", daemon.api_port), 20) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert b"200" not in plain.recv(4096)
        except ConnectionError:
            pass
    with socket.socket(socket.AF_UNIX) as stream:  # the socket of this machine needs none
        stream.connect(str(daemon.directory / "api.sock"))
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("how", ["by itself", "SIGHUP", "POST /v1/reload"])
def test_a_new_certificate_is_shown_and_no_connection_is_lost(daemon, authority, how):
    start(daemon, authority)
    before = serial(daemon, authority)
    standing = connect(daemon, authority)
    assert ask(standing, "GET", "/v1/status", daemon.token)[0] == 200
    authority.sign("server", "steerd", "serverAuth")
    if how == "SIGHUP":
        daemon.hangup()
    elif how == "POST /v1/reload":
        assert call(daemon, authority, "POST", "/v1/reload")[0] == 200
    wait_until(lambda: serial(daemon, authority) != before, 20, "the new one")
    old_socket = standing.sock
    assert ask(standing, "GET", "/v1/status", daemon.token)[0] == 200
    assert standing.sock is old_socket  # the same connection as before
    standing.close()


def test_a_broken_certificate_is_said_and_the_old_one_stays(daemon, authority):
    start(daemon, authority)
    before = serial(daemon, authority)
    (daemon.directory / "server.pem").write_text("no certificate")
    wait_until(lambda: "the old certificate stays" in daemon.log, 20, "a warning")
    assert serial(daemon, authority) == before
    authority.sign("server", "steerd", "serverAuth")
    wait_until(lambda: serial(daemon, authority) != before, 20, "the mended one")
    assert daemon.log.count("the old certificate stays") <= 3  # said when something changes, not all the time


@pytest.mark.parametrize("wrong", ["no file", "no certificate", "another key"])
def test_a_wrong_certificate_at_start_is_an_error_that_says_which(daemon, authority, wrong):
    certificate, key = authority.sign("server", "steerd", "serverAuth")
    if wrong == "no file":
        certificate = daemon.directory / "nowhere.pem"
    elif wrong == "no certificate":
        certificate.write_text("hello\n")
    else:
        key = authority.sign("other", "other", "serverAuth")[1]
    daemon.node["api"]["tls"] = {"certificate": str(certificate), "key": str(key)}
    daemon.configure(STEERING)
    said = daemon.check()
    assert said.returncode == 1 and str(certificate) in said.stderr
    daemon.launch()
    assert daemon.process.wait(START_S) == 1
    daemon.process = None
    assert str(certificate) in daemon.log


def test_half_a_protection_is_refused(daemon):
    daemon.node["api"]["tls"] = {"certificate": "a.pem", "key": "a.key", "clients": {"x": "admin"}}
    daemon.configure(STEERING)
    said = daemon.check()
    assert said.returncode == 1 and "/api/tls" in said.stderr and "client_ca" in said.stderr


# ---- clients


def test_a_certificate_is_an_identity_with_a_role(daemon, authority):
    people = Authority(daemon.directory, "people")
    strangers = Authority(daemon.directory, "strangers")
    pairs = {
        "alice": people.sign("alice", "alice", "clientAuth", "email:alice@example.net"),
        "bob": people.sign("bob", "robert", "clientAuth", "email:bob@example.net"),
        "carol": people.sign("carol", "carol", "clientAuth", "email:carol@example.net"),
        "mallory": strangers.sign("mallory", "alice", "clientAuth", "email:alice@example.net"),
        "a server": people.sign("machine", "alice", "serverAuth", "DNS:alice"),
        "too late": people.sign("late", "alice", "clientAuth", "DNS:alice", days=-1),
    }
    people.file.chmod(0o644)
    start(daemon, authority, client_ca=str(people.file), clients={"alice": "admin", "bob@example.net": "viewer"})

    def whoami(name):
        status, text = call(daemon, authority, "GET", "/v1/whoami", token=None, pair=pairs[name])
        return json.loads(text)["name"] if status == 200 else status
    assert whoami("alice") == "cert:alice"
    assert whoami("bob") == "cert:bob@example.net"
    assert [whoami(name) for name in ("carol", "mallory", "a server", "too late")] == [401] * 4
    assert call(daemon, authority, "PATCH", ENDPOINT, '{"weight": 5}', None, pairs["bob"])[0] == 403
    assert call(daemon, authority, "PATCH", ENDPOINT, '{"weight": 5}', None, pairs["alice"])[0] == 200
    assert call(daemon, authority, "GET", "/v1/status", pair=pairs["carol"])[0] == 200  # with the admin token
    assert call(daemon, authority, "GET", "/v1/status", token="0" * 64, pair=pairs["alice"])[0] == 401
    entries = [json.loads(call(daemon, authority, "GET", "/v1/audit")[1])["items"]]
    assert [(one["who"], one["how"], one["status"]) for one in entries[0]] == [
        ("cert:alice", "certificate", 200), ("cert:bob@example.net", "certificate", 403)]


def test_where_a_certificate_is_required_nothing_is_said_without_one(daemon, authority):
    people = Authority(daemon.directory, "people")
    alice = people.sign("alice", "alice", "clientAuth", "DNS:alice")
    people.file.chmod(0o644)
    start(daemon, authority, client_ca=str(people.file), require_client=True)
    assert call(daemon, authority, "GET", "/metrics", token=None)[0] == 403
    assert call(daemon, authority, "GET", "/v1/status")[0] == 403
    assert call(daemon, authority, "GET", "/metrics", token=None, pair=alice)[0] == 200
    assert call(daemon, authority, "GET", "/v1/status", token=None, pair=alice)[0] == 401  # no role, no token
    assert call(daemon, authority, "GET", "/v1/status", pair=alice)[0] == 200


def test_steerctl_speaks_tls_with_its_own_certificate(daemon, authority):
    people = Authority(daemon.directory, "people")
    certificate, key = people.sign("alice", "alice", "clientAuth", "DNS:alice")
    people.file.chmod(0o644)
    start(daemon, authority, client_ca=str(people.file), clients={"alice": "operator"})

    def run(*arguments, **more):
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **more}
        return subprocess.run([STEERCTL, "--url", "https://127.0.0.1:%d" % daemon.api_port, *map(str, arguments)],
                              capture_output=True, text=True, env=environment, timeout=START_S)
    assert run("--ca", authority.file, "--cert", certificate, "--key", key, "drain", "us/a").returncode == 0
    assert run("--ca", authority.file, "status", STEERD_TOKEN=daemon.token).returncode == 0
    assert run("status", STEERD_TOKEN=daemon.token).returncode == 3  # nobody vouches for this server


def test_handshakes_that_never_end_keep_nobody_out(daemon, authority):
    daemon.node["api"]["connections"] = 64
    start(daemon, authority)
    streams = [socket.create_connection(("127.0.0.1", daemon.api_port), 20) for _ in range(300)]
    for stream in streams:
        try:
            stream.sendall(b"\x16\x03\x01\x02\x00\x01")
        except OSError:
            pass
    started = time.monotonic()
    assert call(daemon, authority, "GET", "/v1/status")[0] == 200
    assert time.monotonic() - started < 10
    for stream in streams:
        stream.close()
