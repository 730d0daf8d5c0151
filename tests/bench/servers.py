# SPDX-License-Identifier: GPL-3.0-or-later
"""The same service by several servers: steerd, Debian's gdnsd, Knot DNS and NSD, and a bare UDP echo.

A scenario says what is served; each server writes the configuration that means the same to it.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import machine

os.umask(0o022)  # servers started by root become somebody else, and read what is written here

ZONE = "example.test"
CONTINENTS = ["NA", "EU", "AS", "SA", "AF", "OC"]
HEAD = ("$ORIGIN %s.\n$TTL 300\n@ SOA ns1 hostmaster 1 3600 900 604800 60\n@ NS ns1\nns1 A 127.0.0.1\n"
        "first A 192.0.2.1\nmail A 192.0.2.3\n" % ZONE)
READY_WITHIN_S = 180


def address(number):
    return "10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)


def at_continent(index, i):
    return address(((index + 1) << 20) + i)


def weighted_pair(i):
    return [(address((8 << 20) + i), 3), (address((9 << 20) + i), 1)]


class Scenario:
    """What is served and asked.  `kind` is what the servers know, the rest is how it is asked."""

    def __init__(self, kind, names, load=(), qtype=1, missing=False, servers=None, paths=(), turns=0):
        self.kind, self.names, self.load = kind, names, list(load)
        self.turns = turns  # so many short ones of a repetition, all servers running; 0: each runs alone
        self.qtype, self.missing, self.servers = qtype, missing, servers
        self.paths = list(paths)  # of a mixed zone: those that are asked for

    def owner(self, i):
        return "n%06d" % i

    def questions(self):
        if self.kind == "mixed":
            yield from ("%s.%s %d\n" % (PATHS[path][1] % self.owner(i), ZONE, PATHS[path][2])
                        for i in range(self.names) for path in self.paths)
            return
        suffix = "-not" if self.missing else ""
        for i in range(self.names):
            yield "%s%s.%s %d\n" % (self.owner(i), suffix, ZONE, self.qtype)


# ---- configurations

# Ways to an answer: records of one name, what is asked about it, and with which type.
PATHS = {
    "address": ("{0} A 192.0.2.1\n", "%s", 1),
    "nodata": ("", "%s", 28),
    "nxdomain": ("", "%s-not", 1),
    "signed": ("{0} TXT " + " ".join('"%s"' % ("%03d" % part * 60) for part in range(5)) + "\n", "%s", 16),
    "alias": ("c-{0} CNAME {0}\n", "c-%s", 1),
    "mail": ("{0} MX 10 mail\n{0} MX 20 ns1\n", "%s", 15),
    "referral": ("d-{0} NS ns.d-{0}\nd-{0} NS ns1\nns.d-{0} A 192.0.2.2\n", "www.d-%s", 1),
}


def mixed_lines(scenario, i):
    return "".join(records.format(scenario.owner(i)) for records, _, _ in PATHS.values())

def static_line(scenario, i):
    if scenario.kind == "mixed":
        return mixed_lines(scenario, i)
    if scenario.kind == "large":  # about what an answer with signatures weighs
        return "%s TXT %s\n" % (scenario.owner(i), " ".join('"%s"' % ("%03d" % part * 60) for part in range(5)))
    return "%s A %s\n" % (scenario.owner(i), address(i))


def write_zone(path, scenario, line=static_line):
    with open(path, "w", buffering=1 << 20) as out:
        out.write(HEAD)
        out.writelines(line(scenario, i) for i in range(scenario.names))


class Server:
    """One running server.  The subclass writes its configuration and gives the command."""

    def __init__(self, scenario, port, options, cpu=None):
        self.scenario, self.port, self.options = scenario, port, options
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="steerd-bench-"))
        os.chmod(self.directory, 0o755)
        command = self.prepare()
        pin = machine.pin(cpu)
        first = machine.rank(getattr(options, "realtime", False))
        with open(self.directory / "log", "wb") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen(pin + first + command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            cwd=self.directory)
        try:
            self.ready_s = self.wait_ready()
            self.prepared()
        except Exception:
            self.stop()
            raise

    def prepared(self):
        """What is to be done once it answers."""

    def wait_ready(self):
        """Seconds until the last name is answered, or told to be too large for UDP."""
        name = "%s.%s" % (self.scenario.owner(self.scenario.names - 1), ZONE)
        while time.monotonic() < self.started + READY_WITHIN_S:
            if self.process.poll() is not None:
                break
            reply = ask(self.port, name, self.scenario.qtype)
            if reply is not None and reply[3] & 15 == 0 and reply[7] + reply[6] + (reply[2] & 2) > 0:
                return time.monotonic() - self.started
            time.sleep(0.01)
        raise RuntimeError("%s is not ready: %s" % (self.name, (self.directory / "log").read_text()[-1500:]))

    def pids(self):
        return machine.tree(self.process.pid)

    def stop(self):
        pids = self.pids() if self.process.poll() is None else []
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def ask(port, name, qtype, timeout_s=0.2):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack(">6H", 4711, 0, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, qtype, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(timeout_s)
        try:
            udp.connect(("127.0.0.1", port))
            udp.send(query)
            reply = udp.recv(4096)
            return reply if len(reply) >= 12 else None
        except OSError:
            return None


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Echo(Server):
    name, kinds = "echo", {"static", "mixed", "large", "geo", "weighted", "nested"}

    def prepare(self):
        return [str(self.options.echo), "127.0.0.1", str(self.port)]


class Steerd(Server):
    name, kinds = "steerd", {"static", "mixed", "large", "geo", "weighted", "nested"}

    def prepare(self):
        scenario, files = self.scenario, self.directory
        zone = {"file": str(files / "zone")}
        steering = {"zones": {ZONE: zone}}
        if scenario.kind in ("static", "mixed", "large"):
            write_zone(files / "zone", scenario)
        else:
            (files / "zone").write_text(HEAD)
            zone["services"] = {scenario.owner(i): {"ttl": 60, "policy": self.policy(i)} for i in range(scenario.names)}
        if scenario.kind == "nested":
            steering["pools"] = nested_pools()
            steering["policies"] = nested_policies()
        node = {"listen": ["127.0.0.1:%d" % self.port], "workers": self.options.threads,
                "state_dir": str(files / "state"), "steering": str(files / "steering.json"),
                "api": {"listen": ["unix:%s" % (files / "api.sock")]}, "user": "root" if os.geteuid() == 0 else None}
        if scenario.kind in ("geo", "nested"):
            node["geoip"] = [str(self.options.database)]
        (files / "state").mkdir()
        (files / "steering.json").write_text(json.dumps(steering))
        (files / "steerd.json").write_text(json.dumps({k: v for k, v in node.items() if v is not None}))
        return [str(self.options.steerd), "-c", str(files / "steerd.json")]

    def policy(self, i):
        if self.scenario.kind == "geo":
            rules = {"continent:" + name: {"ipv4": at_continent(index, i)} for index, name in enumerate(CONTINENTS)}
            return {"geo": dict(rules, default={"ipv4": at_continent(0, i)})}
        if self.scenario.kind == "weighted":
            return {"weighted": [{"to": {"ipv4": ip}, "weight": weight} for ip, weight in weighted_pair(i)]}
        return "tree%d" % (i % NESTED_TREES)

    def api(self):
        """A connection to the admin API, and the headers that it wants; the API opens after DNS is served."""
        token, path = self.directory / "state" / "admin.token", self.directory / "api.sock"
        while not (token.exists() and path.exists()):
            if time.monotonic() > self.started + READY_WITHIN_S:
                raise RuntimeError("the API of steerd does not open")
            time.sleep(0.01)
        return UnixConnection(path), {"Authorization": "Bearer " + token.read_text().strip()}

    def prepared(self):
        """A first import is stored after DNS is served, before the API opens.  Of a nested tree every other endpoint is down."""
        connection, headers = self.api()
        if self.scenario.kind != "nested":
            return
        body = json.dumps({"state": "down", "reason": "half of them"})
        for pool, content in nested_pools().items():
            for endpoint in list(content["endpoints"])[::2]:
                connection.request("PUT", "/v1/pools/%s/endpoints/%s/override" % (pool, endpoint), body, headers)
                reply = connection.getresponse()
                if reply.read() and reply.status >= 300:
                    raise RuntimeError("%s/%s: %d" % (pool, endpoint, reply.status))
        connection.close()


NESTED_TREES = 50


def nested_pools():
    """Two pools a side of each tree, four endpoints each."""
    return {"p%d-%d" % (tree, pool): {
        "policy": "failover",
        "endpoints": {"e%d" % e: {"ipv4": address(((tree * 4 + pool) << 4) + e)} for e in range(4)}}
        for tree in range(NESTED_TREES) for pool in range(4)}


def nested_policies():
    """By place, then by weight, then the first that lives."""
    def side(tree, first):
        return {"weighted": {"p%d-%d" % (tree, first): 3, "p%d-%d" % (tree, first + 1): 1}}
    return {"tree%d" % tree: {"geo": {"continent:EU": side(tree, 0), "continent:AS": side(tree, 0),
                                      "default": side(tree, 2)}} for tree in range(NESTED_TREES)}


class Gdnsd(Server):
    name, kinds = "gdnsd", {"static", "mixed", "large", "geo", "weighted"}

    def prepare(self):
        files, kind = self.directory, self.scenario.kind
        for name in ("zones", "geoip", "run", "state"):
            (files / name).mkdir()
        plugin = getattr(self, "plugin_" + kind, lambda: "")()
        line = static_line if not plugin else lambda scenario, i: "%s 60 DYNA %s!r%d\n" % (
            scenario.owner(i), {"geo": "geoip"}.get(kind, kind), i)
        write_zone(files / "zones" / ZONE, self.scenario, line)
        (files / "config").write_text(
            "options => { listen => [ 127.0.0.1 ], dns_port => %d, udp_threads => %d, tcp_threads => 1,"
            " run_dir => %s/run, state_dir => %s/state }\n%s\n" % (self.port, self.options.threads, files, files, plugin))
        return ["gdnsd", "-c", str(files), "start"]

    def resources(self, line):
        with open(self.directory / "resources", "w", buffering=1 << 20) as out:
            out.writelines(line(i) for i in range(self.scenario.names))
        return "$include{%s/resources}" % self.directory

    def plugin_geo(self):
        os.symlink(self.options.database, self.directory / "geoip" / "country.mmdb")
        places = [name.lower() for name in CONTINENTS]
        table = ", ".join("%s => [%s]" % (name, ", ".join([name.lower()] + [p for p in places if p != name.lower()]))
                          for name in CONTINENTS)
        include = self.resources(lambda i: "r%d => { map => m, dcmap => { %s } }\n" % (
            i, ", ".join("%s => %s" % (place, at_continent(index, i)) for index, place in enumerate(places))))
        return ("plugins => { geoip => { maps => { m => { geoip2_db => country.mmdb, datacenters => [%s],"
                " map => { %s } } }, resources => { %s } } }" % (", ".join(places), table, include))

    def plugin_weighted(self):
        include = self.resources(lambda i: "r%d => { %s }\n" % (
            i, ", ".join("e%d => [ %s, %d ]" % (k, ip, w) for k, (ip, w) in enumerate(weighted_pair(i)))))
        return "plugins => { weighted => { %s } }" % include


class Knot(Server):
    name, kinds = "knot", {"static", "mixed", "large", "geo", "weighted"}

    def prepare(self):
        files, kind = self.directory, self.scenario.kind
        write_zone(files / "zone", self.scenario)
        module = self.module() if kind in ("geo", "weighted") else ""
        (files / "knot.conf").write_text(
            "server:\n  rundir: %s\n  listen: 127.0.0.1@%d\n  udp-workers: %d\n  tcp-workers: 1\n"
            "  background-workers: 1\n  edns-client-subnet: on\ndatabase:\n  storage: %s\n"
            "log:\n  - target: stderr\n    any: warning\n%s"
            "zone:\n  - domain: %s\n    file: %s/zone\n    storage: %s\n    zonefile-sync: -1\n"
            "    journal-content: none\n%s" % (files, self.port, self.options.threads, files, module, ZONE, files, files,
                                               "    module: mod-geoip/m\n" if module else ""))
        return ["knotd", "-c", str(files / "knot.conf")]

    def module(self):
        is_geo = self.scenario.kind == "geo"
        with open(self.directory / "geo.conf", "w", buffering=1 << 20) as out:
            for i in range(self.scenario.names):
                out.write("%s.%s:\n" % (self.scenario.owner(i), ZONE))
                if is_geo:
                    out.writelines('  - geo: "%s"\n    A: %s\n' % (name, at_continent(index, i))
                                   for index, name in enumerate(CONTINENTS))
                else:
                    out.writelines("  - weight: %d\n    A: %s\n" % (weight, ip) for ip, weight in weighted_pair(i))
        mode = "geodb\n    geodb-file: %s\n    geodb-key: [ continent/code ]" % self.options.database
        return "mod-geoip:\n  - id: m\n    config-file: %s/geo.conf\n    ttl: 60\n    mode: %s\n" % (
            self.directory, mode if is_geo else "weighted")


class Nsd(Server):
    name, kinds = "nsd", {"static", "mixed", "large"}

    def prepare(self):
        files = self.directory
        write_zone(files / "zone", self.scenario)
        (files / "nsd.conf").write_text(
            'server:\n  ip-address: 127.0.0.1@%d\n  server-count: %d\n  reuseport: %s\n  username: ""\n  chroot: ""\n'
            '  zonesdir: "%s"\n  database: ""\n  zonelistfile: "%s/list"\n  xfrdfile: "%s/xfrd"\n  pidfile: "%s/pid"\n'
            '  xfrdir: "%s"\n  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\n  hide-version: yes\n'
            'remote-control:\n  control-enable: no\nzone:\n  name: "%s"\n  zonefile: "zone"\n'
            % (self.port, self.options.threads, "yes" if self.options.threads > 1 else "no", files, files, files, files,
               files, ZONE))
        return ["nsd", "-d", "-c", str(files / "nsd.conf")]


ALL = {server.name: server for server in (Echo, Steerd, Gdnsd, Knot, Nsd)}


def missing():
    """Names of the peers that are not installed."""
    paths = {"gdnsd": "gdnsd", "knot": "knotd", "nsd": "nsd"}
    where = os.environ["PATH"] + ":/usr/sbin"
    return [name for name, program in paths.items() if shutil.which(program, path=where) is None]
