# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is read-only, or becomes so, or is full: a file system of its own, in a namespace that nobody else sees."""
import contextlib
import os
import pathlib
import sqlite3
import subprocess

import pytest

from harness import START_S, STEERD, pool, wait_until, world

UNSHARE = ["unshare", "--mount"]
ONE, TWO = "127.0.10.1", "127.0.20.1"


def may_mount():
    return os.geteuid() == 0 and subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(daemon):
    """The daemon runs on a file system of its own; `before` are commands that prepare it."""
    if not may_mount():
        pytest.skip("needs root with the right to mount")  # an ordinary user's namespace has nobody for root to become

    daemon.state = lambda: pathlib.Path("/proc/%d/root%s/state" % (daemon.process.pid, daemon.directory))  # as it sees it

    class Disk:
        state = daemon.directory / "state"

        def prepare(self, size="16m", before=""):
            script = 'mount -t tmpfs -o mode=0777,size=%s none "$0"; %s; exec "$@"' % (size, before or ":")
            self.state.mkdir(exist_ok=True)
            daemon.arguments = lambda *more: [*UNSHARE, "sh", "-ec", script, str(self.state), STEERD, "-c",
                                              str(daemon.directory / "steerd.json"), *more]

        def run(self, *command):
            subprocess.run(["nsenter", "--target", str(daemon.process.pid), "--mount", *command], check=True, timeout=30)
    return Disk()


def steering():
    return world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)})


def writes(daemon):
    """One of each kind that the store takes: a generation, an override, a token, and one that only goes to the audit."""
    return {"change": daemon.api("PATCH", "/v1/pools/us/endpoints/a", {"weight": 7}),
            "override": daemon.api("PUT", "/v1/pools/us/endpoints/b/override", {"state": "drain"}),
            "token": daemon.api("POST", "/v1/tokens", {"name": "ci", "role": "viewer"}),
            "batch": daemon.api("POST", "/v1/batch", {"items": [{"method": "PATCH", "path": "/v1/pools/us", "body": {"answers": 1}}]}),
            "rollback": daemon.api("POST", "/v1/generations/1/rollback"),
            "backup": daemon.api("GET", "/v1/backup")}


# What a kernel does that finds its disk ill: the file system becomes read-only under those who write (errors=remount-ro).
# mount(8) cannot: it refuses while somebody writes.  Or it waits for a disk that does not answer.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static int is_read_only(void)
{
    int code = errno, is_so = access(getenv("READ_ONLY"), F_OK) == 0;
    errno = is_so ? EROFS : code;
    return is_so;
}
static int reach_disk(const char *name, int fd)
{
    int (*next)(int) = dlsym(RTLD_NEXT, name);
    while (access(getenv("HANGS"), F_OK) == 0)
        usleep(5000);
    return next(fd);
}
int fdatasync(int fd)
{
    return reach_disk("fdatasync", fd);
}
int fsync(int fd)
{
    return reach_disk("fsync", fd);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    ssize_t (*next)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    return is_read_only() ? -1 : next(fd, bytes, size, at);
}
int ftruncate64(int fd, off64_t size)
{
    int (*next)(int, off64_t) = dlsym(RTLD_NEXT, "ftruncate64");
    return is_read_only() ? -1 : next(fd, size);
}
static int opened(const char *name, const char *path, int flags, va_list args)
{
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    int mode = (flags & O_CREAT) != 0 ? va_arg(args, int) : 0;
    return (flags & O_CREAT) != 0 && is_read_only() ? -1 : next(path, flags, mode);
}
int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = opened("open64", path, flags, args);
    va_end(args);
    return fd;
}
int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = opened("open", path, flags, args);
    va_end(args);
    return fd;
}
"""


@pytest.fixture
def preloaded(daemon, tmp_path):
    """Two files: while the first is there the disk is read-only, while the second is, it does not answer."""
    tmp_path.chmod(0o755)
    (tmp_path / "shim.c").write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(tmp_path / "shim.so"), str(tmp_path / "shim.c"), "-ldl"], check=True)
    flags = daemon.directory / "read-only", daemon.directory / "hangs"
    daemon.arguments = lambda *more: ["env", "LD_PRELOAD=" + str(tmp_path / "shim.so"), "READ_ONLY=%s" % flags[0], "HANGS=%s" % flags[1],
                                      "ASAN_OPTIONS=verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""), STEERD, "-c",
                                      str(daemon.directory / "steerd.json"), *more]
    return flags


@pytest.fixture
def ill_disk(preloaded):
    return preloaded[0]


@pytest.fixture
def hanging_disk(preloaded):
    yield preloaded[1]
    preloaded[1].unlink(missing_ok=True)  # whoever waits for it cannot stop


def test_when_the_disk_becomes_read_only_writes_are_refused_dns_goes_on_and_it_recovers(daemon, ill_disk):
    daemon.start(steering())
    daemon.set_weight("us", "a", 3)
    ill_disk.touch()
    refused = writes(daemon)
    for name, reply in refused.items():
        assert reply.status == 503, (name, reply.status, reply.text)
        assert "state/" in reply.json["detail"] and "Read-only file system" in reply.json["detail"], (name, reply.text)
        assert int(reply.headers["Retry-After"]) > 0
    assert daemon.answer("www.example.test") and daemon.generation() == 2
    assert daemon.endpoint("us", "a")["weight"] == 3 and daemon.endpoint("us", "b")["override"] is None
    assert daemon.api("GET", "/v1/generations").status == daemon.api("GET", "/v1/events").status == 200
    ill_disk.unlink()
    wait_until(lambda: daemon.api("PATCH", "/v1/pools/us/endpoints/a", {"weight": 9}).status == 200, 20, "writes again")
    assert daemon.endpoint("us", "a")["weight"] == 9 and daemon.generation() == 3
    assert daemon.api("POST", "/v1/tokens", {"name": "ci", "role": "viewer"}).status == 200
    assert daemon.api("GET", "/v1/backup").status == 200


def test_while_the_disk_hangs_verdicts_count_and_the_last_one_is_there_after_a_crash(daemon, hanging_disk):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("round_robin", ONE, TWO, check="beat")},
                       checks={"beat": {"type": "push", "ttl": "1h", "rise": 1, "fall": 1}}))

    def report(endpoint, status):
        reply = daemon.api("POST", "/v1/checks/beat/report", {"endpoint": "us/" + endpoint, "status": status})
        assert reply.status == 200, reply.text

    def stored():
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % (daemon.state() / "steerd.db"), uri=True)) as database:
            return dict(database.execute("SELECT endpoint, verdict FROM verdicts"))

    for endpoint in "ab":
        report(endpoint, "up")
        daemon.becomes("us", endpoint, "up")
    hanging_disk.touch()
    for _ in range(150):
        report("a", "down")
        report("b", "down")
        report("b", "up")
        report("a", "up")
    report("a", "down")
    daemon.answers_within(10, "www.example.test", "A", [TWO])
    hanging_disk.unlink()
    wait_until(lambda: stored() == {"us/a": "down", "us/b": "up"}, 20, "the disk is told")
    daemon.kill()
    daemon.start()
    assert daemon.answer("www.example.test") == [TWO]


@pytest.mark.parametrize("before", [":", "cp -a {seed}/. \"$0\""])
def test_a_start_on_a_read_only_disk_is_refused_and_says_why(daemon, disk, before):
    """Whether it has a database or not."""
    daemon.start(steering())
    daemon.stop()
    seed = daemon.directory / "seed"
    disk.state.rename(seed)
    disk.prepare(before=before.format(seed=seed) + "; mount -o remount,ro \"$0\"")
    daemon.launch()
    code = daemon.process.wait(START_S)
    daemon.process = None
    last = daemon.log.splitlines()[-1]
    assert code == 1 and str(disk.state) in last and "read-only" in last.lower(), daemon.log


def test_a_disk_that_fills_up_refuses_writes_and_takes_them_when_there_is_room(daemon, disk):
    disk.prepare(size="2m")
    daemon.start(steering())
    daemon.set_weight("us", "a", 3)
    disk.run("sh", "-c", "dd if=/dev/zero of=%s/ballast bs=4k 2>/dev/null || true" % disk.state)
    weight = 10
    while (reply := daemon.api("PATCH", "/v1/pools/us/endpoints/a?comment=" + "x" * 900, {"weight": weight})).status == 200:
        weight += 1
        assert weight < 2000  # what the log had room for already
    assert reply.status == 503 and "full" in reply.json["detail"] and daemon.answer("www.example.test")
    assert daemon.api("GET", "/v1/backup").status == 503
    held = daemon.generation()
    disk.run("rm", str(disk.state / "ballast"))
    wait_until(lambda: daemon.api("PATCH", "/v1/pools/us/endpoints/a", {"weight": 5000}).status == 200, 20, "writes again")
    assert daemon.generation() == held + 1


def test_a_first_start_on_a_full_disk_says_so(daemon, disk):
    disk.prepare(size="16k", before="chown $(id -un steerd 2>/dev/null || echo nobody) \"$0\"; "
                                    "dd if=/dev/zero of=\"$0\"/ballast bs=4k 2>/dev/null || true")
    daemon.configure(steering())
    daemon.launch()
    code = daemon.process.wait(START_S)
    daemon.process = None
    assert code == 1 and str(disk.state) in daemon.log and ("full" in daemon.log or "No space left" in daemon.log), daemon.log
