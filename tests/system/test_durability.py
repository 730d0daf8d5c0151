# SPDX-License-Identifier: GPL-3.0-or-later
"""What was acknowledged is there after kill -9, whole."""
import collections
import http.client
import json
import os
import random
import shutil
import signal
import threading
import time

import dns.exception

from harness import IS_LONG, START_S, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"
WRITERS = 4


def steering():
    endpoints = {"e%d" % i: {"ipv4": "127.0.%d.1" % (10 + i), "weight": 1} for i in range(WRITERS)}
    return world({"www": {"policy": "us"}}, {"us": {"policy": "weighted", "endpoints": endpoints}})


def test_a_weight_is_there_after_kill_9(daemon):
    daemon.start(steering())
    daemon.set_weight("us", "e0", 9)
    daemon.kill()
    daemon.start()
    assert daemon.endpoint("us", "e0")["weight"] == 9
    count = collections.Counter(daemon.answer("www.example.test")[0] for _ in range(120))
    assert abs(count["127.0.10.1"] - 90) <= 5
    assert daemon.generation() == 2


class Writer(threading.Thread):
    """Raises the weight and the override of its endpoint, and both weights of its pair in one batch, on one
    connection; remembers what was acknowledged."""

    def __init__(self, daemon, number, weights):
        super().__init__()
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.api_port, timeout=30)
        self.headers = {"Authorization": "Bearer " + daemon.token, "Connection": "keep-alive"}
        self.path, self.pair = "/v1/pools/us/endpoints/e%d" % number, "/v1/pools/pair%d" % number
        self.weight, self.pair_weight, self.override = weights
        self.count = 0  # generations that were acknowledged

    def send(self, method, path, body):
        self.connection.request(method, path, json.dumps(body), self.headers)
        reply = self.connection.getresponse()
        reply.read()
        assert reply.status == 200

    def step(self):
        self.send("PATCH", self.path, {"weight": self.weight + 1})
        self.weight, self.count = self.weight + 1, self.count + 1
        items = [{"method": "PATCH", "path": "%s/endpoints/%s" % (self.pair, one), "body": {"weight": self.pair_weight + 1}}
                 for one in "ab"]
        self.send("POST", "/v1/batch", {"items": items})
        self.pair_weight, self.count = self.pair_weight + 1, self.count + 1
        self.send("PUT", self.path + "/override", {"weight": self.override + 1})
        self.override += 1

    def run(self):
        try:
            while True:
                self.step()
        except (OSError, http.client.HTTPException):
            self.connection.close()  # it was killed


def pairs():
    document = steering()
    for i in range(WRITERS):
        endpoints = {one: {"ipv4": "127.0.20.%d" % (2 * i + k), "weight": 1} for k, one in enumerate("ab", 1)}
        document["pools"]["pair%d" % i] = {"endpoints": endpoints}
    return document


def shown(daemon, number):
    """Weight, weights of the pair, override."""
    endpoint = daemon.endpoint("us", "e%d" % number)
    pair = daemon.api("GET", "/v1/pools/pair%d" % number).json["endpoints"]
    return endpoint["weight"], pair["a"]["weight"], pair["b"]["weight"], (endpoint["override"] or {"weight": 0})["weight"]


def check_after_kill(daemon, writers, before):
    """Each has what was acknowledged, or one step more, which was on its way; and nothing by halves."""
    made = 0
    for number, writer in enumerate(writers):
        weight, pair, other, override = shown(daemon, number)
        assert pair == other, "half a batch"
        for now, acknowledged in ((weight, writer.weight), (pair, writer.pair_weight), (override, writer.override)):
            assert acknowledged <= now <= acknowledged + 1
        made += (weight - writer.weight) + (pair - writer.pair_weight) + writer.count
        writer.weight, writer.pair_weight, writer.override = weight, pair, override
    assert daemon.generation() == before + made  # one generation a write


def test_nothing_acknowledged_is_lost_when_it_is_killed_in_the_middle_of_writes(daemon):
    rng = random.Random(os.environ.get("SEED", "7"))
    daemon.start(pairs())
    known = [(1, 1, 0)] * WRITERS
    written, starts = 0, []
    for _ in range(1000 if IS_LONG else 30):
        before = daemon.generation()
        writers = [Writer(daemon, i, known[i]) for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(rng.random() * 0.15)  # the moment of the kill is meant to be any
        daemon.kill()
        for writer in writers:
            writer.join(30)
        start = time.monotonic()
        daemon.start()
        starts.append(time.monotonic() - start)
        check_after_kill(daemon, writers, before)
        known = [(writer.weight, writer.pair_weight, writer.override) for writer in writers]
        written += sum(writer.count for writer in writers)
    print("%d kills, %d writes acknowledged; starts: median %.2f s, longest %.2f s" % (
        len(starts), written, sorted(starts)[len(starts) // 2], max(starts)))
    assert written > len(starts)
    assert sorted(starts)[len(starts) // 2] < 5  # seconds, with sanitizers on a busy machine


def test_what_power_loss_leaves_of_the_log_opens_to_all_that_was_acknowledged(daemon):
    """Whatever stands in the write-ahead log behind the last acknowledgement may be cut, or garbage."""
    rng = random.Random(os.environ.get("SEED", "11"))
    daemon.start(steering())
    state, log = daemon.directory / "state", daemon.directory / "state" / "steerd.db-wal"
    for weight in range(2, 6):
        daemon.set_weight("us", "e0", weight)
    acknowledged, safe = daemon.generation(), log.stat().st_size
    for weight in range(6, 20):
        daemon.set_weight("us", "e0", weight)
    daemon.process.send_signal(signal.SIGSTOP)
    whole, database = log.read_bytes(), (state / "steerd.db").read_bytes()
    daemon.process.send_signal(signal.SIGCONT)
    assert len(whole) > safe  # it was not written back meanwhile
    daemon.kill()
    for _ in range(40 if IS_LONG else 6):
        cut = rng.randrange(safe, len(whole))
        torn = whole[:cut] + (rng.randbytes(len(whole) - cut) if rng.random() < 0.5 else b"")
        for name in ("steerd.db-wal", "steerd.db-shm"):
            (state / name).unlink(missing_ok=True)
        (state / "steerd.db").write_bytes(database)
        log.write_bytes(torn)
        daemon.start()
        generation = daemon.generation()
        assert acknowledged <= generation and daemon.endpoint("us", "e0")["weight"] == generation
        daemon.kill()


def test_a_damaged_database_is_not_touched_and_the_error_says_what_to_do(daemon):
    daemon.start(steering())
    daemon.stop()
    path = daemon.directory / "state" / "steerd.db"
    damaged = b"this was a database once".ljust(8192, b"!")
    path.write_bytes(damaged)
    daemon.launch()
    assert daemon.process.wait(START_S) == 1
    daemon.process = None
    assert "steerd.db" in daemon.log and "damaged" in daemon.log and "backup" in daemon.log
    assert path.read_bytes() == damaged


def test_when_the_file_is_taken_away_writes_are_refused_and_dns_goes_on(daemon):
    daemon.start(steering())
    daemon.set_weight("us", "e0", 5)
    path = daemon.directory / "state" / "steerd.db"
    path.rename(path.with_name("elsewhere"))
    for make in (lambda: None, lambda: path.write_bytes(b"")):  # gone, then replaced
        make()
        reply = daemon.api("PATCH", "/v1/pools/us/endpoints/e0", {"weight": 6})
        assert reply.status == 503 and "moved or replaced" in reply.json["detail"], reply.text
        assert daemon.answer("www.example.test") and daemon.endpoint("us", "e0")["weight"] == 5
    path.unlink()
    path.with_name("elsewhere").rename(path)
    daemon.set_weight("us", "e0", 7)
    daemon.kill()
    daemon.start()
    assert daemon.endpoint("us", "e0")["weight"] == 7


def test_sigterm_loses_nothing_either(daemon):
    daemon.start(steering())
    for weight in range(2, 12):
        daemon.set_weight("us", "e1", weight)
    daemon.stop()
    daemon.start()
    assert daemon.endpoint("us", "e1")["weight"] == 11


def large(count):
    return world({"n%05d" % i: {"policy": "us"} for i in range(count)}, {"us": {"endpoints": {"e": {"ipv4": ONE}}}})


def has_answered(daemon, name):
    try:
        return daemon.answer(name) == [ONE]
    except (OSError, dns.exception.DNSException):
        return False


def test_what_the_first_start_serves_is_found_again_wherever_it_is_killed(daemon):
    """Files are served before they are stored: who dies in between reads them again."""
    daemon.configure(large(2000))
    for delay_ms in (0, 10, 50):
        shutil.rmtree(daemon.directory / "state", ignore_errors=True)
        daemon.launch()
        wait_until(lambda: has_answered(daemon, "n01999.example.test"), START_S, "answered\n" + daemon.log)
        time.sleep(delay_ms / 1000)  # not a wait: another place to die at
        daemon.kill()
        daemon.start()
        assert daemon.generation() == 1
        assert daemon.answer("n00000.example.test") == [ONE]
        daemon.set_weight("us", "e", 7)
        assert daemon.generation() == 2
        daemon.kill()


def test_a_first_start_that_cannot_store_its_files_ends_and_says_so(daemon):
    daemon.configure(large(3000))
    daemon.launch(file_size_most=300_000)
    assert daemon.process.wait(START_S) == 1
    daemon.process = None
    assert "generation 1 was not stored" in daemon.log and "steerd.db" in daemon.log
    daemon.start()  # there is space again
    assert daemon.generation() == 1 and daemon.answer("n00000.example.test") == [ONE]


def test_a_disk_that_takes_no_more_refuses_writes_and_loses_nothing(daemon):
    """A file may not grow beyond 300 kB: what a full disk or a quota does to the store."""
    daemon.start(steering(), file_size_most=300_000)
    weight = 1
    while (reply := daemon.api("PATCH", "/v1/pools/us/endpoints/e0", {"weight": weight + 1})).status == 200:
        weight += 1
        assert weight < 1000
    assert reply.status == 503 and "steerd.db" in reply.json["detail"], reply.text
    override = 0  # smaller than a generation: some may still fit
    while daemon.api("PUT", "/v1/pools/us/endpoints/e1/override", {"weight": override + 1}).status == 200:
        override += 1
        assert override < 1000
    assert daemon.endpoint("us", "e0")["effective"]["weight"] == weight and daemon.generation() == weight
    assert (daemon.endpoint("us", "e1")["override"] or {"weight": 0})["weight"] == override
    assert daemon.answer("www.example.test")
    daemon.kill()
    daemon.start()  # there is space again
    assert daemon.endpoint("us", "e0")["weight"] == weight and daemon.generation() == weight
    daemon.set_weight("us", "e0", 60000)
