# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain says where shares, TTL and scope come from."""
import dns.edns

from harness import pool, quick_check, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def explain(server, name, **query):
    parameters = "&".join("%s=%s" % item for item in {"name": name, "type": "A", **query}.items())
    return server.api("GET", "/v1/explain?" + parameters).json


def step(explanation, kind):
    return next(step for step in explanation["steps"] if step["step"] == kind)


def test_shares_say_what_lowers_them(daemon):
    pools = {"a": pool("failover", ONE, capacity=40), "b": pool("failover", TWO), "c": pool("failover", ONE)}
    services = {
        "full": {"policy": {"weighted": {"a": 60, "b": 40, "c": 0}}},
        "shed": {"policy": {"weighted": [{"to": "a", "shed": 50}, "b"]}}}
    daemon.start(world(services, pools))
    full = {one["name"]: one for one in step(explain(daemon, "full.example.test"), "node")["candidates"]}
    assert abs(full["a"]["share"] - 0.4) < 1e-6 and "at its capacity of 40" in full["a"]["why"]
    assert abs(full["b"]["share"] - 0.6) < 1e-6
    assert full["c"]["share"] == 0 and "weight 0" in full["c"]["why"]
    shed = {one["name"]: one for one in step(explain(daemon, "shed.example.test"), "node")["candidates"]}
    assert abs(shed["a"]["share"] - 0.25) < 1e-6 and "sheds 50 %" in shed["a"]["why"]
    drawn = daemon.steerctl("explain", "full.example.test").stdout
    assert "share 40.0 %" in drawn and "at its capacity of 40" in drawn, drawn
    assert "ttl       30: the service's" in drawn and "nothing depended on the client" in drawn, drawn


def test_the_scope_names_the_node_that_narrowed_it(daemon):
    services = {"www": {"policy": {"geo": {"20.1.0.0/16": {"sticky": [{"ipv4": ONE}, {"ipv4": TWO}]},
                                           "default": {"failover": [{"ipv4": ONE}]}}}}}
    daemon.start(world(services))
    inside = explain(daemon, "www.example.test", client="20.1.2.3")
    assert inside["scope"] == 24
    assert "20.1.0.0" in step(inside, "result")["scope_why"] and "24 bits" in step(inside, "result")["scope_why"]
    outside = explain(daemon, "www.example.test", client="8.0.0.1")
    assert outside["scope"] < 16 and outside["scope"] > 0


def test_the_ttl_names_the_endpoint_whose_change_is_near(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    pools = {"main": pool("failover", ONE, TWO, check="web")}
    check = quick_check(backend.port, interval="1s", fall=8)
    daemon.start(world({"www": {"ttl": 60, "min_ttl": 1, "policy": "main"}}, pools, checks={"web": check}))
    daemon.becomes("main", "a", "up")
    primary.stop()
    wait_until(lambda: explain(daemon, "www.example.test")["ttl"] < 60, 5, "a shorter TTL")
    assert "a change of main/a is " in step(explain(daemon, "www.example.test"), "result")["ttl_why"]


def ask_for_id(server, name, option=65500, tcp=False, **how):
    message = server.message(name, **how)
    message.use_edns(0, payload=1232, options=list(message.options) + [dns.edns.GenericOption(option, b"")])
    reply = server.send(message, tcp)
    ids = [one.data.decode() for one in reply.options if one.otype == option]
    return reply, ids[0] if ids else None


def addresses(reply):
    return [item.address for rrset in reply.answer for item in rrset]


WEIGHTS = {"www": {"policy": {"geo": {"20.0.0.0/8": {"weighted": {"one": 3, "two": 2}}, "default": "one"}}}}
POOLS = {"one": pool("round_robin", ONE, "127.0.11.1", "127.0.12.1", answers=1),
         "two": pool("round_robin", TWO, "127.0.21.1", answers=1)}


def test_a_very_answer_is_explained_by_its_id(daemon):
    daemon.start(world(WEIGHTS, POOLS), explain_by_edns={"allow": ["127.0.0.1/32"]})
    answers = [ask_for_id(daemon, "www.example.test", ecs="20.1.2.0/24") for _ in range(40)]
    assert len({identity for _, identity in answers}) == 40
    seen = set()
    for reply, identity in answers:
        explained = daemon.api("GET", "/v1/explain/" + identity)
        assert explained.status == 200, explained.text
        assert [record["data"] for record in explained.json["answers"]] == addresses(reply)
        assert explained.json["client"] == "20.1.2.0/24" and explained.json["id"] == identity
        seen.add(addresses(reply)[0])
    assert len(seen) == 5  # all of them, and each told as it was
    drawn = daemon.steerctl("explain", "--id", answers[7][1]).stdout
    assert addresses(answers[7][0])[0] in drawn.split("answer ")[1], drawn


def test_an_id_shows_the_state_that_answered_and_not_todays(daemon):
    daemon.start(world(WEIGHTS, POOLS), explain_by_edns={"allow": ["127.0.0.0/8"], "option": 65010})
    reply, identity = ask_for_id(daemon, "www.example.test", option=65010, tcp=True)
    override = "/v1/pools/one/endpoints/%s/override" % {ONE: "a", "127.0.11.1": "b", "127.0.12.1": "c"}[addresses(reply)[0]]
    assert daemon.api("PUT", override, {"state": "down", "reason": "later"}).status == 200
    assert daemon.api("DELETE", "/v1/zones/example.test/services/www").status == 200
    explained = daemon.api("GET", "/v1/explain/" + identity).json
    assert [record["data"] for record in explained["answers"]] == addresses(reply)
    assert explained["generation"] == 1 and "later" not in explained["summary"]
    for _ in range(70):  # more changes than are remembered
        daemon.api("PUT", override, {"state": "down"}), daemon.api("DELETE", override)
    gone = daemon.api("GET", "/v1/explain/" + identity)
    assert gone.status == 404 and "was replaced" in gone.text


def test_ids_are_for_those_on_the_list_only(daemon):
    daemon.start(world(WEIGHTS, POOLS), explain_by_edns={"allow": ["192.0.2.0/24"]})
    assert ask_for_id(daemon, "www.example.test")[1] is None
    assert daemon.api("GET", "/v1/explain/0000000000000000").status == 404
    assert daemon.api("GET", "/v1/explain/nonsense").status == 404
    daemon.stop()
    daemon.start(world(WEIGHTS, POOLS))  # nobody by default
    assert ask_for_id(daemon, "www.example.test")[1] is None
    assert daemon.api("GET", "/v1/explain/0000000000000000").status == 404


def test_records_and_refusals_have_ids_or_none(daemon):
    daemon.start(world(WEIGHTS, POOLS), explain_by_edns={"allow": ["127.0.0.1"]})
    _, identity = ask_for_id(daemon, "ns1.example.test")
    assert daemon.api("GET", "/v1/explain/" + identity).json["steered"] is False
    _, identity = ask_for_id(daemon, "nowhere.example.test")
    assert daemon.api("GET", "/v1/explain/" + identity).json["rcode"] == "NXDOMAIN"
    assert ask_for_id(daemon, "www.example.test", option=65501)[1] is None  # another option


def test_every_candidate_says_why_it_is_not_the_one(daemon, backend):
    main = {"a": {"ipv4": ONE, "check": "web"}, "b": {"ipv4": TWO, "weight": 5, "capacity": 2}, "c": {"ipv4": "127.0.21.1"},
            "d": {"ipv4": "127.0.22.1", "weight": 0}, "e": {"ipv4": "127.0.23.1", "weight": 4}}
    pools = {"main": {"policy": "weighted", "endpoints": main}, "other": pool("failover", "127.0.30.1")}
    services = {"www": {"policy": {"geo": {"10.0.0.0/8": "other", "country:DE": "other", "default": "main"}}}}
    daemon.start(world(services, pools, checks={"web": quick_check(backend.port)}))
    daemon.becomes("main", "a", "down")
    drain = {"state": "drain", "reason": "new kernel", "expires": "2h"}
    assert daemon.api("PUT", "/v1/pools/main/endpoints/c/override", drain).status == 200
    nodes = [one for one in explain(daemon, "www.example.test", client="198.51.100.7")["steps"] if one["step"] == "node"]
    rules = {one["rule"]: one["why"] for one in nodes[0]["candidates"]}
    assert rules["10.0.0.0/8"] == rules["country:DE"] == "its rule is not about this client"
    assert rules["default"] == "3 of 5 available"
    why = {one["name"]: one["why"] for one in nodes[1]["candidates"]}
    assert "down since 20" in why["a"] and "by check web: connection refused" in why["a"]
    assert "at its capacity of 2" in why["b"] and "weight 0" in why["d"]
    assert "drained by admin until 20" in why["c"] and "new kernel" in why["c"]
    assert nodes[1]["draw"] == 0 and nodes[1]["chosen"]
