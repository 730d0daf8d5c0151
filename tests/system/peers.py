# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's authoritative servers, run in the foreground on a port of their own: NSD and Knot."""
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile

from harness import free_port, wait_until

NSD = """\
server:
    ip-address: 127.0.0.1@{port}
    username: ""
    chroot: ""
    zonesdir: "{directory}"
    database: ""
    pidfile: "{directory}/nsd.pid"
    zonelistfile: "{directory}/nsd.list"
    xfrdfile: "{directory}/nsd.state"
    xfrdir: "{directory}"
    server-count: 1
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    refuse-any: no
    hide-version: yes
remote-control:
    control-enable: no
"""

KNOT = """\
server:
    listen: 127.0.0.1@{port}
    rundir: "{directory}"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{directory}/knot"
    journal-db-max-size: 8M
    timer-db-max-size: 8M
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "{directory}"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
"""


class Peer:
    """Serves `zones`, a map from apex to master file text."""

    def __init__(self, zones):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="steerd-peer-"))
        self.port = free_port()
        self.log_path = self.directory / "log"
        (self.directory / "knot").mkdir()
        files = []
        for index, (apex, text) in enumerate(zones.items()):
            files.append((apex, "zone%d" % index))
            (self.directory / files[-1][1]).write_text(text)
        command = self.prepare(files)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until(lambda: self.serves(list(zones)), 30, "%s to serve" % command[0])
        except AssertionError:
            self.stop()
            raise

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def serves(self, apexes):
        """True when each zone's SOA is answered; a zone that it refuses is our generator's mistake."""
        import dns.name
        from wire import SOA, query
        if self.process.poll() is not None:
            raise AssertionError("ended: " + self.log)
        if "error" in self.log:  # it does not load what we generated
            raise AssertionError(self.log)
        for apex in apexes:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.settimeout(1)
                udp.connect(("127.0.0.1", self.port))
                try:
                    udp.send(query(1, dns.name.from_text(apex).to_wire(), SOA))
                    packet = udp.recv(65535)
                except OSError:
                    return False
                if struct.unpack_from(">H", packet, 2)[0] & 15 != 0:
                    return False
        return True

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Nsd(Peer):
    name = "nsd"

    def prepare(self, files):
        text = NSD.format(port=self.port, directory=self.directory)
        for apex, file in files:
            text += 'zone:\n    name: "%s"\n    zonefile: "%s"\n' % (apex, file)
        (self.directory / "nsd.conf").write_text(text)
        return ["/usr/sbin/nsd", "-d", "-c", str(self.directory / "nsd.conf")]


class Knot(Peer):
    name = "knot"

    def prepare(self, files):
        text = KNOT.format(port=self.port, directory=self.directory)
        for apex, file in files:
            text += '  - domain: "%s"\n    file: "%s"\n' % (apex, file)
        (self.directory / "knot.conf").write_text(text)
        return ["/usr/sbin/knotd", "-c", str(self.directory / "knot.conf")]


def is_there():
    return all(pathlib.Path(path).exists() for path in ("/usr/sbin/nsd", "/usr/sbin/knotd"))
