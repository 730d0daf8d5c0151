# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets how much, now: by endpoint, service and country."""
import time

import pytest

from harness import ROOT, pool, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


@pytest.fixture
def server(daemon, geo_database):
    services = {"www": {"policy": "us"}, "api": {"policy": "us"}, "quiet": {"policy": "us"}}
    return daemon.start(world(services, {"us": pool("weighted", ONE, TWO)}), geoip=[str(geo_database)])


def traffic(server, query=""):
    reply = server.api("GET", "/v1/traffic" + query)
    assert reply.status == 200, reply.text
    return reply.json


def test_answers_are_counted_by_service_and_endpoint(server):
    for _ in range(6):
        server.answer("www.example.test")
    for _ in range(2):
        server.answer("api.example.test")
    seen = traffic(server)
    assert {item["service"]: item["answers"] for item in seen["services"]} == {
        "www.example.test": 6, "api.example.test": 2, "quiet.example.test": 0}
    assert {item["endpoint"]: item["answers"] for item in seen["endpoints"]} == {"a": 4, "b": 4}
    assert seen["steered"]["answers"] == 8
    assert [item["service"] for item in seen["services"]][0] == "www.example.test"
    assert len(traffic(server, "?limit=1")["services"]) == 1


def test_a_rate_is_of_the_time_since_somebody_last_asked(server):
    for _ in range(20):
        server.answer("www.example.test")
    first = traffic(server)
    assert first["steered"]["rate"] == pytest.approx(20 / first["period_s"], rel=0.01)  # both are rounded
    time.sleep(1.1)  # a sample is a second old at least: what is waited for is time itself
    second = traffic(server)
    assert second["steered"] == {"answers": 20, "rate": 0}
    assert 1 <= second["period_s"] < first["period_s"] + 30
    time.sleep(1.1)
    for _ in range(10):
        server.answer("api.example.test")
    third = traffic(server)
    rates = {item["service"]: item["rate"] for item in third["services"]}
    assert rates["api.example.test"] == pytest.approx(10 / third["period_s"], rel=0.01) and rates["www.example.test"] == 0


def test_countries_are_estimated_by_a_sample(server):
    """About one in 64 is located: of 6400 clients, two thirds German, 100 are expected, 10 the deviation."""
    for number in range(6400):
        server.answer("www.example.test", ecs="91.0.0.0/24" if number % 3 else "8.8.8.0/24")
    countries = {item["country"]: item["answers"] for item in traffic(server)["countries"]}
    assert set(countries) == {"DE", "US"}
    assert all(count % 64 == 0 for count in countries.values())
    assert 3200 < sum(countries.values()) < 9600 and countries["DE"] > countries["US"]
