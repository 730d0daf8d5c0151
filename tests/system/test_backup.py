# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup is taken while people write, and another server answers from it."""
import subprocess
import threading

import pytest

from harness import START_S, Daemon, world

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
