# SPDX-License-Identifier: GPL-3.0-or-later
"""A new steerd takes the place of the one that runs; nobody who asks notices."""
import json
import pathlib
import signal
import subprocess

import pytest

from harness import IS_LONG, START_S, pool, wait_until, world

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
ONE, TWO = "127.0.10.1", "127.0.20.1"
RATE = 20000 if IS_LONG else 2000  # the sanitized daemon and its tests share two cores


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    program = tmp_path_factory.mktemp("load") / "load"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", str(BENCH / "load.c"), "-o", str(program)], check=True)
    return program


@pytest.fixture
def server(daemon):
    return daemon.start(world({"www": {"policy": "web"}}, {"web": pool("weighted", ONE, TWO)}))


def successor(server):
    """Another process with the same files."""
    with open(server.log_path, "ab") as log:
        return subprocess.Popen(server.arguments(), stdout=log, stderr=log)


def succeed(server):
    """Starts a successor and waits until the one before it has ended."""
    after = successor(server)
    assert server.process.wait(START_S) == 0, server.log
    server.process = after
    wait_until(server.is_ready, START_S, "the successor")


def test_no_query_is_lost_while_another_process_takes_over(server, load, tmp_path):
    questions = tmp_path / "questions"
    questions.write_text("www.example.test 1\nwww.example.test 28\nnothing.example.test 1\n")
    asking = subprocess.Popen([str(load), "--port", str(server.dns_port), "--queries", str(questions), "--seconds", "8",
                               "--rate", str(RATE), "--any-rcode"], stdout=subprocess.PIPE, text=True)
    succeed(server)
    succeed(server)
    result = json.loads(asking.communicate(timeout=60)[0])
    assert result["sent"] > RATE and result["lost"] == 0 and result["wrong_question"] == 0, result


def test_what_was_written_before_is_there_after(server):
    server.set_weight("web", "a", 7)
    server.api("PUT", "/v1/pools/web/endpoints/b/override", {"state": "drain", "reason": "new kernel"})
    generation = server.generation()
    succeed(server)
    assert server.generation() == generation
    assert server.endpoint("web", "a")["weight"] == 7
    assert server.endpoint("web", "b")["override"]["reason"] == "new kernel"
    assert server.answer("www.example.test") == [ONE]
    server.set_weight("web", "a", 8)


def test_one_that_cannot_read_its_configuration_leaves_the_other_alone(server):
    before = server.generation()
    server.write("steering.json", {"pools": {"web": {"policy": "nonsense", "endpoints": {"a": {"ipv4": "127.0.10.1"}}}}})
    after = successor(server)
    assert after.wait(START_S) == 1
    assert "nonsense" in server.log
    server.set_weight("web", "a", 5)
    assert server.generation() == before + 1
    assert "takes over" not in server.log


def test_one_that_dies_half_way_gives_the_place_back(server):
    """It is killed as soon as the old one has closed its store, before it serves."""
    import socket
    import array
    server.set_weight("web", "a", 3)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asker:
        asker.connect(str(server.directory / "state" / "takeover.sock"))
        asker.send(b"a" + str(server.directory / "steerd.json").encode())
        word, ancillary, _, _ = asker.recvmsg(1, 4096)
        assert word == b"s" and len(array.array("i", ancillary[0][2])) >= 2
        assert server.answer("www.example.test") in ([ONE], [TWO])  # answers go on meanwhile
    wait_until(lambda: "going on" in server.log and server.is_ready(), START_S, "the API to be back")
    server.set_weight("web", "a", 4)
    assert server.endpoint("web", "a")["weight"] == 4
    succeed(server)
    assert server.endpoint("web", "a")["weight"] == 4


def test_who_only_looks_disturbs_nobody(server):
    import socket
    for _ in range(3):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as looker:
            looker.connect(str(server.directory / "state" / "takeover.sock"))
            looker.send(b"?")
    server.set_weight("web", "a", 9)
    assert "takes over" not in server.log


def test_a_steerd_of_another_configuration_does_not_get_the_place(server):
    """Its state_dir is a mistake: the one that runs shall not be stopped for it."""
    server.write("other.json", dict(server.node, listen=["127.0.0.2:%d" % server.dns_port]))
    other = subprocess.run([server.arguments()[0], "-c", str(server.directory / "other.json")], capture_output=True, text=True,
                           timeout=START_S)
    assert other.returncode == 1 and "another steerd works here" in other.stderr
    server.set_weight("web", "a", 6)
    assert "takes over" not in server.log and "other.json" in server.log


def test_the_number_of_workers_may_change(server):
    for workers in (3, 1):
        server.configure(json.loads((server.directory / "steering.json").read_text()), workers=workers)
        succeed(server)
        assert server.api("GET", "/v1/status").json["workers"] == workers
        for _ in range(20):
            assert server.answer("www.example.test") in ([ONE], [TWO])


def test_after_a_kill_the_next_one_starts_as_usual(server):
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.process = None
    server.start()
    assert server.answer("www.example.test") in ([ONE], [TWO])


def test_sockets_that_the_service_manager_holds_keep_queries_over_a_restart(server, load, tmp_path):
    import os
    import socket
    questions = tmp_path / "questions"
    questions.write_text("www.example.test 1\n")
    server.stop()
    udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
    with udp, tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp.bind(("127.0.0.1", server.dns_port))
        tcp.bind(("127.0.0.1", server.dns_port))
        tcp.listen()

        def passed():
            os.dup2(udp.fileno(), 3)
            os.dup2(tcp.fileno(), 4)

        def start():
            with open(server.log_path, "ab") as log:
                server.process = subprocess.Popen(["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" "$@"', *server.arguments()],
                                                  stdout=log, stderr=log, close_fds=False, preexec_fn=passed)
            wait_until(server.is_ready, START_S, "ready\n" + server.log)
        start()
        asking = subprocess.Popen([str(load), "--port", str(server.dns_port), "--queries", str(questions), "--seconds", "6",
                                   "--rate", "300"], stdout=subprocess.PIPE, text=True)
        server.stop()
        start()
        result = json.loads(asking.communicate(timeout=60)[0])
        assert result["sent"] > 300 and result["lost"] == 0 and result["wrong_question"] == 0, result
        assert server.query("www.example.test", tcp=True).answer
