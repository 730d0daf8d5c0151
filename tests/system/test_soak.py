# SPDX-License-Identifier: GPL-3.0-or-later
"""A long life of health checks, compressed by short intervals: memory and descriptors stay what they are."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from faults import Certificates, FaultyNameServer, FaultyServer
from harness import IS_LONG, ROOT, free_port, open_files, wait_until, world

CHECKS = 1000000 if IS_LONG else 6000
WARM = CHECKS // 3  # until then caches fill
SECONDS = 3600 if IS_LONG else 90
TLS_NAME = "web.example.test"


def memory_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/%d/status" % pid).read_text())[1])


def checks_done(daemon):
    metrics = daemon.api("GET", "/metrics", token=None).text
    return sum(int(float(value)) for value in re.findall(r'^steerd_checks_total\{.*\} (\S+)$', metrics, re.M))


@pytest.fixture
def web_server(tmp_path):
    """One program that can serve a million connections."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    program = tmp_path / "web_server"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", str(ROOT / "tests" / "bench" / "web_server.c"), "-o", str(program),
                    "-lssl", "-lcrypto"], check=True)
    port = free_port()
    process = subprocess.Popen([str(program), str(port)], stdout=subprocess.DEVNULL)
    yield port
    process.terminate()
    process.wait()


def test_checks_without_end_leak_nothing(daemon, web_server, monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")
    certificates = Certificates(daemon.directory, TLS_NAME)
    secure = FaultyServer("127.0.91.1", certificates)
    broken = FaultyServer("127.0.91.2")
    names = FaultyNameServer("127.0.91.3")
    refused = FaultyServer("127.0.91.4")
    refused.close()
    broken.fall("reset")
    quick = {"interval": "100ms", "timeout": "90ms"}
    slow = {"interval": "1s", "timeout": "900ms"}
    checks = {
        "web": {"type": "http", "port": web_server, **quick},
        "kept": {"type": "http", "port": web_server, "reuse": "1s", "body_contains": "ok", **quick},
        "tcp": {"type": "tcp", "port": web_server, **quick},
        "words": {"type": "tcp", "port": web_server, "send": "GET / HTTP/1.0\r\n\r\n", "expect": "200 OK", **quick},
        "dns": {"type": "dns", "port": names.port, "host": names.address, "query": "a.example", **slow},
        "tls": {"type": "tls", "port": secure.port, "host": secure.address, "sni": TLS_NAME,
                "ca_file": str(certificates.ca_file), **slow},
        "program": {"type": "exec", "command": ["/bin/true"], **slow},
        "broken": {"type": "http", "port": broken.port, "host": broken.address, **slow},
        "refused": {"type": "http", "port": refused.port, "host": refused.address, **slow},
    }
    several = ("web", "kept", "tcp", "words")
    pools = {name: {"check": name, "endpoints": {
        "e%d" % i: {"ipv4": "127.0.92.%d" % (i + 1)} for i in range(16 if name in several else 1)}} for name in checks}
    services = {name: {"policy": name} for name in pools}
    daemon.start(world(services, pools, checks=checks), exec_checks=True)
    pid = daemon.process.pid
    wait_until(lambda: checks_done(daemon) > WARM, SECONDS, "%d checks" % WARM)
    files, memory = len(open_files(pid)), memory_kib(pid)
    wait_until(lambda: checks_done(daemon) > CHECKS, SECONDS, "%d checks" % CHECKS)
    # checks under way have their sockets; what is lost with each check would be thousands
    assert len(open_files(pid)) <= files + 64, (files, len(open_files(pid)))
    assert memory_kib(pid) <= memory * 1.1 + 8192, (memory, memory_kib(pid))
    for server in (secure, broken, names):
        server.close()
