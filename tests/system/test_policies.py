# SPDX-License-Identifier: GPL-3.0-or-later
"""Each policy as a client sees it.  Nobody checks these endpoints, so all are available."""
import collections

import pytest

from harness import ZONE, pool, six, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"

GEO = {"8.8.8.0/24": "first", "country:DE": "second", "continent:EU": "first", "default": "third"}


@pytest.fixture(scope="module")
def server(shared_daemon, geo_database):
    pools = {
        "first": pool("failover", ONE), "second": pool("failover", TWO), "third": pool("failover", THREE),
        "rotating": pool("round_robin", ONE, TWO, THREE),
        "rotating-one": pool("round_robin", ONE, TWO, THREE, answers=1),
        "rotating-many": {"policy": "round_robin", "answers": 16, "endpoints": {
            "e%02d" % number: {"ipv6": "2001:db8::%d" % number} for number in range(10, 26)}},
        "weighted": {"policy": "weighted", "endpoints": {
            "heavy": {"ipv4": ONE, "ipv6": six(ONE), "weight": 3}, "light": {"ipv4": TWO, "ipv6": six(TWO)},
            "spare": {"ipv4": THREE, "ipv6": six(THREE), "weight": 0}}},
        "mixed": {"policy": "round_robin", "endpoints": {"four": {"ipv4": ONE}, "six": {"ipv6": six(TWO)}}},
        "sticky": pool("sticky", ONE, TWO, THREE),
        "near": {"policy": "nearest", "endpoints": {
            "berlin": {"ipv4": ONE, "location": [52.5, 13.4]}, "sydney": {"ipv4": TWO, "location": "AU"},
            "york": {"ipv4": THREE, "location": [40.7, -74.0]}}},
    }
    services = {
        "rotating": {"ttl": 30, "policy": "rotating"},
        "rotating-one": {"ttl": 30, "policy": "rotating-one"},
        "rotating-many": {"ttl": 30, "policy": "rotating-many"},
        "weighted": {"ttl": 30, "policy": "weighted"},
        "failover": {"ttl": 30, "policy": {"failover": ["first", "second"]}},
        "geo": {"ttl": 30, "policy": {"geo": GEO}},
        "nearest": {"ttl": 30, "policy": "near"},
        "latency": {"ttl": 30, "policy": {"latency": ["second", "first"]}},
        "sticky": {"ttl": 30, "policy": "sticky"},
        "by-weight": {"ttl": 30, "policy": {"weighted": {"first": 1, "second": 3}}},
        "nested": {"ttl": 30, "policy": {"geo": {
            "continent:EU": {"weighted": [{"to": {"failover": ["second", "first"]}, "weight": 3},
                                          {"to": "third", "weight": 1}]},
            "default": "first"}}},
        "named": {"ttl": 30, "policy": "anywhere"},
        "mixed": {"ttl": 30, "policy": "mixed"},
        "four-only": {"ttl": 30, "policy": {"failover": [{"ipv4": ONE}]}},
        "elsewhere": {"ttl": 30, "policy": {"failover": [{"hostname": "target.example.org"}]}},
        "no-ecs": {"ttl": 30, "policy": {"geo": GEO}, "ecs": False},
        "*.star": {"ttl": 30, "policy": "first"},
        "@": {"ttl": 30, "policy": "first"},
    }
    steering = world(services, pools, policies={"anywhere": {"failover": ["third", "first"]}},
                     records=["blog 60 IN CNAME named"])
    return shared_daemon.start(steering, geoip=[str(geo_database)])


def expected(addresses, kind):
    return [address if kind == "A" else six(address) for address in addresses]


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_round_robin_rotates_strictly_over_udp_and_tcp(server, kind):
    order = expected([ONE, TWO, THREE], kind)
    seen = [server.answer("rotating.example.test", kind, tcp=turn % 4 == 3) for turn in range(12)]
    start = order.index(seen[0][0])
    for turn, answer in enumerate(seen):
        at = (start + turn) % 3
        assert answer == order[at:] + order[:at]


def test_a_and_aaaa_have_a_rotation_each(server):
    """Clients ask for both in turn: with one counter A would only ever see every other endpoint."""
    leads = [server.answer("rotating-one.example.test", kind)[0] for _ in range(6) for kind in ("A", "AAAA")]
    assert set(leads[0::2]) == {ONE, TWO, THREE}
    assert set(leads[1::2]) == {six(ONE), six(TWO), six(THREE)}


def test_an_answer_of_many_addresses_takes_one_turn(server):
    """Such a reply is put together on another way than a small one."""
    order = ["2001:db8::%d" % number for number in range(10, 26)]
    seen = [server.answer("rotating-many.example.test", "AAAA") for _ in range(18)]
    start = order.index(seen[0][0])
    for turn, answer in enumerate(seen):
        at = (start + turn) % 16
        assert answer == order[at:] + order[:at]


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_weights_are_kept_closely_and_weight_0_waits(server, kind):
    count = collections.Counter(server.answer("weighted.example.test", kind)[0] for _ in range(400))
    heavy, light = expected([ONE, TWO], kind)
    assert set(count) == {heavy, light}
    assert abs(count[heavy] - 300) <= 5  # low discrepancy: a small constant, where chance would give ± 17


def test_policies_are_weighted_like_endpoints(server):
    count = collections.Counter(server.answer("by-weight.example.test")[0] for _ in range(200))
    assert abs(count[TWO] - 150) <= 5 and count[ONE] + count[TWO] == 200


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_failover_leads_to_the_first(server, kind):
    for _ in range(5):
        assert server.answer("failover.example.test", kind) == expected([ONE], kind)


@pytest.mark.parametrize("kind", ["A", "AAAA"])
@pytest.mark.parametrize("client,address", [
    ("193.0.5.0/24", ONE), ("91.0.5.0/24", TWO), ("8.8.8.0/24", ONE), ("8.8.9.0/24", THREE), ("1.128.0.0/16", THREE),
    ("2a00:1000::/48", TWO), ("2600:1000::/48", THREE), ("192.0.2.0/24", THREE),
])
def test_geo_follows_the_most_specific_rule(server, client, address, kind):
    assert server.answer("geo.example.test", kind, ecs=client) == expected([address], kind)


def test_the_source_address_counts_where_there_is_no_client_subnet(server):
    assert server.answer("geo.example.test") == [THREE]  # 127.0.0.1 has no place: default


def test_nearest_measures_distance(server):
    assert server.answer("nearest.example.test", ecs="1.128.0.0/16") == [TWO]
    near_german_clients = server.answer("nearest.example.test", ecs="91.0.0.0/24")
    assert near_german_clients in ([ONE], [ONE, THREE, TWO])


def test_latency_without_any_measurement_takes_the_written_order(server):
    assert server.answer("latency.example.test") == [TWO]


def test_sticky_keeps_a_network_where_it_is(server):
    homes = {}
    for network in range(60):
        client = "193.0.%d.0/24" % network
        answers = {tuple(server.answer("sticky.example.test", ecs=client)) for _ in range(3)}
        assert len(answers) == 1
        homes[client] = answers.pop()[0]
    assert len(set(homes.values())) == 3  # and spreads them
    assert server.answer("sticky.example.test", ecs="193.0.7.77/32")[0] == homes["193.0.7.0/24"]


def test_policies_nest(server):
    assert server.answer("nested.example.test", ecs="8.8.8.0/24") == [ONE]
    count = collections.Counter(server.answer("nested.example.test", ecs="91.0.0.0/24")[0] for _ in range(100))
    assert abs(count[TWO] - 75) <= 5 and abs(count[THREE] - 25) <= 5


def test_a_named_policy_and_a_static_alias_lead_there(server):
    assert server.answer("named.example.test") == [THREE]
    assert server.answer("blog.example.test") == [THREE]
    assert server.answer("blog.example.test", "AAAA") == [six(THREE)]


def test_the_family_is_applied_inside_the_pool(server):
    for _ in range(3):
        assert server.answer("mixed.example.test", "A") == [ONE]
        assert server.answer("mixed.example.test", "AAAA") == [six(TWO)]


def test_a_family_that_is_not_there_is_nodata(server):
    reply = server.query("four-only.example.test", "AAAA")
    assert reply.rcode() == 0 and not reply.answer and reply.authority[0].rdtype == 6


def test_other_types_at_a_service_are_nodata(server):
    reply = server.query("failover.example.test", "MX")
    assert reply.rcode() == 0 and not reply.answer and reply.authority[0].rdtype == 6


def test_an_endpoint_with_a_hostname_is_answered_with_cname(server):
    for kind in ("A", "AAAA", "CNAME", "MX"):
        reply = server.query("elsewhere.example.test", kind)
        assert [rrset.to_text().split()[-2:] for rrset in reply.answer] == [["CNAME", "target.example.org."]], kind


def test_services_stand_at_the_apex_and_at_wildcards(server):
    assert server.answer("example.test", "A") == [ONE]
    assert server.answer("example.test", "NS") == ["ns1.example.test."]
    assert server.answer("any.thing.star.example.test", "AAAA") == [six(ONE)]


def test_the_ttl_is_the_services(server):
    assert server.query("rotating.example.test").answer[0].ttl == 30


# ---- client subnet (RFC 7871)

def scope(server, name, ecs):
    options = [option for option in server.query(name, ecs=ecs).options if option.otype == 8]
    assert len(options) == 1
    assert "%s/%d" % (options[0].address, options[0].srclen) == ecs  # echoed as sent
    return options[0].scopelen


def test_the_scope_says_how_wide_an_answer_holds(server):
    assert scope(server, "geo.example.test", "8.8.8.0/24") == 24  # the rule's own prefix
    assert scope(server, "geo.example.test", "8.8.9.0/24") == 24  # its neighbour is led elsewhere
    assert scope(server, "geo.example.test", "8.8.10.0/24") == 23  # both of this pair are led alike
    assert 1 <= scope(server, "geo.example.test", "91.0.5.0/24") <= 24
    assert scope(server, "geo.example.test", "91.0.5.0/24") == scope(server, "geo.example.test", "91.0.5.128/25")
    assert scope(server, "sticky.example.test", "193.0.7.0/24") == 24
    assert scope(server, "rotating.example.test", "193.0.7.0/24") == 0
    assert scope(server, "ns1.example.test", "193.0.7.0/24") == 0


def test_the_same_scope_always_has_the_same_answer(server):
    """What a resolver caches for one client must hold for every other inside the scope."""
    wide = scope(server, "geo.example.test", "91.0.77.0/24")
    assert wide <= 24
    inside = "91.0.77.200/32"
    assert server.answer("geo.example.test", ecs=inside) == server.answer("geo.example.test", ecs="91.0.77.0/24")


def test_a_service_may_ignore_the_client_subnet(server):
    assert server.answer("no-ecs.example.test", ecs="91.0.5.0/24") == [THREE]
    assert scope(server, "no-ecs.example.test", "91.0.5.0/24") == 0


def test_source_length_0_asks_not_to_be_located(server):
    assert server.answer("geo.example.test", ecs="0.0.0.0/0") == [THREE]
    assert scope(server, "geo.example.test", "0.0.0.0/0") == 0


@pytest.mark.parametrize("client,rule", [
    ("8.8.8.0/24", "8.8.8.0/24"), ("91.0.0.0/24", "country:DE"), ("193.0.0.0/24", "continent:EU"), ("1.128.0.0/24", "default"),
])
def test_explain_names_the_rule(server, client, rule):
    explained = server.api("GET", "/v1/explain?name=geo.example.test&client=" + client).json
    node = next(step for step in explained["steps"] if step["step"] == "node")
    assert node["rule"] == rule and [one["rule"] for one in node["candidates"]] == list(GEO)
    assert [one["rule"] for one in node["candidates"] if one["chosen"]] == [rule]
    assert " by %s: " % rule in explained["summary"]
    assert rule in server.steerctl("explain", "geo.example.test", "--client", client).stdout
