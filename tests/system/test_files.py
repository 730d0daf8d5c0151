# SPDX-License-Identifier: GPL-3.0-or-later
"""Files against API: who wins, and what a bad file does (nothing)."""
import json
import subprocess

import pytest

from harness import STEERD, ZONE, wait_until, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"


def steering(address, **more):
    endpoints = {"a": {"ipv4": address, "weight": 1}}
    return world({"www": {"policy": "web"}}, {"web": {"policy": "failover", "endpoints": endpoints}}, **more)


def import_error(server):
    return server.api("GET", "/v1/status").json["import_error"]


def test_a_changed_file_is_imported_on_hangup(daemon):
    daemon.start(steering(ONE))
    assert daemon.generation() == 1
    daemon.hangup()  # nothing changed: nothing happens
    daemon.write("steering.json", steering(TWO))
    daemon.hangup()
    daemon.answers_within(5, "www.example.test", "A", [TWO])
    assert daemon.generation() == 2 and import_error(daemon) is None


def test_a_changed_file_is_imported_at_the_next_start(daemon):
    daemon.start(steering(ONE))
    daemon.stop()
    daemon.write("steering.json", steering(TWO))
    daemon.start()
    assert daemon.answer("www.example.test") == [TWO] and daemon.generation() == 2
    daemon.stop()
    daemon.start()
    assert daemon.generation() == 2  # the same file is no news


def test_a_bad_file_at_a_restart_leaves_the_last_good_state(daemon):
    daemon.start(steering(ONE))
    daemon.stop()
    daemon.write("steering.json", "{ broken")
    daemon.start()
    assert daemon.answer("www.example.test") == [ONE] and daemon.generation() == 1
    wait_until(lambda: "steering.json:1:" in daemon.log, 5, "the log to say where")
    assert import_error(daemon)


def test_a_lost_file_at_a_restart_leaves_the_last_good_state(daemon):
    daemon.start(steering(ONE))
    daemon.stop()
    (daemon.directory / "steering.json").unlink()
    daemon.start()
    assert daemon.answer("www.example.test") == [ONE] and import_error(daemon)


def test_a_changed_zone_file_is_imported_too(daemon):
    document = {"zones": {"example.test": {"file": "zones/x.zone"}}}
    text = "$ORIGIN example.test.\n" + "\n".join(ZONE) + "\nhost 60 IN A 192.0.2.%d\n"
    daemon.write("zones/x.zone", text % 1)
    daemon.start(document)
    assert daemon.answer("host.example.test") == ["192.0.2.1"]
    daemon.write("zones/x.zone", text % 2)
    daemon.hangup()
    daemon.answers_within(5, "host.example.test", "A", ["192.0.2.2"])


def test_files_do_not_overwrite_what_people_have_written(daemon):
    daemon.start(steering(ONE))
    daemon.api("PATCH", "/v1/pools/web/endpoints/a", {"ipv4": THREE})
    daemon.write("steering.json", steering(TWO))
    daemon.hangup()
    wait_until(lambda: import_error(daemon), 5, "the refusal to be shown")
    assert "apply" in import_error(daemon)  # what to do
    assert daemon.answer("www.example.test") == [THREE] and daemon.generation() == 2
    daemon.stop()
    daemon.start()
    assert daemon.answer("www.example.test") == [THREE]
    assert "import" in daemon.log


def test_in_file_mode_the_files_win_and_writes_are_refused(daemon):
    daemon.start(steering(ONE), steering_mode="file")
    reply = daemon.api("PATCH", "/v1/pools/web/endpoints/a", {"ipv4": THREE})
    assert reply.status == 409 and "file" in reply.json["detail"]
    assert daemon.api("PUT", "/v1/pools/web/endpoints/a/override", {"weight": 3}).status == 200
    daemon.write("steering.json", steering(TWO))
    daemon.hangup()
    daemon.answers_within(5, "www.example.test", "A", [TWO])


BAD = {
    "syntax": ("steering.json", '{"pools": {', "steering.json:1:"),
    "value": ("steering.json", json.dumps(steering(ONE)).replace('"weight": 1', '"weight": -1'),
              "/pools/web/endpoints/a/weight"),
    "unknown pool": ("steering.json", json.dumps(steering(ONE)).replace('"policy": "web"', '"policy": "wbe"'), "wbe"),
    "loop": ("steering.json", json.dumps(steering(ONE, policies={
        "x": {"failover": ["y"]}, "y": {"failover": ["x"]}})), "loop"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_changes_nothing_and_is_named(daemon, what):
    name, text, expected = BAD[what]
    daemon.start(steering(ONE))
    daemon.write(name, text)
    daemon.hangup()
    wait_until(lambda: import_error(daemon), 5, "the error to be shown")
    assert daemon.answer("www.example.test") == [ONE] and daemon.generation() == 1
    wait_until(lambda: expected in daemon.log, 5, "the log to say " + expected)
    checked = daemon.check()
    assert checked.returncode == 1 and expected in checked.stdout + checked.stderr
    daemon.write("steering.json", steering(TWO))  # mended
    daemon.hangup()
    daemon.answers_within(5, "www.example.test", "A", [TWO])
    assert import_error(daemon) is None


@pytest.mark.parametrize("text,expected", [
    ("@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\nhost IN A not-an-address\n", "x.zone:3"),
    ("@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.1\nns1 IN CNAME x\n", "CNAME"),
    ("@ IN NS ns1\nns1 IN A 192.0.2.1\n", "SOA"),
])
def test_a_bad_zone_file_is_refused_at_start(daemon, text, expected):
    daemon.write("zones/x.zone", "$ORIGIN example.test.\n" + text.replace("IN", "60 IN"))
    daemon.configure({"zones": {"example.test": {"file": "zones/x.zone"}}})
    checked = daemon.check()
    assert checked.returncode == 1 and expected in checked.stdout + checked.stderr
    daemon.launch()
    assert daemon.process.wait(30) != 0
    daemon.process = None
    assert expected in daemon.log


def test_a_good_configuration_passes_the_check_and_nothing_is_made(daemon):
    daemon.configure(steering(ONE))
    checked = daemon.check()
    assert checked.returncode == 0, checked.stderr
    assert not (daemon.directory / "state").exists()


@pytest.mark.parametrize("node,expected", [
    ({"listn": ["127.0.0.1:5300"]}, "listen"), ({"listen": ["127.0.0.1"]}, "port"), ({"workers": 0}, "workers"),
    ({"steering": "nowhere.json"}, "nowhere.json"),
])
def test_a_bad_node_file_is_refused(daemon, node, expected):
    daemon.configure(steering(ONE), **node)
    checked = daemon.check()
    assert checked.returncode == 1 and expected in checked.stderr


def test_a_port_in_use_is_said_and_ends_it(daemon):
    daemon.start(steering(ONE), workers=1)
    first = daemon.process
    daemon.node["listen"] = ["127.0.0.1:%d" % daemon.api_port]
    daemon.configure(steering(ONE), state_dir="other")
    daemon.launch()
    try:
        assert daemon.process.wait(30) != 0
        assert "in use" in daemon.log
    finally:
        daemon.process = first


def test_two_daemons_do_not_share_a_state_directory(daemon):
    daemon.start(steering(ONE))
    other = dict(daemon.node, listen=["127.0.0.2:%d" % daemon.dns_port], api={"listen": ["127.0.0.2:%d" % daemon.api_port]})
    daemon.write("other.json", other)
    second = subprocess.run([STEERD, "-c", str(daemon.directory / "other.json")], capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "another steerd works here" in second.stderr
    assert daemon.process.poll() is None and daemon.answer("www.example.test") == [ONE]


def test_a_zone_file_that_is_missing_is_said_once(daemon):
    document = world({"www": {"policy": "one"}}, {"one": {"endpoints": {"a": {"ipv4": "192.0.2.1"}}}})
    document["zones"]["other.test"] = {"file": "other.zone"}
    daemon.configure(document)
    result = daemon.check()
    said = result.stdout + result.stderr
    assert result.returncode == 1 and "1 error" in said and said.count("other.zone") == 1, said
