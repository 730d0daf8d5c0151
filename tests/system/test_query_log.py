# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked what: the query log and dnstap, read by real readers."""
import json
import os
import re
import socket
import subprocess

import pytest

from harness import wait_until, world

SERVICES = {"www": {"policy": {"failover": [{"ipv4": "127.0.10.1"}]}}}


def count(daemon, result):
    text = daemon.api("GET", "/metrics", token=None).text
    return int(re.search(r'^steerd_query_log_total\{result="%s"\} (\d+)$' % result, text, re.M)[1])


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def start(daemon, **node):
    return daemon.start(world(SERVICES), **node)


def log_path(daemon):
    return daemon.directory / "state" / "queries.json"


def logged(daemon, qname, path=None):
    found = []

    def look():
        found[:] = [line for line in lines(path or log_path(daemon)) if line.get("qname") == qname]
        return found
    wait_until(look, 10, "%s in the log" % qname)
    return found


def test_every_query_is_a_line_of_json_where_all_are_wanted(daemon):
    start(daemon, query_log={"file": "state/queries.json", "sample": 1})
    daemon.query("www.example.test", ecs="192.0.2.0/24")
    line, = logged(daemon, "www.example.test.")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line.pop("port") > 0 and line.pop("size") > line["query_size"] > 12
    del line["query_size"]
    assert line == {"client": "127.0.0.1", "transport": "udp", "qname": "www.example.test.", "qtype": "A",
                    "ecs": "192.0.2.0/24", "rcode": "NOERROR", "answers": 1, "truncated": False}
    daemon.query("nowhere.example.test", "AAAA", tcp=True)
    line, = logged(daemon, "nowhere.example.test.")
    assert (line["transport"], line["qtype"], line["rcode"]) == ("tcp", "AAAA", "NXDOMAIN") and line["port"] > 0
    assert (log_path(daemon).stat().st_mode & 0o777) == 0o640


def test_odd_bytes_stay_one_line_each(daemon):
    start(daemon, query_log={"file": "state/queries.json", "sample": 1})
    odd = b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + b"\4a\"\n\xff\x07example\x04test\0" + b"\0\1\0\1"
    daemon.raw(odd)
    for size in (1, 11, 12, 13, 20, len(odd) - 1):
        daemon.raw(odd[:size], timeout=0.02)
    daemon.raw(b"\xff" * 600, timeout=0.02)
    logged(daemon, 'a"\\010\\255.example.test.'.replace('a"', 'a\\"'))
    daemon.query("last.example.test")
    logged(daemon, "last.example.test.")
    assert sum(line["query_size"] == 600 and line["rcode"] is None for line in lines(log_path(daemon))) == 1


def test_a_sample_is_a_share_of_the_queries(daemon):
    start(daemon, query_log={"file": "state/queries.json", "sample": 0.25})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        wire = daemon.message("www.example.test").to_wire()
        for _ in range(2000):
            udp.sendto(wire, ("127.0.0.1", daemon.dns_port))
            udp.recv(4096)
    assert 350 < count(daemon, "taken") < 650  # 500; six times the deviation aside
    wait_until(lambda: len(lines(log_path(daemon))) == count(daemon, "taken"), 10, "all that was taken")


def test_after_a_rotation_sighup_goes_on_in_a_new_file(daemon):
    start(daemon, query_log={"file": "state/queries.json", "sample": 1})
    daemon.query("before.example.test")
    logged(daemon, "before.example.test.")
    old = log_path(daemon).with_suffix(".1")
    log_path(daemon).rename(old)
    daemon.hangup()
    wait_until(log_path(daemon).exists, 10, "a new file")
    daemon.query("after.example.test")
    logged(daemon, "after.example.test.")
    assert not any(line.get("qname") == "after.example.test." for line in lines(old))


def test_what_waits_is_written_before_the_end(daemon):
    start(daemon, query_log={"file": "state/queries.json", "sample": 1})
    daemon.query("last.example.test")
    daemon.stop()
    assert [line for line in lines(log_path(daemon)) if line["qname"] == "last.example.test."]


def test_a_full_disk_is_said_once_counted_and_nobody_waits(daemon):
    start(daemon, query_log={"file": "/dev/full", "sample": 1})
    for _ in range(20):
        assert daemon.answer("www.example.test") == ["127.0.10.1"]
    wait_until(lambda: count(daemon, "failed") >= 20, 10, "what failed")
    assert daemon.log.count("No space left on device") == 1


@pytest.mark.parametrize("options, words", [
    ({"query_log": {"file": "x", "sample": 0}}, "must be above 0 and at most 1"),
    ({"query_log": {"file": "x", "sample": 1.5}}, "must be above 0 and at most 1"),
    ({"query_log": {"sample": 1}}, "file"),
    ({"dnstap": {"file": "x"}}, "unknown key"),
])
def test_a_wrong_option_says_so(daemon, options, words):
    daemon.configure(world(SERVICES), **options)
    check = daemon.check()
    assert check.returncode == 1 and words in check.stderr


def test_a_file_that_cannot_be_opened_stops_the_start(daemon):
    daemon.configure(world(SERVICES), query_log={"file": "state/missing/queries.json"})
    daemon.launch()
    assert daemon.process.wait(30) == 1
    daemon.process = None
    assert "missing/queries.json: No such file or directory" in daemon.log


# ---- dnstap

@pytest.fixture
def reader(daemon):
    """fstrm_capture on daemon.directory/tap; reader.stop() gives what it wrote, as dnstap-ldns reads it."""
    class Reader:
        process = None
        path = daemon.directory / "tap"
        capture = daemon.directory / "capture"

        def start(self):
            self.path.unlink(missing_ok=True)
            self.process = subprocess.Popen(["fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", str(self.path), "-w",
                                             str(self.capture)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(self.path.exists, 10, "the reader's socket")
            os.chmod(self.path, 0o777)

        def stop(self):
            self.process.terminate()
            self.process.wait(10)
            self.process = None
            shown = subprocess.run(["dnstap-ldns", "-q", "-r", str(self.capture)], capture_output=True, text=True, timeout=30)
            assert shown.returncode == 0, shown.stderr
            whole = subprocess.run(["dnstap-ldns", "-y", "-r", str(self.capture)], capture_output=True, text=True, timeout=30)
            return shown.stdout.splitlines(), whole.stdout
    reader = Reader()
    yield reader
    if reader.process is not None:
        reader.process.kill()
        reader.process.wait()


def connected(daemon, times=1):
    wait_until(lambda: daemon.query(".", "NS") and daemon.log.count("dnstap: somebody reads") == times, 15, "the reader")


def test_a_reader_of_dnstap_gets_queries_and_replies(daemon, reader):
    reader.start()
    start(daemon, dnstap={"socket": "tap"}, identity="ns1")
    connected(daemon)
    daemon.query("www.example.test")
    daemon.query("www.example.test", tcp=True)
    daemon.stop()
    short, whole = reader.stop()
    kinds = [line.split()[2:5:2] for line in short if "www.example.test" in line]
    assert sorted(kinds) == [["AR", "TCP"], ["AR", "UDP"]]  # in any order: each worker has a ring of its own
    assert 'identity: "ns1"' in whole and 'version: "steerd' in whole and "type: AUTH_RESPONSE" in whole
    assert "socket_protocol: UDP" in whole and "socket_protocol: TCP" in whole
    assert 'query_address: "127.0.0.1"' in whole and whole.count("query_port: ") == whole.count("query_address: ")
    assert "127.0.10.1" in whole


def test_without_a_reader_queries_are_counted_and_a_new_one_goes_on(daemon, reader):
    start(daemon, dnstap={"socket": "tap"})
    daemon.query("www.example.test")
    wait_until(lambda: count(daemon, "failed") > 0, 10, "what nobody read")
    reader.start()
    connected(daemon)
    reader.process.kill()
    reader.process.wait()
    wait_until(lambda: daemon.query(".", "NS") and daemon.log.count("nobody reads") == 2, 15, "the reader's end")
    reader.start()
    connected(daemon, times=2)
    daemon.query("www.example.test")
    daemon.stop()
    assert any("www.example.test" in line for line in reader.stop()[0])


def test_a_reader_that_is_stuck_stops_nobody(daemon):
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(daemon.directory / "tap"))
        os.chmod(daemon.directory / "tap", 0o777)
        stuck.listen(1)  # and never accepts
        start(daemon, dnstap={"socket": "tap"}, query_log={"file": "state/queries.json", "sample": 1})
        for turn in range(50):
            assert daemon.answer("www.example.test", tcp=turn % 5 == 0) == ["127.0.10.1"]
        wait_until(lambda: len(logged(daemon, "www.example.test.")) == 50, 15, "the file goes on")
        daemon.stop()
