# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup is taken while people write, and another server answers from it."""
import base64
import hashlib
import http.client
import socket
import subprocess
import threading

import pytest

from harness import START_S, Daemon, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def steering():
    return world({"www": {"policy": "us"}}, {"us": {"policy": "failover", "endpoints": {
        "a": {"ipv4": ONE}, "b": {"ipv4": TWO}}}})


def copy(daemon, option, path):
    return subprocess.run(daemon.arguments(option, str(path)), capture_output=True, text=True, timeout=START_S)


@pytest.fixture
def other():
    other = Daemon()
    yield other
    other.finish()


def test_a_backup_under_writes_answers_elsewhere_as_it_did(daemon, other):
    daemon.start(steering())
    assert daemon.api("PUT", "/v1/pools/us/endpoints/a/override", {"state": "drain", "reason": "old"}).status == 200
    is_over, first, last = threading.Event(), 1, 1

    def write():
        nonlocal last
        while not is_over.is_set():
            daemon.set_weight("us", "b", last + 1)
            last += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while last < 5:
            pass
        first = last
        backup = daemon.directory / "backup.db"
        made = copy(daemon, "--backup", backup)
        after = last
    finally:
        is_over.set()
        writer.join()
    assert (made.returncode, made.stderr) == (0, "")
    assert backup.stat().st_mode & 0o777 == 0o600 and not list(daemon.directory.glob("backup.db?*"))
    other.node.pop("steering")  # all comes from the backup
    other.write("steerd.json", other.node)
    restored = copy(other, "--restore", backup)
    assert (restored.returncode, restored.stderr) == (0, "")
    other.start()
    assert first <= other.endpoint("us", "b")["weight"] == other.generation() <= after + 1
    assert other.endpoint("us", "a")["override"]["reason"] == "old"
    assert other.answer("www.example.test") == daemon.answer("www.example.test") == [TWO]
    assert other.api("GET", "/v1/generations/1").json == daemon.api("GET", "/v1/generations/1").json
    other.set_weight("us", "b", 60000)


def test_nothing_that_is_there_is_overwritten(daemon, other):
    daemon.start(steering())
    backup = daemon.directory / "backup.db"
    assert copy(daemon, "--backup", backup).returncode == 0
    for option in ("--backup", "--restore"):
        refused = copy(daemon, option, backup)
        assert refused.returncode == 1 and ("already" in refused.stderr or "works here" in refused.stderr)
    daemon.stop()
    refused = copy(daemon, "--restore", backup)
    assert refused.returncode == 1 and "steerd.db: it is there already" in refused.stderr
    daemon.start()
    assert daemon.generation() == 1


@pytest.mark.parametrize("damage", ["cut", "garbage", "foreign", "empty", "missing"])
def test_a_bad_backup_is_refused_and_leaves_no_database(daemon, other, damage):
    daemon.start(steering())
    backup = daemon.directory / "backup.db"
    assert copy(daemon, "--backup", backup).returncode == 0
    content = backup.read_bytes()
    if damage == "missing":
        backup.unlink()
    elif damage == "foreign":
        backup.write_bytes(b"SQLite format 4".ljust(8192, b"\0"))
    else:
        backup.write_bytes({"cut": content[:len(content) // 2], "empty": b"",
                            "garbage": content[:8192] + b"\xa5" * 4096 + content[12288:]}[damage])
    other.configure(steering())
    refused = copy(other, "--restore", backup)
    assert refused.returncode == 1 and "backup.db" in refused.stderr, refused.stderr
    assert not list((other.directory / "state").glob("*"))


# ---- through the API


def download(daemon, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.api_port, timeout=START_S)
    connection.request("GET", "/v1/backup", headers={"Authorization": "Bearer " + (token or daemon.token)})
    reply = connection.getresponse()
    return reply, reply.read()


@pytest.mark.parametrize("how", ["http", "unix"])
def test_one_command_backs_a_server_up_that_goes_on(daemon, other, how):
    listen = ["127.0.0.1:%d" % daemon.api_port, "unix:%s/api.sock" % daemon.directory]
    daemon.start(steering(), api={"listen": listen})
    daemon.set_weight("us", "b", 7)
    daemon.api("PUT", "/v1/pools/us/endpoints/a/override", {"state": "drain", "reason": "old"})
    file = daemon.directory / "copy.db"
    url = [] if how == "http" else ["--url", listen[1]]
    made = daemon.steerctl("backup", str(file), *url)
    assert made.returncode == 0, made.stderr
    assert file.stat().st_mode & 0o777 == 0o600 and not list(daemon.directory.glob("copy.db?*"))
    assert "%d bytes" % file.stat().st_size in made.stdout
    assert base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode() in made.stdout
    again = daemon.steerctl("backup", str(file), *url)
    assert again.returncode == 1 and "already" in again.stderr
    daemon.set_weight("us", "b", 8)
    other.node.pop("steering")
    other.write("steerd.json", other.node)
    assert copy(other, "--restore", file).returncode == 0
    other.start()
    assert other.endpoint("us", "b")["weight"] == 7 and other.answer("www.example.test") == [TWO]


def test_a_backup_names_its_digest_leaves_nothing_behind_and_is_written_down(daemon):
    daemon.start(steering())
    reply, body = download(daemon)
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/vnd.sqlite3"
    assert reply.headers["Repr-Digest"] == "sha-256=:%s:" % base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert int(reply.headers["Content-Length"]) == len(body) and body.startswith(b"SQLite format 3")
    assert not list((daemon.directory / "state").glob("backup*"))
    wait_until(lambda: any(one["target"] == "/v1/backup" and one["status"] == 200 for one in
                           daemon.api("GET", "/v1/audit").json["items"]), 10, "the audit")


def test_a_backup_is_for_admins_of_everything(daemon):
    daemon.start(steering())
    for number, order in enumerate(({"role": "viewer"}, {"role": "operator"}, {"role": "admin", "pools": ["us"]})):
        token = daemon.api("POST", "/v1/tokens", {"name": "t%d" % number, **order}).json["token"]
        reply, body = download(daemon, token)
        assert reply.status == 403 and b"SQLite" not in body


def test_many_who_want_a_backup_at_once_all_get_one_while_people_write(daemon):
    daemon.start(steering())
    bodies, is_over = [], threading.Event()

    def write():
        weight = 1
        while not is_over.is_set():
            weight = weight % 1000 + 1
            daemon.set_weight("us", "b", weight)

    writer = threading.Thread(target=write)
    readers = [threading.Thread(target=lambda: bodies.append(download(daemon))) for _ in range(6)]
    writer.start()
    try:
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    finally:
        is_over.set()
        writer.join()
    assert len(bodies) == 6
    for reply, body in bodies:
        assert reply.status == 200 and reply.headers["Repr-Digest"][9:-1] == base64.b64encode(hashlib.sha256(body).digest()).decode()


def test_who_leaves_before_the_backup_is_made_costs_nothing(daemon):
    daemon.start(steering())
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", daemon.api_port)) as gone:
            gone.sendall(b"GET /v1/backup HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % daemon.token.encode())
    assert download(daemon)[0].status == 200
    daemon.stop()  # and none is left open, which the sanitizer would tell
    assert not list((daemon.directory / "state").glob("backup*"))


def test_without_room_for_the_copy_it_is_refused_and_everything_goes_on(daemon):
    daemon.start(steering(), file_size_most=200_000)
    weight = 1
    while daemon.api("PATCH", "/v1/pools/us/endpoints/b?comment=" + "x" * 900, {"weight": weight}).status == 200:
        weight += 1
    reply, body = download(daemon)
    if reply.status != 200:
        assert reply.status == 503 and b"backup.copy" in body, body
    assert daemon.answer("www.example.test") and not list((daemon.directory / "state").glob("backup*"))


def test_a_file_that_did_not_come_whole_is_not_kept(daemon, tmp_path):
    """A server that says one thing and sends another."""
    daemon.start(steering())
    with socket.create_server(("127.0.0.1", 0)) as liar:
        def lie(reply):
            connection, _ = liar.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply)
        good = base64.b64encode(hashlib.sha256(b"whole").digest()).decode()
        head = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n"
        for reply in ((head % (5, "Repr-Digest: sha-256=:%s:\r\n" % good)).encode() + b"whale",
                      (head % (5, "")).encode() + b"whole", (head % (9, "Repr-Digest: sha-256=:%s:\r\n" % good)).encode() + b"whole",
                      b"HTTP/1.1 200 OK\r\nRepr-Digest: " + b"sha-256=:" * 3000 + b"\r\n\r\nwhole", b"\0\0\0"):
            thread = threading.Thread(target=lie, args=(reply,))
            thread.start()
            said = daemon.steerctl("backup", str(tmp_path / "copy"), "--url", "http://127.0.0.1:%d" % liar.getsockname()[1])
            thread.join()
            assert said.returncode != 0 and said.stderr and list(tmp_path.iterdir()) == [], (reply[:80], said.stderr)
