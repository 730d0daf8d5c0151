#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What health checks cost: CPU per check of steerd, and of gdnsd's http_status checks in the same run.

    tests/bench/health.py [--steerd build/release/steerd] [--rounds 3] [--seconds 10]

Each round measures, one after the other:

  http    10,000 http checks every 5 s, each on a connection of its own
  https   1,000 https checks every 5 s on connections that are kept (reuse)
  both    all of them together: the bound is a quarter of one core
  gdnsd   as many http checks as the first

The web server is a program beside this one, on loopback.  CPU is what the scheduler counts for the process, user and
system; a busy machine makes it worse, never better, so look at the ratio, which is that of neighbours in time.
"""
import argparse
import json
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from ports import free_port  # noqa: E402  stands beside system/ and bench/

INTERVAL_S = 5


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


class Row:
    """What was measured of one kind in all rounds."""

    def __init__(self, what):
        self.what, self.shares, self.costs, self.memory = what, [], [], 0

    def add(self, share, cost, memory):
        self.shares.append(share)
        self.costs.append(cost)
        self.memory = max(self.memory, memory)

    def print(self, reference):
        ratio = "-"
        if reference is not None and reference.costs:
            ratio = "%.2f" % statistics.median(mine / theirs for mine, theirs in zip(self.costs, reference.costs))
        print("| %-24s | %6.1f %% | %7.1f | %6.1f – %-6.1f | %5s | %4.0f MiB |" %
              (self.what, 100 * statistics.median(self.shares), statistics.median(self.costs), min(self.costs),
               max(self.costs), ratio, self.memory))


def run_steerd(row, options, directory, plain, secure, http_count, https_count, ca_file):
    document = document_of(plain.port, http_count, secure.port, https_count, ca_file)
    steerd = Steerd(options.steerd, directory, document, http_count + https_count)
    # a latency counts from the fifth check on, and is then told once: that is the start, not the daily bread
    wait_for(lambda: steerd.counts()[0] >= 6 * (http_count + https_count), 120, "six checks of each")
    share, _, cost = measure(steerd.process.pid, lambda: steerd.counts()[0], options.seconds)
    row.add(share, cost, memory_mib(steerd.process.pid))
    failed = steerd.counts()[1]
    steerd.stop()
    return failed


def run_gdnsd(row, options, directory, plain, count):
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
    share, _, cost = measure(process.pid, lambda: (time.monotonic() - began) * count / INTERVAL_S, options.seconds)
    row.add(share, cost, memory_mib(process.pid))
    end(process)
    shutil.rmtree(home)


def make_certificate(directory):
    make = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out ca.pem -days 90 "
            "-subj /CN=bench -addext subjectAltName=DNS:bench.example.test")
    subprocess.run(make.split(), cwd=directory, check=True, capture_output=True)


def run_rounds(options, directory, plain, secure):
    http, https, both, gdnsd = (Row("steerd: %d http" % options.http), Row("steerd: %d https, reuse" % options.https),
                                Row("steerd: both"), Row("gdnsd: %d http" % options.http))
    where, ca_file, failed = (options, directory, plain, secure), directory / "ca.pem", 0
    for _ in range(options.rounds):
        failed += run_steerd(http, *where, options.http, 0, ca_file)
        if shutil.which("gdnsd") is not None:
            run_gdnsd(gdnsd, options, directory, plain, options.http)
        failed += run_steerd(both, *where, options.http, options.https, ca_file)
        failed += run_steerd(https, *where, 0, options.https, ca_file)
    print("| %-24s | %8s | %7s | %15s | %5s | %8s |" %
          ("medians of %d" % options.rounds, "of core", "µs each", "least – most", "ratio", "RSS"))
    print("| --- | --- | --- | --- | --- | --- |")
    for row in (http, https, both, gdnsd):
        if row.costs:
            row.print(gdnsd)
    if failed > 0:
        print("%d checks failed: the machine is too busy to measure" % failed)
    return statistics.median(both.shares)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steerd", default="build/release/steerd")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--http", type=int, default=10000)
    parser.add_argument("--https", type=int, default=1000)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="steerd-bench-"))
    directory.chmod(0o755)
    make_certificate(directory)
    plain = WebServer(directory)
    secure = WebServer(directory, str(directory / "ca.pem"), str(directory / "key.pem"))
    try:
        print("load before: %s" % " ".join(open("/proc/loadavg").read().split()[:3]), flush=True)
        share = run_rounds(options, directory, plain, secure)
        print("both together: %.1f %% of a core, the bound is 25 %%: %s" %
              (100 * share, "kept" if share < 0.25 else "MISSED"))
    finally:
        print("http server: %s; https server: %s" % (plain.stop(), secure.stop()))
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
