# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes by the unix socket is known by the kernel's word."""
import grp
import json
import os
import pwd
import subprocess

import pytest

from harness import STEERCTL, pool, wait_until, world

IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
GROUP = grp.getgrgid(NOBODY.pw_gid).gr_name
ENDPOINT = "/v1/pools/us/endpoints/a"
STEERING = world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1", "192.0.2.2")})


def start(daemon, **api):
    daemon.node["api"]["listen"].append("unix:" + socket_of(daemon))
    daemon.node["api"].update(api)
    return daemon.start(STEERING)


def socket_of(daemon):
    return str(daemon.directory / "api.sock")


def ask(daemon, path, *more, user=None):
    """As curl sees it: status and body."""
    def become():
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    said = subprocess.run(["curl", "-s", "--unix-socket", socket_of(daemon), "-w", "\n%{http_code}", *more, "http://x" + path],
                          capture_output=True, text=True, timeout=30, preexec_fn=become if user else None)
    body, _, status = said.stdout.rpartition("\n")
    return int(status), body


def test_who_runs_the_server_needs_no_token_on_its_socket(daemon):
    start(daemon)
    try:
        me = "user:" + pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # in a container one may be a mere number
        me = "user:%d" % os.geteuid()
    status, body = ask(daemon, "/v1/whoami")
    assert status == 200 and json.loads(body) == {"name": me, "role": "admin", "how": "socket", "scope": None}
    assert ask(daemon, ENDPOINT, "-X", "PATCH", "-d", '{"weight": 4}')[0] == 200
    assert daemon.api("GET", "/v1/generations").json["items"][0]["author"] == me
    entry = daemon.api("GET", "/v1/audit").json["items"][0]
    assert (entry["who"], entry["how"], entry["from"]) == (me, "socket", "unix uid %d" % os.geteuid())


def test_a_wrong_token_is_not_made_good_by_the_socket(daemon):
    start(daemon)
    assert ask(daemon, "/v1/whoami", "-H", "Authorization: Bearer nonsense")[0] == 401
    assert json.loads(ask(daemon, "/v1/whoami", "-H", "Authorization: Bearer " + daemon.token)[1])["how"] == "bootstrap"


def test_steerctl_works_on_the_socket_without_a_token(daemon):
    start(daemon)
    environment = {"STEERD_URL": "unix:" + socket_of(daemon), "HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    said = subprocess.run([STEERCTL, "status"], capture_output=True, text=True, env=environment, timeout=30)
    assert said.returncode == 0, said.stderr


def test_nobody_is_known_where_the_configuration_says_so(daemon):
    start(daemon, peers={})
    assert ask(daemon, "/v1/whoami")[0] == 401
    assert ask(daemon, "/healthz")[0] == 200


def test_an_unknown_user_is_an_error_that_says_where(daemon):
    daemon.node["api"]["peers"] = {"user:no-such-user": "viewer", "alice": "admin", "user:root": "king"}
    daemon.configure(STEERING)
    said = daemon.check()
    assert said.returncode == 1
    for pointer in ("/api/peers/user:no-such-user", "/api/peers/alice", "/api/peers/user:root"):
        assert pointer in said.stderr


@pytest.mark.skipif(not IS_ROOT, reason="only root can be somebody else")
@pytest.mark.parametrize("grants,role", [
    ({"user:nobody": "viewer"}, "viewer"), ({"group:" + GROUP: "operator"}, "operator"),
    ({"group:" + GROUP: "admin", "user:nobody": "viewer"}, "viewer"), ({"user:root": "admin"}, None), (None, None),
], ids=["by user", "by group", "the user's own row counts", "others", "by default"])
def test_users_and_groups_have_roles(daemon, grants, role):
    daemon.node["user"] = "root"  # or nobody would be the daemon's own user
    start(daemon, unix_group=GROUP, **({} if grants is None else {"peers": grants}))
    status, body = ask(daemon, "/v1/whoami", user=NOBODY)
    if role is None:
        assert status == 401
        return
    assert json.loads(body) == {"name": "user:nobody", "role": role, "how": "socket", "scope": None}
    assert ask(daemon, ENDPOINT, "-X", "PATCH", "-d", '{"weight": 4}', user=NOBODY)[0] == 403
    wait_until(lambda: daemon.api("GET", "/v1/audit").json["items"], 10, "the refusal is written down")
    assert daemon.api("GET", "/v1/audit").json["items"][0]["who"] == "user:nobody"
