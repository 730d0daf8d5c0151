# SPDX-License-Identifier: GPL-3.0-or-later
"""Webhooks are told of events, whatever they answer, and stop nobody."""
import hashlib
import hmac
import http.server
import json
import threading
import time

import pytest

from harness import free_port, pool, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


class Hook:
    """Takes posts, and answers with what `statuses` says, then with 204."""

    def __init__(self, statuses=(), delay=0):
        hook, self.posts, self.statuses = self, [], list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((dict(self.headers), body))
                time.sleep(delay)
                self.send_response(hook.statuses.pop(0) if hook.statuses else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/steerd" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def events(self):
        return [json.loads(body) for _, body in self.posts]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook():
    made = []

    def make(**how):
        made.append(Hook(**how))
        return made[-1]
    yield make
    for one in made:
        one.close()


def steering():
    return world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)})


def metric(daemon, name):
    text = daemon.api("GET", "/metrics", token=None).text
    return next(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def drain(daemon):
    assert daemon.api("PUT", "/v1/pools/us/endpoints/a/override", {"state": "drain"}).status == 200


def test_events_are_signed_and_only_those_wanted_are_told(daemon, hook):
    overrides, everything = hook(), hook()
    (daemon.directory / "secret").write_text("s3cret\n")
    (daemon.directory / "secret").chmod(0o644)
    daemon.start(steering(), webhooks=[
        {"url": overrides.url, "secret_file": "secret", "events": ["override"]}, {"url": everything.url}])
    daemon.set_weight("us", "a", 2)
    drain(daemon)
    wait_until(lambda: overrides.posts, 10, "a post")
    wait_until(lambda: len(everything.posts) == 3, 10, "all posts")
    headers, body = overrides.posts[0]
    stamp, signature = (part.split("=")[1] for part in headers["Steerd-Signature"].split(","))
    assert signature == hmac.new(b"s3cret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert abs(int(stamp) - time.time()) < 60
    assert headers["Content-Type"] == "application/json" and headers["Steerd-Event"] == "override"
    history = daemon.api("GET", "/v1/events?after=0").json["items"]
    assert everything.events == history and overrides.events == [one for one in history if one["kind"] == "override"]
    assert "Steerd-Signature" not in everything.posts[0][0]
    wait_until(lambda: metric(daemon, 'steerd_webhooks_total{result="delivered"}') == 4, 10, "the counter")


def test_what_is_refused_is_tried_again_in_order(daemon, hook):
    stubborn = hook(statuses=[500, 302])
    daemon.start(steering(), webhooks=[{"url": stubborn.url, "events": ["override", "generation"]}])
    drain(daemon)
    wait_until(lambda: len(stubborn.posts) == 4, 20, "two tries more")
    numbers = [one["number"] for one in stubborn.events]
    assert numbers[0] == numbers[1] == numbers[2] < numbers[3]
    assert metric(daemon, 'steerd_webhooks_total{result="failed"}') == 2


def test_a_webhook_that_is_gone_stops_nobody(daemon, hook):
    well = hook()
    gone = "http://127.0.0.1:%d/" % free_port()
    daemon.start(steering(), webhooks=[{"url": gone}, {"url": well.url, "events": ["override"]}])
    for number in range(1200):
        path = "/v1/pools/us/endpoints/%s/override" % "ab"[number % 2]
        assert daemon.api("PUT", path, {"weight": number}).status == 200
    wait_until(lambda: len(well.posts) == 1200, 20, "all of them")
    assert metric(daemon, 'steerd_webhooks_total{result="dropped"}') >= 200
    assert metric(daemon, "steerd_webhooks_waiting") <= 1001
    stopping = time.monotonic()
    daemon.stop()
    assert time.monotonic() - stopping < 10


def test_a_webhook_that_hangs_does_not_keep_the_server_from_stopping(daemon, hook):
    slow = hook(delay=8)
    daemon.start(steering(), webhooks=[{"url": slow.url}])
    wait_until(lambda: slow.posts, 10, "a post")
    stopping = time.monotonic()
    daemon.stop()
    assert time.monotonic() - stopping < 5


@pytest.mark.parametrize("wrong", [{"url": "ftp://x/"}, {"url": "http://x/", "events": ["weather"]}, {},
                                   {"url": "http://x/", "secret_file": "missing"}, {"url": "http://x/", "colour": 1}])
def test_wrong_webhooks_are_found_by_check(daemon, wrong):
    daemon.configure(steering(), webhooks=[wrong])
    checked = daemon.check()
    assert checked.returncode == 1 and "/webhooks/0" in checked.stderr, checked.stderr
