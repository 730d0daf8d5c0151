# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus reads, and what is made of it: alerts, a dashboard, the list in the manual."""
import json
import re
import subprocess

import pytest

from harness import ROOT, pool, quick_check, wait_until, world

DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "steerd.rules.yml"
DASHBOARD = DEPLOY / "grafana" / "steerd.json"
DURATION = "steerd_dns_request_duration_seconds"
ONLY_SOMETIMES = {"steerd_api_certificate_end_seconds"}  # where the API has a certificate


@pytest.fixture(scope="module")
def server(shared_daemon):
    services = {"www": {"policy": "main"}}
    checks = {"web": quick_check(9)}
    return shared_daemon.start(world(services, {"main": pool("weighted", "127.0.10.1", check="web")}, checks=checks), workers=1)


def metrics(daemon):
    return daemon.api("GET", "/metrics", token=None).text


def families(daemon):
    return set(re.findall("^# TYPE ([a-z_]+) ", metrics(daemon), re.M))


def promtool(*arguments, **more):
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, **more)


def test_promtool_finds_nothing_to_better(server):
    server.query("www.example.test")
    check = promtool("check", "metrics", input=metrics(server))
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")
    assert promtool("check", "metrics", input="steerd_x_total 1\n").returncode != 0  # it can


def test_a_family_stands_once_and_a_counter_ends_in_total(server):
    kinds = re.findall("^# TYPE ([a-z_]+) ([a-z]+)$", metrics(server), re.M)
    assert len(kinds) == len({name for name, _ in kinds}) > 30
    for name, kind in kinds:
        assert (kind == "counter") == name.endswith("_total"), name


def buckets(daemon, transport):
    found = re.findall(r'^%s_bucket\{transport="%s",le="([^"]+)"\} (\d+)$' % (DURATION, transport), metrics(daemon), re.M)
    return [(float(bound), int(count)) for bound, count in found]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_time_of_answers_is_in_a_histogram(server, transport):
    count = lambda: buckets(server, transport)[-1][1]

    def asked():
        server.query("www.example.test", tcp=transport == "tcp")
        return count() > before
    before = count()
    wait_until(asked, 20, "a timed batch")
    found = buckets(server, transport)
    assert found == sorted(found) and found[-1][0] == float("inf")
    assert [number for _, number in found] == sorted(number for _, number in found)
    text = metrics(server)
    assert '%s_count{transport="%s"} %d\n' % (DURATION, transport, found[-1][1]) in text
    total = float(re.search(r'^%s_sum\{transport="%s"\} (\S+)$' % (DURATION, transport), text, re.M)[1])
    assert 0 < total < 20 * found[-1][1]


# ---- alerts and the dashboard

def named(text):
    """Families in an expression; those of a histogram without their endings."""
    return {re.sub("^(%s)_(bucket|sum|count)$" % DURATION, r"\1", name) for name in re.findall(r"\bsteerd_[a-z_]+", text)}


def test_promtool_accepts_the_alerts_and_each_has_its_night():
    check = promtool("check", "rules", str(RULES))
    assert check.returncode == 0, check.stdout + check.stderr
    test = promtool("test", "rules", str(RULES.with_suffix(".test.yml")))
    assert test.returncode == 0, test.stdout + test.stderr
    tested = RULES.with_suffix(".test.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
    assert len(alerts) > 10
    for alert in alerts:
        assert 'alertname="%s"' % alert in tested, alert


def test_alerts_name_only_what_steerd_tells(server):
    rules = RULES.read_text()
    expressions = re.findall(r"^        expr: (\|\n(?: {10}.*\n)+|.*\n)", rules, re.M)
    assert len(expressions) == len(re.findall("- alert:", rules))
    assert named("".join(expressions)) <= families(server) | ONLY_SOMETIMES


def expressions_of(dashboard):
    return [target["expr"] for one in dashboard["panels"] for target in one["targets"]]


def test_the_dashboard_names_only_what_steerd_tells(server):
    dashboard = json.loads(DASHBOARD.read_text())
    assert len(dashboard["panels"]) > 15
    assert named(DASHBOARD.read_text()) <= families(server) | ONLY_SOMETIMES
    assert len({one["id"] for one in dashboard["panels"]}) == len(dashboard["panels"])


def test_promtool_reads_every_expression_of_the_dashboard(tmp_path):
    expressions = expressions_of(json.loads(DASHBOARD.read_text()))
    rules = [{"record": "dashboard:%d" % index, "expr": expression.replace("$__rate_interval", "1m")}
             for index, expression in enumerate(expressions)]
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    check = promtool("check", "rules", str(tmp_path / "rules.json"))
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_manual_lists_every_family(server):
    page = (ROOT / "docs" / "operations.md").read_text()
    listed = set(re.findall(r"^\| `([a-z_]+)", page, re.M))
    assert listed == families(server) | ONLY_SOMETIMES


def test_the_manual_lists_every_alert():
    page = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"- alert: (\w+)", RULES.read_text())) == set(re.findall(r"`(Steerd[A-Z]\w+)`", page))
