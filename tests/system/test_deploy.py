# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy/run.sh as a newcomer uses it: two terminals, dig, curl, kill."""
import os
import pwd
import re
import signal
import socket
import subprocess
import time

import dns.exception
import dns.message
import dns.query
import pytest

from harness import ROOT, free_port, wait_until

BACKENDS = ["127.0.10.1", "127.0.20.1", "127.0.30.1"]
BUILD_S = 600


def is_free(address):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, 8080))
            return True
        except OSError:
            return False


class Run:
    def __init__(self, directory, *options):
        self.dns_port, self.api_port = free_port(), free_port()
        self.log_path = directory / "log"
        command = [str(ROOT / "deploy" / "run.sh"), "--dns-port", str(self.dns_port), "--api-port", str(self.api_port),
                   "--state", str(directory / "state"), *options]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.is_up, BUILD_S, "the banner")

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def is_up(self):
        assert self.process.poll() is None, self.log
        return "Stop it:" in self.log

    def found(self, pattern):
        return re.search(pattern, self.log)[1]

    def answer(self, name):
        message = dns.message.make_query(name, "A")
        return [rdata.to_text() for rrset in dns.query.udp(message, "127.0.0.1", port=self.dns_port, timeout=5).answer
                for rdata in rrset]

    def is_silent(self):
        try:
            self.answer("www.example.test")
            return False
        except (OSError, dns.exception.DNSException):
            return True

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def directory(daemon):
    """A place that an unprivileged steerd can reach."""
    return daemon.directory


@pytest.mark.skipif(not all(map(is_free, BACKENDS)), reason="the backends' addresses are in use")
def test_two_commands_show_a_failover(directory):
    run = Run(directory)
    try:
        assert run.answer("failover.example.test")[0] in BACKENDS[:2]
        pid = int(run.found(r"steerd is running: pid (\d+)"))
        if os.geteuid() == 0:  # and not nobody, whom it might share
            assert pwd.getpwuid(os.stat("/proc/%d" % pid).st_uid).pw_name == "steerd"
        token = run.found(r"STEERD_TOKEN=([0-9a-f]+)")
        url = "http://127.0.0.1:%d/v1/pools/us/endpoints/us-east-1" % run.api_port
        curl = ["curl", "-s", "--noproxy", "*", "-H", "Authorization: Bearer " + token]
        assert '"weight":9' in subprocess.run([*curl, "-X", "PATCH", "-d", '{"weight": 9}', url], capture_output=True,
                                              text=True).stdout.replace(" ", "")
        wait_until(lambda: sorted(run.answer("round-robin.example.test")) == BACKENDS, 20, "all of them")
        os.kill(int(run.found(r"kill (\d+) +# backend 127\.0\.10\.1")), signal.SIGTERM)
        killed = time.monotonic()
        wait_until(lambda: sorted(run.answer("round-robin.example.test")) == BACKENDS[1:], 11, "the dead one is out")
        assert time.monotonic() - killed <= 10.5
        back = subprocess.Popen([str(ROOT / "deploy" / "run.sh"), "--backend", BACKENDS[0]], stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: sorted(run.answer("round-robin.example.test")) == BACKENDS, 15, "and back")
        finally:
            back.terminate()
            back.wait(10)
        assert run.stop() == 0
        assert run.is_silent()
        wait_until(lambda: all(map(is_free, BACKENDS)), 10, "the backends to be gone")
    finally:
        run.stop()


@pytest.mark.parametrize("option", ["--dns-port", "--api-port"])
def test_a_port_that_is_taken_is_named_and_which_option_chooses_another(directory, option):
    ports = {"--dns-port": free_port(), "--api-port": free_port()}
    command = [str(ROOT / "deploy" / "run.sh"), "--no-backends", "--state", str(directory / "state")]
    for name, port in ports.items():
        command += [name, str(port)]
    with socket.create_server(("127.0.0.1", ports[option])):  # accepts, and never says a word
        run = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S, umask=0o077)
    assert run.returncode != 0
    assert "127.0.0.1:%d" % ports[option] in run.stderr and option in run.stderr


def test_it_fails_when_steerd_does(directory):
    run = Run(directory, "--no-backends")
    try:
        os.kill(int(run.found(r"steerd is running: pid (\d+)")), signal.SIGKILL)
        assert run.process.wait(20) == 1
        assert "steerd ended by itself" in run.log
    finally:
        run.stop()


@pytest.mark.parametrize("options", [["--no-such-option"], ["--dns-port", "0"], ["--dns-port", "x"], ["--state"],
                                     ["--config", "/nonexistent"]])
def test_wrong_options_are_named(options):
    result = subprocess.run([str(ROOT / "deploy" / "run.sh"), *options], capture_output=True, text=True, timeout=20)
    assert result.returncode != 0 and (options[0] in result.stderr or options[-1] in result.stderr)


def test_help_names_every_option():
    script = (ROOT / "deploy" / "run.sh").read_text()
    text = subprocess.run([str(ROOT / "deploy" / "run.sh"), "--help"], capture_output=True, text=True, timeout=20).stdout
    for option in re.findall(r"^    (--[a-z-]+)", script, re.M):
        assert option in text
