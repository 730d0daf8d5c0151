#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One zone of a million names: how soon it is served, in how much memory, and how soon a changed record is.

NSD and Knot (Debian's) do the same in the same run, each alone, one after the other, so that what counts are
the ratios.  Everything happens in a directory of its own and on loopback.

    tests/bench/million.py [--steerd build/release/steerd] [--names 1000000] [--rounds 3] [--shape hosts]
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import dns.message
import dns.rdatatype

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from ports import free_port  # noqa: E402  stands beside system/ and bench/

ZONE = "example.test"
CALM = 0.85  # idle share of the machine before a measurement
DEADLINE_S = 120


# ---- the zone

def line_hosts(i):
    return "host%d A 10.%d.%d.%d\n" % (i, i >> 16 & 255, i >> 8 & 255, i & 255)


def line_rich(i):
    return ("host%d A 10.%d.%d.%d\n  AAAA 2001:db8::%x:%x\n  MX 10 host%d\n  TXT \"host number %d\"\n"
            % (i, i >> 16 & 255, i >> 8 & 255, i & 255, i >> 16, i & 65535, i // 2, i))


def line_delegations(i):
    return "host%d NS ns1.host%d\n  NS ns2.example.net.\nns1.host%d A 10.%d.%d.%d\n" % (
        i, i, i, i >> 16 & 255, i >> 8 & 255, i & 255)


SHAPES = {"hosts": line_hosts, "rich": line_rich, "delegations": line_delegations}


def head(serial):
    return ("$ORIGIN %s.\n$TTL 3600\n@ SOA ns1 hostmaster %d 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n"
            "changes A 192.0.2.%d\n" % (ZONE, serial, serial))


def write_zone(path, shape, names, serial):
    """The record that changes stands in front, so that an edit of the file is cheap for the bench."""
    with open(path, "w", buffering=1 << 20) as out:
        out.write(head(serial))
        out.writelines(SHAPES[shape](i) for i in range(names))


def edit_zone(path, serial):
    fresh = pathlib.Path(str(path) + ".new")
    with open(path, "rb") as old, open(fresh, "wb") as new:
        old.seek(len(head(serial - 1)))
        new.write(head(serial).encode())
        shutil.copyfileobj(old, new, 1 << 20)
    fresh.replace(path)


# ---- looking at processes

def tree(pid):
    found = [pid]
    for one in found:
        try:
            children = pathlib.Path("/proc/%d/task/%d/children" % (one, one)).read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
    return found


def field(path, name):
    try:
        for line in open(path):
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def rss(pid):
    return sum(field("/proc/%d/status" % one, "VmRSS:") for one in tree(pid))


def pss(pid):
    return sum(field("/proc/%d/smaps_rollup" % one, "Pss:") for one in tree(pid))


class Peak(threading.Thread):
    """The most memory that a process tree held together, and each alone."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.together, self.alone, self.is_over = pid, 0.0, 0.0, threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(0.02):
            pids = tree(self.pid)
            if len(pids) > 1:
                self.together = max(self.together, pss(self.pid))
            self.alone = max([self.alone] + [field("/proc/%d/status" % pid, "VmHWM:") for pid in pids])

    def end(self):
        self.is_over.set()
        self.join()
        return max(self.together, self.alone)


def wait_for_calm():
    def times():
        values = [int(value) for value in open("/proc/stat").readline().split()[1:]]
        return values[3] + values[4], sum(values)
    for _ in range(60):
        idle, total = times()
        time.sleep(1)
        idle_now, total_now = times()
        if (idle_now - idle) / max(1, total_now - total) >= CALM:
            return True
    return False


# ---- asking

def ask(port, name, timeout):
    query = dns.message.make_query(name, "A").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(timeout)
        udp.connect(("127.0.0.1", port))
        try:
            udp.send(query)
            reply = dns.message.from_wire(udp.recv(4096))
        except OSError:
            return None
    return [data.to_text() for rrset in reply.answer if rrset.rdtype == dns.rdatatype.A for data in rrset]


def wait_for(port, name, expected, started, process=None):
    while time.monotonic() - started < DEADLINE_S:
        if process is not None and process.poll() is not None:
            raise RuntimeError("the server ended with %d" % process.returncode)
        if ask(port, name, 0.2) == [expected]:
            return time.monotonic() - started
        time.sleep(0.001)
    raise RuntimeError("%s does not become %s" % (name, expected))


# ---- servers

class Server:
    def __init__(self, directory, options):
        self.dir, self.options = directory, options
        self.port, self.api_port = free_port(), free_port()
        self.zone = directory / "zone"
        self.serial = 1

    def run(self, *command, **more):
        return subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)


class Steerd(Server):
    name = "steerd"

    def command(self):
        user = {"user": "root"} if os.geteuid() == 0 else {}
        (self.dir / "steerd.json").write_text(json.dumps({
            "listen": ["127.0.0.1:%d" % self.port], "workers": 2, "state_dir": str(self.dir / "state"),
            "steering": "steering.json", "api": {"listen": ["127.0.0.1:%d" % self.api_port]}, **user}))
        (self.dir / "steering.json").write_text(json.dumps({"zones": {ZONE: {"file": str(self.zone)}}}))
        (self.dir / "state").mkdir(exist_ok=True)
        return [self.options.steerd, "-c", str(self.dir / "steerd.json")]

    def change(self, address):
        request = urllib.request.Request(
            "http://127.0.0.1:%d/v1/zones/%s/records/changes/A" % (self.api_port, ZONE), method="PUT",
            data=json.dumps({"ttl": 60, "values": [address]}).encode(),
            headers={"Authorization": "Bearer " + (self.dir / "state" / "admin.token").read_text().strip()})
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()

    def reload(self, process):
        process.send_signal(signal.SIGHUP)


class Nsd(Server):
    name = "nsd"

    def command(self):
        (self.dir / "nsd.conf").write_text("""server:
  ip-address: 127.0.0.1@%d
  server-count: 2
  username: ""
  chroot: ""
  zonesdir: "%s"
  database: ""
  zonelistfile: "%s/zone.list"
  xfrdfile: "%s/xfrd.state"
  pidfile: "%s/pid"
  xfrdir: "%s"
remote-control:
  control-enable: yes
  control-interface: "%s/control"
zone:
  name: "%s"
  zonefile: "%s"
""" % ((self.port,) + (self.dir,) * 6 + (ZONE, self.zone)))
        return ["nsd", "-d", "-c", str(self.dir / "nsd.conf")]

    def reload(self, process):
        self.run("nsd-control", "-c", str(self.dir / "nsd.conf"), "reload", ZONE)


class Knot(Server):
    name = "knot"

    def command(self):
        (self.dir / "knot.conf").write_text("""server:
  rundir: %s
  listen: 127.0.0.1@%d
  udp-workers: 2
  tcp-workers: 1
  background-workers: 1
database:
  storage: %s
log:
  - target: stderr
    any: warning
control:
  listen: %s/control
zone:
  - domain: %s
    file: %s
    storage: %s
    zonefile-sync: -1
    semantic-checks: off
    journal-content: %s
""" % (self.dir, self.port, self.dir, self.dir, ZONE, self.zone, self.dir, "changes"))
        return ["knotd", "-c", str(self.dir / "knot.conf")]

    def control(self, *words):
        self.run("knotc", "-s", str(self.dir / "control"), *words)

    def change(self, address):
        self.control("zone-begin", ZONE)
        self.control("zone-unset", ZONE, "changes", "A")
        self.control("zone-set", ZONE, "changes", "60", "A", address)
        self.control("zone-commit", ZONE)

    def reload(self, process):
        self.control("zone-reload", ZONE)


SERVERS = (Steerd, Nsd, Knot)


# ---- one round

def measure(kind, options):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="million-"))
    directory.chmod(0o755)
    server = kind(directory, options)
    log = open(directory / "log", "wb")
    process, figures = None, {}
    try:
        write_zone(server.zone, options.shape, options.names, 1)
        command = server.command()
        figures["calm"] = wait_for_calm()
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        peak = Peak(process.pid)
        last = "host%d.%s" % (options.names - 1, ZONE)
        if options.shape == "delegations":
            last = "changes." + ZONE
        figures["ready s"] = wait_for(server.port, last, ask_expected(options), started, process)
        figures["peak MiB"] = peak.end()
        time.sleep(2)
        figures["RSS MiB"], figures["PSS MiB"] = rss(process.pid), pss(process.pid)
        change_figures(server, process, figures)
        figures["restart s"] = None
        if kind is Steerd:
            process.terminate()
            process.wait(DEADLINE_S)
            started = time.monotonic()
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            peak = Peak(process.pid)
            figures["restart s"] = wait_for(server.port, "changes." + ZONE, "192.0.2.203", started, process)
            figures["restart peak MiB"] = peak.end()
    except Exception:
        sys.stderr.write((directory / "log").read_text(errors="replace")[-2000:])
        raise
    finally:
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait(DEADLINE_S)
        shutil.rmtree(directory, ignore_errors=True)
    return figures


def ask_expected(options):
    if options.shape == "delegations":
        return "192.0.2.1"
    i = options.names - 1
    return "10.%d.%d.%d" % (i >> 16 & 255, i >> 8 & 255, i & 255)


def change_figures(server, process, figures):
    server.serial += 1  # the file says something new
    edit_zone(server.zone, server.serial)
    time.sleep(0.5)
    peak = Peak(process.pid)
    started = time.monotonic()
    server.reload(process)
    figures["reload ms"] = 1000 * wait_for(server.port, "changes." + ZONE, "192.0.2.2", started, process)
    figures["reload peak MiB"] = peak.end()
    figures["change ms"] = None
    if not hasattr(server, "change"):
        return
    taken = []
    for address in ("192.0.2.201", "192.0.2.202", "192.0.2.203"):
        time.sleep(0.3)
        started = time.monotonic()
        server.change(address)
        taken.append(1000 * wait_for(server.port, "changes." + ZONE, address, started, process))
    figures["change ms"] = max(taken)


# ---- the table

COLUMNS = ("ready s", "peak MiB", "RSS MiB", "PSS MiB", "reload ms", "reload peak MiB", "change ms", "restart s",
           "restart peak MiB")


def median(rounds, column):
    values = [figures[column] for figures in rounds if figures.get(column) is not None]
    return statistics.median(values) if values else None


def print_table(results):
    first = {column: median(results[SERVERS[0].name], column) for column in COLUMNS}
    print("%-8s" % "" + "".join("%20s" % column for column in COLUMNS))
    for name, rounds in results.items():
        cells = []
        for column in COLUMNS:
            value = median(rounds, column)
            ratio = "" if value is None or not first[column] else " (%.2f)" % (value / first[column])
            cells.append("%20s" % ("-" if value is None else "%.*f%s" % (2 if value < 100 else 0, value, ratio)))
        print("%-8s" % name + "".join(cells))
    if not all(figures["calm"] for rounds in results.values() for figures in rounds):
        print("the machine was not calm: compare the ratios only")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--steerd", default=str(root / "build" / "release" / "steerd"))
    parser.add_argument("--names", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", choices=SHAPES, default="hosts")
    parser.add_argument("--only", choices=[kind.name for kind in SERVERS], action="append")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    results = {}
    for _ in range(options.rounds):
        for kind in SERVERS:
            if options.only and kind.name not in options.only:
                continue
            results.setdefault(kind.name, []).append(measure(kind, options))
    print("%d names, shape %s, median of %d; in brackets: of steerd's" % (options.names, options.shape, options.rounds))
    if SERVERS[0].name not in results:
        results = {SERVERS[0].name: [{"calm": True}], **results}
    print_table(results)


if __name__ == "__main__":
    main()
