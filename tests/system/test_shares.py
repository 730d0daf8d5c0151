# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets how many answers, and who keeps what he got."""
import re

from harness import pool, quick_check, six, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"


def sample(metrics, name, **labels):
    for line in metrics.splitlines():
        if line.startswith(name + "{") and all('%s="%s"' % label in line for label in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError("no %s %s" % (name, labels))


def test_any_eight_answers_hold_weights_5_2_1_exactly(daemon):
    weights = {"a": 5, "b": 2, "c": 1}
    endpoints = {name: {"ipv4": address, "weight": weights[name]}
                 for name, address in zip("abc", (ONE, TWO, THREE))}
    daemon.start(world({"www": {"policy": "main"}}, {"main": {"policy": "weighted", "endpoints": endpoints}}))
    answers = [daemon.answer("www.example.test", tcp=turn % 5 == 0)[0] for turn in range(64)]
    for first in range(64 - 8):
        window = answers[first:first + 8]
        assert [window.count(address) for address in (ONE, TWO, THREE)] == [5, 2, 1]
    metrics = daemon.api("GET", "/metrics").text
    for name in weights:
        assert sample(metrics, "steerd_endpoint_served_total", pool="main", endpoint=name) == 8 * weights[name]
        for kind in ("declared", "effective", "served"):
            share = sample(metrics, "steerd_endpoint_share_ratio", pool="main", endpoint=name, kind=kind)
            assert abs(share - weights[name] / 8) < 1e-5


def test_with_affinity_a_client_gets_one_site_in_a_and_aaaa(daemon):
    pools = {"main": pool("weighted", ONE, TWO, THREE)}
    services = {"www": {"policy": "main", "affinity": "client"}, "turn": {"policy": "main"}}
    daemon.start(world(services, pools))
    seen = set()
    for net in range(40):
        subnet = "20.0.%d.0/24" % net
        address = daemon.answer("www.example.test", ecs=subnet)
        assert daemon.answer("www.example.test", "AAAA", ecs=subnet) == [six(address[0])]
        assert daemon.answer("www.example.test", ecs="20.0.%d.77/32" % net) == address
        reply = daemon.query("www.example.test", ecs=subnet)
        assert re.search("ECS 20.0.%d.0/24 scope/24" % net, str(reply.options[0]))
        seen.add(address[0])
    assert seen == {ONE, TWO, THREE}


def test_https_hints_are_the_addresses_of_healthy_endpoints(daemon, backend):
    one, two = backend(ONE), backend(TWO)
    pools = {"main": pool("round_robin", ONE, TWO, check="web")}
    services = {"www": {"policy": "main", "affinity": "client", "https": {"alpn": ["h2", "h3"], "port": 8443}},
                "plain": {"policy": "main"}, "bare": {"policy": "main", "https": {}}}
    daemon.start(world(services, pools, checks={"web": quick_check(backend.port)}))
    daemon.becomes("main", "a", "up")
    daemon.becomes("main", "b", "up")

    def hints(name, **how):
        answers = daemon.answer(name, "HTTPS", **how)
        assert len(answers) == 1
        found = dict(re.findall(r'(\w+)="([^"]*)"', answers[0]))
        assert answers[0].startswith("1 . ")
        return found, found.get("ipv4hint", "").split(","), found.get("ipv6hint", "").split(",")
    found, four, six_hints = hints("www.example.test")
    assert found["alpn"] == "h2,h3" and found["port"] == "8443"
    assert four == daemon.answer("www.example.test") and six_hints == daemon.answer("www.example.test", "AAAA")
    for net in range(10):  # the client's site is the same one in all three
        subnet = "20.0.%d.0/24" % net
        assert hints("www.example.test", ecs=subnet)[1] == daemon.answer("www.example.test", ecs=subnet)
    assert not daemon.answer("plain.example.test", "HTTPS")
    assert sorted(hints("bare.example.test")[1]) == [ONE, TWO]
    one.stop()
    daemon.becomes("main", "a", "down")
    assert hints("www.example.test")[1:] == ([TWO], [six(TWO)])


def test_https_records_beside_a_service_that_answers_https_are_refused(daemon):
    services = {"www": {"policy": {"failover": [{"ipv4": ONE}]}, "https": {"alpn": ["h2"]}}}
    daemon.configure(world(services, records=["www 60 IN HTTPS 1 . alpn=h3"]))
    check = daemon.check()
    assert check.returncode == 1 and "HTTPS records of the same name" in check.stderr + check.stdout
