# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people change the same thing at the same time."""
import concurrent.futures
import threading

from harness import pool, world

ROUNDS = 30


class Writer:
    """Reads the pool, adds an endpoint, writes it back: whoever writes over a stale read loses the other's."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    def read(self):
        reply = self.server.api("GET", "/v1/pools/us")
        return reply.etag, reply.json

    def write(self, number, etag, document):
        document["endpoints"]["%s-%d" % (self.name, number)] = {"ipv4": "192.0.2.%d" % (number + 1)}
        return self.server.api("PUT", "/v1/pools/us?comment=" + self.name, document, headers={"If-Match": etag})


def race(writers, number):
    """Both read the same, then both write at once: who got what."""
    start = threading.Barrier(2)
    read = [writer.read() for writer in writers]
    assert read[0][0] == read[1][0]

    def go(writer, etag, document):
        start.wait()
        return writer.write(number, etag, document)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        return [one.result() for one in [threads.submit(go, writer, *what) for writer, what in zip(writers, read)]]


def test_of_two_writers_exactly_one_wins_and_nothing_is_lost(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1")}))
    writers = [Writer(daemon, "jo"), Writer(daemon, "kim")]
    for number in range(ROUNDS):
        replies = race(writers, number)
        assert sorted(reply.status for reply in replies) == [200, 412], [reply.text for reply in replies]
        loser = writers[[reply.status for reply in replies].index(412)]
        etag, document = loser.read()
        assert loser.write(number, etag, document).status == 200
    endpoints = daemon.api("GET", "/v1/pools/us").json["endpoints"]
    assert set(endpoints) == {"a"} | {"%s-%d" % (name, number) for name in ("jo", "kim") for number in range(ROUNDS)}
    assert daemon.generation() == 1 + 2 * ROUNDS


def test_two_impatient_writers_who_repeat_until_they_win_both_end_up_with_all(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1")}))

    def run(writer):
        won = 0
        while won < ROUNDS:
            won += writer.write(won, *writer.read()).status == 200
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        list(threads.map(run, [Writer(daemon, "jo"), Writer(daemon, "kim")]))
    assert len(daemon.api("GET", "/v1/pools/us").json["endpoints"]) == 1 + 2 * ROUNDS
