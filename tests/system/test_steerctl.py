# SPDX-License-Identifier: GPL-3.0-or-later
"""steerctl: the API for people, with exit codes that tell the truth."""
import json

import pytest

from harness import pool, world

DONE, REFUSED, USAGE, NO_SERVER, NOT_ALLOWED = range(5)
ONE, TWO = "127.0.10.1", "127.0.20.1"


@pytest.fixture
def server(daemon):
    return daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)}))


def done(result):
    assert result.returncode == DONE, result.stderr
    return result.stdout


def test_it_explains_itself(server):
    assert "usage" in done(server.steerctl("--help", token=False))
    assert "drain" in done(server.steerctl("help", token=False))
    assert done(server.steerctl("version", token=False)).startswith("steerctl ")


@pytest.mark.parametrize("arguments", [["no-such-command"], ["drain"], ["drain", "us"], ["set-weight", "us/a"],
                                       ["set-weight", "us/a", "many"], ["status", "--no-such-option"], ["apply"]])
def test_wrong_usage_is_2(server, arguments):
    result = server.steerctl(*arguments)
    assert result.returncode == USAGE and result.stderr.startswith("steerctl: ")


def test_no_server_is_3_and_a_wrong_token_4(server):
    assert server.steerctl("status", "--url", "http://127.0.0.1:1").returncode == NO_SERVER
    (server.directory / "wrong").write_text("0" * 64 + "\n")
    assert server.steerctl("status", "--token-file", str(server.directory / "wrong"), token=False).returncode == NOT_ALLOWED
    assert server.steerctl("set-weight", "us/zzz", "3").returncode == REFUSED


def test_every_view_has_json(server):
    for command in (["status"], ["endpoints"], ["generations"], ["explain", "www.example.test"]):
        assert json.loads(done(server.steerctl(*command, "--json")))
        assert done(server.steerctl(*command)).strip()


def test_a_weight_is_set(server):
    done(server.steerctl("set-weight", "us/a", "9", "--comment", "more for a"))
    assert server.endpoint("us", "a")["weight"] == 9
    assert "more for a" in done(server.steerctl("generations"))


def test_a_dry_run_changes_nothing(server):
    done(server.steerctl("set-weight", "us/a", "9", "--dry-run"))
    assert server.generation() == 1


@pytest.mark.parametrize("state", ["drain", "down"])
def test_an_endpoint_is_taken_out_and_given_back(server, state):
    done(server.steerctl(state, "us/a", "--reason", "new kernel", "--expires", "2h"))
    assert {server.answer("www.example.test")[0] for _ in range(6)} == {TWO}
    assert "new kernel" in done(server.steerctl("endpoints"))
    done(server.steerctl("undrain", "us/a"))
    assert {server.answer("www.example.test")[0] for _ in range(6)} == {ONE, TWO}


def test_explain_shows_the_answer(server):
    done(server.steerctl("down", "us/a"))
    assert TWO in done(server.steerctl("explain", "www.example.test", "--type", "A", "--client", "193.0.0.1"))
    assert "REFUSED: no zone of ours holds the name" in done(server.steerctl("explain", "www.elsewhere.test"))


def test_an_old_configuration_comes_back(server):
    done(server.steerctl("set-weight", "us/a", "9"))
    done(server.steerctl("rollback", "1"))
    assert "rollback to generation 1" in done(server.steerctl("history"))
    assert server.endpoint("us", "a").get("weight", 1) == 1
    assert server.steerctl("rollback", "99").returncode == REFUSED


def test_a_file_is_applied_or_refused_as_a_whole(server):
    new = world({"www": {"policy": "us"}}, {"us": pool("failover", "127.0.40.1")})
    server.write("new.json", new)
    done(server.steerctl("apply", "-f", str(server.directory / "new.json")))
    assert server.answer("www.example.test") == ["127.0.40.1"]
    new["pools"]["us"]["policy"] = "sideways"
    refused = server.steerctl("apply", "-f", "-", stdin=json.dumps(new))
    assert refused.returncode == REFUSED and "/pools/us/policy" in refused.stderr
    assert server.steerctl("apply", "-f", "-", "--if-generation", "1", stdin="{}").returncode == REFUSED
    assert server.answer("www.example.test") == ["127.0.40.1"]


def test_changed_files_are_imported(server):
    server.write("steering.json", world({"www": {"policy": "us"}}, {"us": pool("failover", "127.0.40.1")}))
    done(server.steerctl("reload"))
    assert server.answer("www.example.test") == ["127.0.40.1"]


def test_a_configuration_is_checked(server):
    assert server.steerctl("check-config", str(server.directory / "steerd.json")).returncode == DONE
    server.write("steering.json", {"pools": {"us": {"policy": "sideways"}}})
    assert server.steerctl("check-config", str(server.directory / "steerd.json")).returncode == REFUSED


def test_a_dry_run_shows_what_would_change(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1", "192.0.2.2"), "eu": pool("weighted", "192.0.2.3")}))
    said = done(daemon.steerctl("set-weight", "us/a", "9", "--dry-run"))
    assert said == "change pool us\n  /endpoints/a/weight: nothing becomes 9\nit would be accepted; nothing was changed\n"
    daemon.set_weight("us", "a", 5)
    said = done(daemon.steerctl("rollback", "1", "--dry-run"))
    assert said == "change pool us\n  /endpoints/a/weight: 5 becomes nothing\nit would be accepted; nothing was changed\n"
    assert done(daemon.steerctl("delete", "pools/eu", "--dry-run")) == "delete pool eu\nit would be accepted; nothing was changed\n"
    assert daemon.generation() == 2
