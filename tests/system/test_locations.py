# SPDX-License-Identifier: GPL-3.0-or-later
"""Where clients are: databases, operators' locations and maps, and how wide an answer holds."""
import pytest

from harness import pool, wait_until, world
from mmdb import write_mmdb

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"
POOLS = {"first": pool("failover", ONE), "second": pool("failover", TWO), "third": pool("failover", THREE)}
OFFICES = {"10.0.0.0/8": "head", "10.1.0.0/16": "berlin", "2001:db8:1::/48": "berlin"}
RULES = {"map:offices/berlin": "first", "10.1.7.0/24": "second", "country:DE": "second", "default": "third"}


def scope(server, name, ecs):
    return next(option.scopelen for option in server.query(name, ecs=ecs).options if option.otype == 8)


@pytest.fixture
def server(daemon, geo_database):
    services = {"www": {"policy": {"geo": RULES}},
                "off": {"policy": {"geo": RULES}, "ecs": False},
                "inner": {"policy": {"geo": {"country:DE": "nested", "default": "third"}}},
                "alias": {"policy": {"geo": {"continent:EU": {"hostname": "inner.example.test"},
                                             "default": {"hostname": "www.example.test"}}}}}
    policies = {"nested": {"geo": {"91.0.77.0/24": "first", "default": "second"}}}
    return daemon.start(world(services, POOLS, policies=policies, maps={"offices": OFFICES}), geoip=[str(geo_database)])


def test_an_operators_map_stands_between_prefixes_and_the_database(server):
    assert server.answer("www.example.test", ecs="10.1.2.0/24") == [ONE]
    assert server.answer("www.example.test", ecs="10.1.7.0/24") == [TWO]
    assert server.answer("www.example.test", ecs="10.2.0.0/24") == [THREE]  # the head office has no rule
    assert server.answer("www.example.test", ecs="2001:db8:1:2::/64") == [ONE]
    assert scope(server, "www.example.test", "10.1.2.0/24") == 22  # 10.1.4.0/22 holds the exception
    assert scope(server, "www.example.test", "2001:db8:1:2::/64") == 48


def test_a_map_is_changed_by_the_api(server):
    made = server.api("PATCH", "/v1/maps/offices", {"10.2.0.0/16": "berlin", "10.1.0.0/16": None})
    assert made.status == 200, made.text
    assert server.answer("www.example.test", ecs="10.2.0.0/24") == [ONE]
    assert server.answer("www.example.test", ecs="10.1.2.0/24") == [THREE]
    assert server.api("GET", "/v1/maps/offices").json["10.2.0.0/16"] == "berlin"
    assert [item["name"] for item in server.api("GET", "/v1/maps").json["items"]] == ["offices"]
    refused = server.api("DELETE", "/v1/maps/offices")
    assert refused.status == 409 and "used by service" in refused.text
    refused = server.api("PUT", "/v1/maps/offices", {"10.2.0.1/16": "x"})
    assert refused.status == 422 and refused.json["errors"][0]["pointer"] == "/10.2.0.1~116"
    config = server.api("GET", "/v1/config")
    again = server.api("PUT", "/v1/config", config.json, headers={"If-Match": config.etag})
    assert again.status == 200 and config.json["maps"]["offices"]["10.2.0.0/16"] == "berlin"


def test_a_map_comes_from_a_file(daemon):
    daemon.write("maps/offices.txt", "# where we are\n10.1.0.0/16 berlin\n10.2.0.0/16 berlin\n")
    steering = world({"www": {"policy": {"geo": {"map:offices/berlin": "first", "default": "third"}}}}, POOLS,
                     maps={"offices": {"file": "maps/offices.txt"}})
    daemon.start(steering)
    assert daemon.answer("www.example.test", ecs="10.2.0.0/24") == [ONE]
    daemon.write("maps/offices.txt", "10.1.0.0/16 berlin\n")
    daemon.hangup()
    daemon.answers_within(5, "www.example.test", "A", [THREE], ecs="10.2.0.0/24")
    daemon.write("maps/offices.txt", "10.1.0.0/16 berlin\n10.2.0.1/16 berlin\n")
    checked = daemon.check()
    assert checked.returncode == 1 and "offices.txt:2:1: \"10.2.0.1/16\" is no network" in checked.stderr + checked.stdout


def test_a_service_may_disregard_client_subnets(server):
    assert server.answer("off.example.test", ecs="91.0.5.0/24") == [THREE]
    assert scope(server, "off.example.test", "91.0.5.0/24") == 0


def test_the_narrowest_node_of_a_tree_gives_the_scope(server):
    assert server.answer("inner.example.test", ecs="91.0.77.0/24") == [ONE]
    assert scope(server, "inner.example.test", "91.0.77.0/24") == 24
    assert server.answer("inner.example.test", ecs="91.0.76.0/24") == [TWO]
    assert scope(server, "inner.example.test", "91.0.76.0/24") == 24  # its neighbour is the exception
    assert scope(server, "inner.example.test", "91.0.0.0/24") == 18


def test_the_narrowest_service_of_a_chain_gives_the_scope(server):
    assert server.answer("alias.example.test", ecs="91.0.76.0/24") == [TWO]
    assert scope(server, "alias.example.test", "91.0.76.0/24") == 24


def test_databases_may_be_split_by_family(daemon):
    write_mmdb(daemon.directory / "v4.mmdb", {"91.0.0.0/10": ("EU", "DE")})
    write_mmdb(daemon.directory / "v6.mmdb", {"2a00:1000::/24": ("EU", "DE")})
    daemon.start(world({"www": {"policy": {"geo": {"country:DE": "first", "default": "third"}}}}, POOLS),
                 geoip=["v4.mmdb", "v6.mmdb"])
    for client, address in [("91.0.5.0/24", ONE), ("2a00:1000::/48", ONE), ("8.8.8.0/24", THREE), ("2600::/48", THREE)]:
        assert daemon.answer("www.example.test", ecs=client) == [address], client


def test_a_new_database_counts_however_busy_the_api_is(daemon):
    write_mmdb(daemon.directory / "places.mmdb", {"91.0.0.0/10": ("EU", "DE")})
    daemon.start(world({"www": {"policy": {"geo": {"country:DE": "first", "default": "third"}}}}, POOLS),
                 geoip=["places.mmdb"])
    assert daemon.answer("www.example.test", ecs="91.0.5.0/24") == [ONE]
    write_mmdb(daemon.directory / "fresh.mmdb", {"91.0.0.0/10": ("NA", "US")})
    (daemon.directory / "fresh.mmdb").rename(daemon.directory / "places.mmdb")

    def is_read():
        assert daemon.api("GET", "/v1/config").status == 200
        return daemon.answer("www.example.test", ecs="91.0.5.0/24") == [THREE]
    wait_until(is_read, 20, "the new database")


LOCATIONS = {"10.0.0.0/8": {"country": "DE"}, "91.0.5.0/24": {"country": "US", "city": "Ashburn"}}


def whereabouts(server, client):
    explained = server.api("GET", f"/v1/explain?name=www.example.test&client={client}").json
    step = next(step for step in explained["steps"] if step["step"] == "client")
    return (step["location"] or {}).get("country"), step["location_from"]


def test_an_operator_says_where_networks_are_over_the_databases(daemon, geo_database):
    rules = {"country:DE": "first", "city:Ashburn": "second", "default": "third"}
    daemon.start(world({"www": {"policy": {"geo": rules}}}, POOLS, locations={"office": LOCATIONS}),
                 geoip=[str(geo_database)])
    for client, address in [("10.1.2.0/24", ONE), ("91.0.5.0/24", TWO), ("91.0.6.0/24", ONE), ("8.8.8.0/24", THREE)]:
        assert daemon.answer("www.example.test", ecs=client) == [address], client
    assert scope(daemon, "www.example.test", "91.0.5.0/24") == 24
    assert scope(daemon, "www.example.test", "10.1.2.0/24") == 8
    assert whereabouts(daemon, "10.1.2.3") == ("DE", "locations/office")
    assert whereabouts(daemon, "91.0.6.1") == ("DE", "databases")
    assert "(location from locations/office)" in daemon.steerctl("explain", "www.example.test", "--client", "10.1.2.3").stdout
    # the next query follows a change, and kill -9 loses none
    changed = daemon.api("PATCH", "/v1/locations/office", {"10.0.0.0/8": None, "91.0.6.0/24": {}})
    assert changed.status == 200, changed.text
    assert daemon.answer("www.example.test", ecs="10.1.2.0/24") == [THREE]
    assert daemon.answer("www.example.test", ecs="91.0.6.0/24") == [THREE]
    daemon.kill()
    daemon.start()
    assert daemon.answer("www.example.test", ecs="91.0.6.0/24") == [THREE]
    assert whereabouts(daemon, "91.0.6.1") == (None, "locations/office")
    refused = daemon.api("PUT", "/v1/locations/office", {"10.0.0.0/8": {"country": "Germany"}})
    assert refused.status == 422 and refused.json["errors"][0]["pointer"] == "/10.0.0.0~18/country"
    assert daemon.api("DELETE", "/v1/locations/office").status == 200
    assert daemon.answer("www.example.test", ecs="91.0.5.0/24") == [ONE]


def test_locations_come_from_a_geofeed(daemon):
    daemon.write("feed.csv", "# RFC 8805\n10.1.0.0/16,DE,DE-BE,Berlin,\n10.2.0.0/16,FR,,,,48.9,2.3,64500\n")
    services = {"www": {"policy": {"geo": {"city:Berlin": "first", "asn:64500": "second", "default": "third"}}}}
    daemon.start(world(services, POOLS, locations={"feed": {"file": "feed.csv"}}))
    assert daemon.answer("www.example.test", ecs="10.1.0.0/24") == [ONE]
    assert daemon.answer("www.example.test", ecs="10.2.0.0/24") == [TWO]
    daemon.write("feed.csv", "10.2.0.0/16,DE,DE-BE,Berlin,\n")
    daemon.hangup()
    daemon.answers_within(5, "www.example.test", "A", [ONE], ecs="10.2.0.0/24")
    daemon.write("feed.csv", "10.2.0.0/16,DE\n10.2.0.1/16,FR\n")
    checked = daemon.check()
    assert checked.returncode == 1 and "feed.csv:2:1: \"10.2.0.1/16\" is no network" in checked.stderr + checked.stdout
