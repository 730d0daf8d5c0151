# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens is written down, told live, and there after a crash."""
import http.client
import json
import os
import select
import subprocess
import time

import pytest

from harness import START_S, STEERCTL, needs_descriptors, pool, quick_check, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def two_pools(port):
    pools = {"first": pool("round_robin", ONE, check="web"), "second": pool("round_robin", TWO, check="web")}
    services = {"www": {"policy": {"failover": ["first", "second"]}}, "own": {"policy": "first"}}
    return world(services, pools, checks={"web": quick_check(port)})


def events(daemon, query=""):
    reply = daemon.api("GET", "/v1/events" + query)
    assert reply.status == 200, reply.text
    return reply.json["items"]


def await_event(daemon, **wanted):
    def find():
        matches = [one for one in events(daemon, "?after=0") if all(one[key] == wanted[key] for key in wanted)]
        return matches[-1] if matches else None
    return wait_until(find, 10, "an event %s" % wanted)


class Stream:
    """A follower of /v1/events/stream."""

    def __init__(self, daemon, query="", last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.api_port, timeout=START_S)
        headers = {"Authorization": "Bearer " + daemon.token}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection.request("GET", "/v1/events/stream" + query, headers=headers)
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200, self.reply.read()
        assert self.reply.headers["Content-Type"].startswith("text/event-stream")
        assert self.frame() == {"retry": "1000"}

    def frame(self):
        """The next block; {} for a heartbeat; None at the end."""
        fields = {}
        while True:
            line = self.reply.readline().decode()
            if line == "":
                return None
            if line == "\n":
                return fields
            name, _, value = line.rstrip("\n").partition(":")
            if name:
                fields[name] = value.strip()

    def event(self):
        while True:
            fields = self.frame()
            if fields is None or fields:
                break
        if fields is None:
            return None
        event = json.loads(fields["data"])
        assert fields["id"] == str(event["number"]) and fields["event"] == event["kind"]
        return event

    def close(self):
        self.connection.close()


def test_a_death_is_written_down_with_its_evidence_and_consequences(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    daemon.start(two_pools(backend.port))
    daemon.becomes("first", "a", "up")
    primary.stop()
    dead = await_event(daemon, kind="endpoint", subject="first/a", state="down")
    assert dead["was"] == "up" and dead["check"] == "web" and "refused" in dead["text"] and dead["time"]
    pool_event = await_event(daemon, kind="pool", subject="first", state="unavailable")
    service = await_event(daemon, kind="service", subject="own.example.test", state="unavailable")
    assert dead["number"] < pool_event["number"] < service["number"]
    assert not [one for one in events(daemon) if one["subject"] == "www.example.test"]  # its standby serves
    primary.start()
    await_event(daemon, kind="endpoint", subject="first/a", state="up", was="down")
    await_event(daemon, kind="service", subject="own.example.test", state="available")


def test_a_service_with_a_tree_of_its_own_is_told_too(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    daemon.start(two_pools(backend.port))
    daemon.becomes("second", "a", "up")
    daemon.becomes("first", "a", "up")
    primary.stop()
    standby.stop()
    gone = await_event(daemon, kind="service", subject="www.example.test", state="unavailable")
    assert "all endpoints are served" in gone["text"]


def test_what_operators_do_is_written_down(daemon, backend):
    backend(ONE), backend(TWO)
    daemon.start(two_pools(backend.port))
    path = "/v1/pools/first/endpoints/a/override?force=true"
    assert daemon.api("PUT", path, {"state": "drain", "reason": "new disks"}).status == 200
    drained = await_event(daemon, kind="override", subject="first/a", state="drain")
    assert drained["text"] == "new disks" and drained["author"]
    assert daemon.api("DELETE", path).status == 200
    assert await_event(daemon, kind="override", subject="first/a", state="cleared")["author"]
    assert daemon.api("PUT", path, {"state": "down", "expires": "1s"}).status == 200
    await_event(daemon, kind="override", subject="first/a", state="expired")
    daemon.set_weight("first", "a", 7)
    assert await_event(daemon, kind="generation", subject="2")["state"] == "accepted"


def test_the_history_is_read_by_cursor_kind_and_subject(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO), "eu": pool("weighted", ONE)}))
    for weight in range(2, 12):
        daemon.set_weight("us", "a", weight)
    for name in "ab":
        assert daemon.api("PUT", "/v1/pools/us/endpoints/%s/override?force=true" % name, {"state": "down"}).status == 200
    assert daemon.api("PUT", "/v1/pools/eu/endpoints/a/override?force=true", {"state": "down"}).status == 200
    await_event(daemon, kind="override", subject="eu/a")
    everything = events(daemon, "?after=0")
    numbers = [one["number"] for one in everything]
    assert numbers == list(range(1, len(numbers) + 1))
    walked, after = [], "0"
    while after is not None:
        page = daemon.api("GET", "/v1/events?limit=4&after=" + after).json
        walked += page["items"]
        after = page["next"]
    assert walked == everything
    assert events(daemon, "?limit=2") == everything[-2:]
    assert [one["subject"] for one in events(daemon, "?kind=override&after=0")] == ["us/a", "us/b", "eu/a"]
    assert {one["subject"] for one in events(daemon, "?subject=us&kind=override")} == {"us/a", "us/b"}
    assert [one["subject"] for one in events(daemon, "?subject=us/b")] == ["us/b"]


@pytest.mark.parametrize("query", ["?kind=weather", "?limit=0", "?limit=x", "?after=-1", "?colour=red"])
def test_wrong_questions_are_refused(daemon, query):
    daemon.start(world({}))
    reply = daemon.api("GET", "/v1/events" + query)
    assert reply.status == 400 and reply.json["detail"]
    assert daemon.api("GET", "/v1/events/stream", headers={"Last-Event-ID": "soon"}).status == 400
    assert daemon.api("GET", "/v1/events/stream", token=None).status == 401


def test_events_are_told_live_and_resumed_where_one_left(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)}))
    live = Stream(daemon)
    only_overrides = Stream(daemon, "?kind=override")
    daemon.set_weight("us", "a", 2)
    assert daemon.api("PUT", "/v1/pools/us/endpoints/a/override", {"state": "drain"}).status == 200
    first = live.event()
    assert (first["kind"], first["subject"]) == ("generation", "2")
    assert live.event()["kind"] == "override"
    assert only_overrides.event()["state"] == "drain"
    live.close()
    for weight in range(3, 8):
        daemon.set_weight("us", "a", weight)
    resumed = Stream(daemon, last_id=first["number"])
    kinds = [resumed.event()["kind"] for _ in range(6)]
    assert kinds == ["override"] + ["generation"] * 5
    daemon.set_weight("us", "a", 9)
    assert resumed.event()["subject"] == "8"
    daemon.stop()  # ends streams, and soon
    assert resumed.event() is None
    assert only_overrides.event() is None


def test_numbers_go_on_after_kill_9_and_nothing_told_is_lost(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)}))
    for _ in range(3):
        live = Stream(daemon, "?after=0")
        daemon.set_weight("us", "a", daemon.endpoint("us", "a")["weight"] + 1)
        told, last = [], daemon.generation()
        while not told or told[-1]["subject"] != str(last):
            told.append(live.event())
        daemon.kill()
        daemon.start()
        kept = events(daemon, "?after=0")
        assert kept[:len(told)] == told
        assert [one["number"] for one in kept] == list(range(1, len(kept) + 1))


def test_a_quiet_stream_shows_signs_of_life(daemon):
    daemon.start(world({}))
    live = Stream(daemon)
    started = time.monotonic()
    assert live.frame() == {}
    assert 10 < time.monotonic() - started < 20


def test_there_is_an_end_to_the_number_of_streams_and_closed_ones_are_noticed(daemon):
    needs_descriptors(8192)  # or the API has no place for so many
    daemon.start(world({}))
    streams = [Stream(daemon) for _ in range(64)]
    reply = daemon.api("GET", "/v1/events/stream")
    assert reply.status == 503 and reply.headers["Retry-After"]
    for stream in streams:
        stream.close()
    wait_until(lambda: can_follow(daemon), 10, "a place, well before the next sign of life")


def can_follow(daemon):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.api_port, timeout=START_S)
    connection.request("GET", "/v1/events/stream", headers={"Authorization": "Bearer " + daemon.token})
    status = connection.getresponse().status
    connection.close()
    return status == 200


def test_steerctl_shows_events_and_follows_them(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)}))
    assert daemon.steerctl("drain", "us/a", "--reason", "new disks").returncode == 0
    await_event(daemon, kind="override")
    shown = daemon.steerctl("events", "--kind", "override")
    assert shown.returncode == 0 and "new disks" in shown.stdout and "us/a" in shown.stdout
    assert "generation" not in shown.stdout
    assert daemon.steerctl("events", "--kind", "weather").returncode != 0
    environment = dict(os.environ, STEERD_URL="http://127.0.0.1:%d" % daemon.api_port, STEERD_TOKEN=daemon.token)
    with subprocess.Popen([STEERCTL, "events", "-f", "--json"], stdout=subprocess.PIPE, text=True,
                          env=environment) as follower:
        wait_until(lambda: daemon.steerctl("undrain", "us/a").returncode == 0 and select.select(
            [follower.stdout], [], [], 0.2)[0], 20, "a line")
        assert json.loads(follower.stdout.readline())["state"] == "cleared"
        daemon.stop()
        daemon.start()  # it finds its way back
        daemon.set_weight("us", "a", 2)
        while json.loads(follower.stdout.readline())["kind"] != "generation":
            pass
        follower.terminate()
