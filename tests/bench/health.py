#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What health checks cost: CPU per check of steerd, and of gdnsd's http_status checks in the same run.

    tests/bench/health.py [--steerd build/release/steerd] [--seconds 20]

1. 10,000 http checks every 5 s, each on a connection of its own
2. 1,000 https checks every 5 s on connections that are kept (reuse)
3. both together: the bound is a quarter of one core
4. gdnsd: as many http checks as 1.

The web server is a program beside this one, on loopback.  CPU is what the scheduler counts for the process, user and
system; a busy machine makes it worse, never better.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
INTERVAL_S = 5


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def address(index):
    return "127.%d.%d.%d" % (1 + (index >> 16), index >> 8 & 255, index & 255)


def cpu_s(pid):
    """Scheduler time of all threads of the process, but for the one that answers the questions of this program."""
    total = 0
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        if (task / "comm").read_text().strip() != "MHD-single":
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def memory_mib(pid):
    for line in pathlib.Path("/proc/%d/status" % pid).read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("never: " + what)
        time.sleep(0.05)


def end(process):
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=30)[0]


class WebServer:
    def __init__(self, directory, *more):
        self.port = free_port()
        program = directory / "web_server"
        if not program.exists():
            subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", str(HERE / "web_server.c"), "-o", str(program), "-lssl",
                            "-lcrypto"], check=True)
        self.process = subprocess.Popen([str(program), str(self.port), *more], stdout=subprocess.PIPE, text=True)

    def stop(self):
        return end(self.process).strip()


class Steerd:
    def __init__(self, program, directory, document, checks):
        self.directory = directory / "steerd"
        self.directory.mkdir()
        self.directory.chmod(0o755)
        self.api_port = free_port()
        (self.directory / "steering.json").write_text(json.dumps(document))
        (self.directory / "steerd.json").write_text(json.dumps({
            "listen": ["127.0.0.1:%d" % free_port()], "workers": 1, "state_dir": "state",
            "api": {"listen": ["127.0.0.1:%d" % self.api_port]}}))
        self.log = open(self.directory / "log", "w")
        self.process = subprocess.Popen([program, "-c", str(self.directory / "steerd.json")], stdout=self.log,
                                        stderr=self.log)
        wait_for(lambda: self.counts()[0] >= checks, 60, "every endpoint up\n" + self.log.name)

    def counts(self):
        """Good checks, bad ones."""
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % self.api_port, timeout=30) as reply:
                lines = dict(line.rsplit(" ", 1) for line in reply.read().decode().splitlines() if line[0] != "#")
        except OSError:
            return 0, 0
        return tuple(int(lines['steerd_checks_total{result="%s"}' % word]) for word in ("success", "failure"))

    def stop(self):
        end(self.process)
        self.log.close()
        shutil.rmtree(self.directory)


def document_of(http_port, http_count, https_port, https_count, ca_file):
    common = {"interval": "%ds" % INTERVAL_S, "timeout": "2s"}
    checks = {"http": {"type": "http", "port": http_port, **common},
              "https": {"type": "https", "port": https_port, "sni": "bench.example.test", "ca_file": str(ca_file),
                        "reuse": "1h", **common}}
    pools = {}
    for name, count, base in (("http", http_count, 1), ("https", https_count, 1 << 16)):
        for start in range(0, count, 1000):
            endpoints = {"e%d" % i: {"ipv4": address(base + i)} for i in range(start, min(start + 1000, count))}
            pools["%s%d" % (name, start)] = {"check": name, "policy": "round_robin", "endpoints": endpoints}
    services = {name: {"policy": name} for name in pools}
    records = ["@ 3600 IN SOA ns1 hostmaster 1 7200 900 1209600 300", "@ 3600 IN NS ns1", "ns1 3600 IN A 192.0.2.1"]
    return {"checks": checks, "pools": pools, "zones": {"example.test": {"records": records, "services": services}}}


def measure(pid, checks_done, seconds):
    """CPU seconds a second, checks a second, CPU per check in µs."""
    done, cpu, since = checks_done(), cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    done, cpu, passed = checks_done() - done, cpu_s(pid) - cpu, time.monotonic() - since
    return cpu / passed, done / passed, 1e6 * cpu / max(done, 1)


def say(what, share, rate, cost, memory):
    print("%-34s %5.1f %% of a core  %6.0f checks/s  %6.1f µs/check  %5.0f MiB" %
          (what, 100 * share, rate, cost, memory), flush=True)


def run_steerd(what, options, directory, plain, secure, http_count, https_count, ca_file):
    document = document_of(plain.port, http_count, secure.port, https_count, ca_file)
    steerd = Steerd(options.steerd, directory, document, http_count + https_count)
    time.sleep(3 * INTERVAL_S)  # until the first burst is forgotten
    share, rate, cost = measure(steerd.process.pid, lambda: steerd.counts()[0], options.seconds)
    say(what, share, rate, cost, memory_mib(steerd.process.pid))
    if steerd.counts()[1] > 0:
        print("  %d checks failed: the machine is too busy to measure" % steerd.counts()[1])
    steerd.stop()
    return share, cost


def run_gdnsd(options, directory, plain, count):
    if shutil.which("gdnsd") is None:
        print("gdnsd is not installed: no comparison")
        return None
    home = directory / "gdnsd"
    for one in ("zones", "run", "state"):
        (home / one).mkdir(parents=True)
    pairs = "\n".join("r%d => { service_types => web, primary => %s, secondary => %s }" %
                      (i, address(2 * i + 1), address(2 * i + 2)) for i in range(count // 2))
    (home / "config").write_text(
        "options => { listen => [127.0.0.1], dns_port => %d, udp_threads => 1, tcp_threads => 1, run_dir => %s/run, "
        "state_dir => %s/state }\nservice_types => { web => { plugin => http_status, port => %d, url_path => /, "
        "interval => %d, timeout => 2, up_thresh => 2, ok_thresh => 2, down_thresh => 3 } }\nplugins => { simplefo => {"
        "\n%s\n} }\n" % (free_port(), home, home, plain.port, INTERVAL_S, pairs))
    names = "\n".join("h%d 5 DYNA simplefo!r%d" % (i, i) for i in range(count // 2))
    (home / "zones" / "example.test").write_text(
        "@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.1\n" + names + "\n")
    with open(home / "log", "w") as log:
        process = subprocess.Popen(["gdnsd", "-c", str(home), "start"], stdout=log, stderr=log)
    time.sleep(2 * INTERVAL_S)
    if process.poll() is not None:
        raise SystemExit("gdnsd: " + (home / "log").read_text()[-500:])
    began = time.monotonic()
    share, rate, cost = measure(process.pid, lambda: (time.monotonic() - began) * count / INTERVAL_S, options.seconds)
    say("gdnsd: %d http" % count, share, rate, cost, memory_mib(process.pid))
    end(process)
    return cost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steerd", default="build/release/steerd")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--http", type=int, default=10000)
    parser.add_argument("--https", type=int, default=1000)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="steerd-bench-"))
    directory.chmod(0o755)
    make = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out ca.pem -days 90 "
            "-subj /CN=bench -addext subjectAltName=DNS:bench.example.test")
    subprocess.run(make.split(), cwd=directory, check=True, capture_output=True)
    plain = WebServer(directory)
    secure = WebServer(directory, str(directory / "ca.pem"), str(directory / "key.pem"))
    try:
        where = (directory, plain, secure)
        ca_file = directory / "ca.pem"
        _, cost = run_steerd("steerd: %d http" % options.http, options, *where, options.http, 0, ca_file)
        run_steerd("steerd: %d https, reuse" % options.https, options, *where, 0, options.https, ca_file)
        share, _ = run_steerd("steerd: both", options, *where, options.http, options.https, ca_file)
        theirs = run_gdnsd(options, directory, plain, options.http)
        if theirs is not None:
            print("an http check of steerd costs %.2f of gdnsd's" % (cost / theirs))
        print("both together: %.1f %% of a core, the bound is 25 %%: %s" %
              (100 * share, "kept" if share < 0.25 else "MISSED"))
    finally:
        print("http server: %s; https server: %s" % (plain.stop(), secure.stop()))
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
