# SPDX-License-Identifier: GPL-3.0-or-later
"""A steerd of one's own, backends to steer to, and the questions an operator would ask them."""
import contextlib
import http.server
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from ports import free_port  # noqa: E402  stands beside system/ and bench/


def settle():
    """Surroundings that do not depend on who starts the tests."""
    os.umask(0o022)  # root writes what steerd reads as another user
    for proxy in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[proxy]  # all that is asked is on this machine
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


settle()

STEERD = os.environ.get("STEERD", str(ROOT / "build" / "asan" / "steerd"))
STEERCTL = os.environ.get("STEERCTL", str(ROOT / "build" / "asan" / "steerctl"))
IS_LONG = os.environ.get("STEERD_TEST_LONG") == "1"

START_S = 30  # a sanitized daemon on a busy machine
REPORTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "Assertion")

SOA = "@ 3600 IN SOA ns1 hostmaster 1 7200 900 1209600 300"
ZONE = [SOA, "@ 3600 IN NS ns1", "ns1 3600 IN A 192.0.2.1"]


def wait_until(condition, seconds, what):
    """Polls until `condition` gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("not within %s s: %s" % (seconds, what))
        time.sleep(0.02)


def needs_descriptors(count):
    """Skips where the hard limit of open files, which steerd makes its own, is lower."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip("needs %d open files, the limit (ulimit -Hn) is %d" % (count, hard))


def open_files(pid):
    """Where each descriptor of a process leads.  Who has become another user hides that from all but CAP_SYS_PTRACE."""
    found = {}
    try:
        for entry in pathlib.Path("/proc/%d/fd" % pid).iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found[int(entry.name)] = os.readlink(entry)
    except PermissionError:
        pytest.skip("needs CAP_SYS_PTRACE, to look at the open files of steerd")
    return found


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def etag(self):
        return self.headers["ETag"]


class Daemon:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="steerd-test-"))
        self.directory.chmod(0o755)  # steerd drops its rights when root starts it
        self.dns_port, self.api_port = free_port(), free_port()
        self.process = None
        self.log_path = self.directory / "log"
        self.node = {
            "listen": ["127.0.0.1:%d" % self.dns_port],
            "workers": 2,
            "state_dir": "state",
            "steering": "steering.json",
            "api": {"listen": ["127.0.0.1:%d" % self.api_port]},
        }

    # ---- files

    def write(self, name, content):
        """Puts a file beside steerd.json, at once as an editor does."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        fresh.replace(path)

    def configure(self, document, **node):
        self.node.update(node)
        self.write("steerd.json", self.node)
        self.write("steering.json", document)

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def state(self):
        return self.directory / "state"

    # ---- start and stop

    def arguments(self, *more):
        return [STEERD, "-c", str(self.directory / "steerd.json"), *more]

    def check(self):
        return subprocess.run(self.arguments("--check"), capture_output=True, text=True, timeout=START_S)

    def launch(self, file_size_most=resource.RLIM_INFINITY):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size_most, resource.RLIM_INFINITY))
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.arguments(), stdout=log, stderr=log, preexec_fn=limit)

    def start(self, document=None, file_size_most=resource.RLIM_INFINITY, **node):
        if document is not None:
            self.configure(document, **node)
        self.launch(file_size_most)
        wait_until(self.is_ready, START_S, "ready\n" + self.log)
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("steerd ended with %d:\n%s" % (self.process.returncode, self.log))
        try:
            return self.api("GET", "/readyz", token=None).status == 200 and self.query(".", "NS") is not None
        except (OSError, dns.exception.DNSException):
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(START_S)
        self.process = None
        assert code == 0, "steerd ended with %d after SIGTERM:\n%s" % (code, self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def hangup(self):
        self.process.send_signal(signal.SIGHUP)

    def finish(self):
        """What every test ends with: a clean exit and no word from a sanitizer."""
        try:
            if self.process is not None:
                self.stop()
            log = self.log
            assert not any(report in log for report in REPORTS), log
        finally:
            if self.process is not None and self.process.poll() is None:
                self.kill()
            shutil.rmtree(self.directory, ignore_errors=True)

    # ---- DNS

    def message(self, name, kind="A", ecs=None, payload=1232, edns=True, **flags):
        options = [dns.edns.ECSOption.from_text(ecs)] if ecs else []
        use_edns = {"use_edns": 0, "payload": payload, "options": options} if edns else {"use_edns": False}
        message = dns.message.make_query(name, kind, **use_edns, **flags)
        message.flags &= ~dns.flags.RD
        return message

    def send(self, message, tcp=False, timeout=5):
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(message, "127.0.0.1", port=self.dns_port, timeout=timeout)

    def query(self, name, kind="A", tcp=False, **how):
        return self.send(self.message(name, kind, **how), tcp)

    def answer(self, name, kind="A", **how):
        """The rdata of that type in the answer section, in its order."""
        reply = self.query(name, kind, **how)
        wanted = dns.rdatatype.from_text(kind)
        return [rdata.to_text() for rrset in reply.answer if rrset.rdtype == wanted for rdata in rrset]

    def answers_within(self, seconds, name, kind, expected, **how):
        wait_until(lambda: self.answer(name, kind, **how) == expected, seconds, "%s %s = %s" % (name, kind, expected))

    def raw(self, packet, timeout=0.5):
        """One datagram there, one back, or None."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(timeout)
            udp.sendto(packet, ("127.0.0.1", self.dns_port))
            try:
                return udp.recv(65535)
            except socket.timeout:
                return None

    # ---- API

    @property
    def token(self):
        return (self.state() / "admin.token").read_text().strip()

    def api(self, method, path, body=None, token=True, headers=None):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request("http://127.0.0.1:%d%s" % (self.api_port, path), data=data, method=method,
                                         headers=headers or {})
        if token:
            request.add_header("Authorization", "Bearer " + (self.token if token is True else token))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=START_S) as reply:
                return Reply(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as reply:
            return Reply(reply.code, reply.headers, reply.read())

    def generation(self):
        return self.api("GET", "/v1/status").json["generation"]

    def endpoint(self, pool, name):
        return self.api("GET", "/v1/pools/%s/endpoints/%s" % (pool, name)).json

    def set_weight(self, pool, name, weight):
        reply = self.api("PATCH", "/v1/pools/%s/endpoints/%s" % (pool, name), {"weight": weight})
        assert reply.status == 200, reply.text
        return reply

    def becomes(self, pool, name, verdict, seconds=10):
        wait_until(lambda: self.endpoint(pool, name)["health"]["verdict"] == verdict, seconds,
                   "%s/%s %s" % (pool, name, verdict))

    # ---- steerctl

    def steerctl(self, *arguments, token=True, stdin=None):
        environment = dict(os.environ, STEERD_URL="http://127.0.0.1:%d" % self.api_port, STEERCTL_CONFIG="/dev/null")
        environment.pop("STEERD_TOKEN", None)
        if token:
            environment["STEERD_TOKEN"] = self.token
        return subprocess.run([STEERCTL, *arguments], capture_output=True, text=True, env=environment, input=stdin,
                              timeout=START_S)


class Backend:
    """A web server on a loopback address that can fall ill and die."""

    def __init__(self, address, port):
        self.address, self.port = address, port
        self.status, self.body, self.hits, self.delay_s = 200, b"ok\n", 0, 0
        self.server = None
        self.start()

    def start(self):
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                backend.hits += 1
                time.sleep(backend.delay_s)
                self.send_response(backend.status)
                self.send_header("Content-Length", str(len(backend.body)))
                self.end_headers()
                self.wfile.write(backend.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((self.address, self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


def quick_check(port, **more):
    """Down within 0.6 s, back within 0.4 s."""
    return {"type": "http", "port": port, "path": "/healthz", "interval": "200ms", "timeout": "150ms", "fall": 3,
            "rise": 2, **more}


def world(services, pools=None, records=(), **more):
    """A steering document for the zone example.test."""
    zone = {"records": ZONE + list(records), "services": services}
    return {"pools": pools or {}, "zones": {"example.test": zone}, **more}


def pool(policy, *addresses, **more):
    """Endpoints a, b, c … with an IPv4 address each, and the IPv6 address that ends alike."""
    endpoints = {}
    for letter, address in zip("abcdefghij", addresses):
        endpoints[letter] = {"ipv4": address, "ipv6": six(address)}
    return {"policy": policy, "endpoints": endpoints, **more}


def six(address):
    return "2001:db8::%s" % address.replace(".", ":")
