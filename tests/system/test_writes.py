# SPDX-License-Identifier: GPL-3.0-or-later
"""Many people change the configuration at once: each gets the answer it would have got alone."""
import concurrent.futures

from harness import world

CLIENTS = 16


def steering():
    endpoints = {"e%d" % i: {"ipv4": "127.0.10.%d" % (i + 1), "weight": 1} for i in range(CLIENTS)}
    return world({"www": {"policy": "us"}}, {"us": {"policy": "weighted", "endpoints": endpoints}})


def all_at_once(count, do):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(do, range(count)))


def number(reply):
    return int(reply.etag.strip('"'))


def test_each_of_many_writers_gets_a_generation_of_its_own(daemon):
    daemon.start(steering())
    first = daemon.generation()

    def change(client):
        path = "/v1/pools/us/endpoints/e%d" % client
        return [daemon.api("PATCH", "%s?comment=c%d" % (path, client), {"weight": weight}) for weight in range(2, 12)]

    replies = [reply for one in all_at_once(CLIENTS, change) for reply in one]
    assert {reply.status for reply in replies} == {200}
    assert sorted(number(reply) for reply in replies) == list(range(first + 1, first + 10 * CLIENTS + 1))
    assert daemon.generation() == first + 10 * CLIENTS
    items = daemon.api("GET", "/v1/generations?limit=1000").json["items"]
    comments = [item["comment"] for item in items if item["generation"] > first]
    assert all(comments.count("c%d" % client) == 10 for client in range(CLIENTS))


def test_of_many_writers_with_the_same_etag_one_wins(daemon):
    daemon.start(steering())
    for round_ in range(10):
        head = daemon.generation()

        def change(client):
            return daemon.api("PATCH", "/v1/pools/us/endpoints/e%d" % client, {"weight": 2 + round_},
                              headers={"If-Match": '"%d"' % head})

        replies = all_at_once(CLIENTS, change)
        won = [reply for reply in replies if reply.status == 200]
        assert len(won) == 1 and number(won[0]) == head + 1 == daemon.generation()
        assert all(reply.status == 412 and number(reply) == head + 1 for reply in replies if reply not in won)


def test_one_that_is_refused_leaves_the_others_alone(daemon):
    daemon.start(steering())

    def change(client):
        return daemon.api("PATCH", "/v1/pools/us/endpoints/e%d" % client, {"weight": -1 if client % 2 else 7})

    for _ in range(5):
        replies = all_at_once(CLIENTS, change)
        assert [reply.status for reply in replies] == [422 if client % 2 else 200 for client in range(CLIENTS)]
    assert [daemon.endpoint("us", "e%d" % i)["weight"] for i in range(CLIENTS)] == [7, 1] * (CLIENTS // 2)


def test_what_was_made_and_deleted_in_the_meantime_is_judged_in_turn(daemon):
    """The same pool comes and goes under many hands: whoever is told yes has made a generation."""
    daemon.start(steering())
    head = daemon.generation()
    body = {"endpoints": {"a": {"ipv4": "127.0.30.1"}}}

    def change(client):
        if client % 2:
            return daemon.api("DELETE", "/v1/pools/other")
        return daemon.api("PUT", "/v1/pools/other", dict(body, answers=client + 1))

    replies = [reply for _ in range(5) for reply in all_at_once(CLIENTS, change)]
    assert all(reply.status in (200, 404) for reply in replies), [reply.text for reply in replies]
    assert len({number(reply) for reply in replies if reply.status == 200}) == daemon.generation() - head


def test_when_the_disk_takes_no_more_all_of_a_group_are_refused(daemon):
    daemon.start(steering(), file_size_most=400_000)
    weights = [1] * CLIENTS
    refusals = []

    def change(client):
        for weight in range(2, 1000):
            reply = daemon.api("PATCH", "/v1/pools/us/endpoints/e%d" % client, {"weight": weight})
            if reply.status != 200:
                refusals.append(reply)
                return
            weights[client] = weight

    all_at_once(CLIENTS, change)
    assert {reply.status for reply in refusals} == {503} and len(refusals) == CLIENTS
    for _ in range(2):
        assert [daemon.endpoint("us", "e%d" % i)["weight"] for i in range(CLIENTS)] == weights
        assert daemon.generation() == 1 + sum(weights) - CLIENTS
        assert daemon.answer("www.example.test")
        daemon.kill()
        daemon.start()
    daemon.set_weight("us", "e0", 60000)


def test_putting_the_same_again_changes_nothing(daemon):
    daemon.start(steering())
    body = {"endpoints": {"a": {"ipv4": "127.0.30.1"}}}
    first = daemon.api("PUT", "/v1/pools/other", body)
    again = daemon.api("PUT", "/v1/pools/other", body)
    assert (first.status, again.status) == (200, 200) and first.etag == again.etag == '"2"' and daemon.generation() == 2


def test_everything_that_is_configured_has_the_generation_as_its_etag(daemon):
    daemon.start(steering())
    daemon.set_weight("us", "e0", 7)
    for path in ("/config", "/pools", "/pools/us", "/pools/us/endpoints/e0", "/endpoints", "/zones", "/zones/example.test",
                 "/zones/example.test/services", "/zones/example.test/services/www", "/zones/example.test/records",
                 "/zones/example.test/records/ns1/A"):
        assert daemon.api("GET", "/v1" + path).etag == '"2"', path
