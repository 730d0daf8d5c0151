# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator may ask for the workers: CPUs, spinning, buffers, busy polling; and what starvation shows."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

from harness import pool, wait_until, world

CPUS = sorted(os.sched_getaffinity(0))[:4]  # however many there are
LEAST = 4096  # bytes of a buffer


def steering():
    return world({"www": {"policy": "web"}}, {"web": pool("round_robin", "127.0.10.1")})


def threads(daemon, name):
    """The directories of the threads whose name starts so."""
    tasks = pathlib.Path("/proc/%d/task" % daemon.process.pid).iterdir()
    return {(task / "comm").read_text().strip(): task for task in tasks if (task / "comm").read_text().startswith(name)}


def allowed(task):
    return re.search(r"^Cpus_allowed_list:\s*(\S+)$", (task / "status").read_text(), re.M).group(1)


def cpu_ticks(task):
    fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def buffers(daemon):
    """(receive, send) of each UDP socket, as the kernel counts: twice of what was asked for."""
    listing = subprocess.run(["ss", "-Huanm", "sport = :%d" % daemon.dns_port], capture_output=True, text=True, check=True).stdout
    return {(int(receive), int(send)) for receive, send in re.findall(r"rb(\d+),t\d+,tb(\d+)", listing)}


def metric(daemon, name):
    return int(re.search(r"^%s (\d+)$" % re.escape(name), daemon.api("GET", "/metrics", token=None).text, re.M).group(1))


def answers(daemon):
    return all(daemon.query("www.example.test", tcp=tcp).answer for tcp in (False, True))


def niceness(task):
    return int((task / "stat").read_text().rsplit(")", 1)[1].split()[16])


def test_who_answers_goes_first_and_who_serves_the_api_last(daemon):
    daemon.start(steering())
    assert answers(daemon)
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    assert daemon.api("GET", "/v1/status").status == 200  # the API's thread gives way with its first connection
    found = {name.split("/")[0]: niceness(task) for name, task in threads(daemon, "").items()}
    assert {found[name] for name in ("worker", "control", "checker")} == {usual}
    assert {found[name] for name in ("store", "logger", "MHD-single")} == {min(19, usual + 10)}
    wait_until(lambda: niceness(threads(daemon, "compiler")["compiler"]) == min(19, usual + 10), 20, "the compiler gives way")


def test_each_worker_stays_on_its_cpu_and_nobody_else_does(daemon):
    daemon.node.pop("workers")
    daemon.start(steering(), cpus=CPUS)
    workers = threads(daemon, "worker/")
    assert {name: allowed(task) for name, task in workers.items()} == {"worker/%d" % i: str(cpu) for i, cpu in enumerate(CPUS)}
    everywhere = allowed(pathlib.Path("/proc/self"))
    assert {allowed(task) for name, task in threads(daemon, "").items() if name not in workers} == {everywhere}
    assert answers(daemon)


def test_more_workers_than_cpus_share_them(daemon):
    daemon.start(steering(), cpus=CPUS[:1], workers=3)
    assert [allowed(task) for task in threads(daemon, "worker/").values()] == [str(CPUS[0])] * 3
    assert answers(daemon)


def test_a_cpu_that_is_not_there_is_refused(daemon):
    daemon.configure(steering(), cpus=[1023])
    checked = daemon.check()
    assert checked.returncode == 1
    assert re.search(r"/cpus/0: steerd may run on the CPUs [0-9,-]+ of this machine, got 1023", checked.stderr)


def test_a_spinning_worker_answers_and_sleeps_when_its_time_is_over(daemon):
    daemon.start(steering(), workers=1, spin="200ms")
    worker = threads(daemon, "worker/")["worker/0"]
    assert answers(daemon)
    before = cpu_ticks(worker)

    def has_spun():
        assert answers(daemon)
        return cpu_ticks(worker) >= before + 20
    wait_until(has_spun, 30, "CPU time of a worker that looks again and again")

    looked = [(0, 0)]  # (CPU time, when it was first seen so)

    def sleeps():
        if cpu_ticks(worker) != looked[-1][0]:
            looked.append((cpu_ticks(worker), time.monotonic()))
        return time.monotonic() - looked[-1][1] > 0.5
    wait_until(sleeps, 30, "the worker asleep")
    assert answers(daemon)


def test_without_it_a_worker_without_work_costs_nothing(daemon):
    daemon.start(steering(), workers=1)
    worker = threads(daemon, "worker/")["worker/0"]
    before = cpu_ticks(worker)
    for _ in range(20):
        assert answers(daemon)
    assert cpu_ticks(worker) - before < 20


def test_buffers_are_as_large_as_told(daemon):
    daemon.start(steering(), receive_buffer=100000, send_buffer=50000)
    assert buffers(daemon) == {(200000, 100000)}


def test_a_successor_gives_the_sockets_its_own_sizes(daemon):
    daemon.start(steering(), receive_buffer=100000, send_buffer=50000)
    daemon.configure(steering(), receive_buffer=300000, send_buffer=20000)
    before = daemon.process
    daemon.launch()
    assert before.wait(60) == 0
    wait_until(daemon.is_ready, 60, "the successor")
    assert buffers(daemon) == {(600000, 40000)}


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_what_the_kernel_does_not_grant_is_said_with_its_remedy(daemon):
    """As an ordinary user, with what neither the sysctls nor a capability allow."""
    daemon.directory.chmod(0o777)
    daemon.configure(steering(), receive_buffer=1 << 30, busy_poll="50us")
    with open(daemon.log_path, "ab") as log:
        daemon.process = subprocess.Popen(daemon.arguments(), stdout=log, stderr=log, user=65534, group=65534, extra_groups=[])
    wait_until(daemon.is_ready, 60, "ready")
    assert re.search(r"receive_buffer: the kernel gives \d+ bytes instead of 1073741824: raise the sysctl net.core.rmem_max", daemon.log)
    assert re.search(r"busy_poll: .*CAP_NET_ADMIN", daemon.log)
    assert "send_buffer" not in daemon.log  # nobody asked for it
    assert answers(daemon)


def test_what_starved_workers_lose_is_counted(daemon):
    daemon.start(steering(), workers=1, receive_buffer=LEAST)
    assert metric(daemon, "steerd_dns_receive_dropped_total") == 0
    packet = daemon.message("www.example.test").to_wire()
    before = metric(daemon, 'steerd_dns_requests_total{transport="udp"}')
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for _ in range(1000):
                udp.sendto(packet, ("127.0.0.1", daemon.dns_port))
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    dropped = metric(daemon, "steerd_dns_receive_dropped_total")
    assert dropped > 0
    wait_until(lambda: metric(daemon, 'steerd_dns_requests_total{transport="udp"}') - before + dropped == 1000, 10,
               "all accounted for")
    assert answers(daemon)


def test_a_worker_sleeps_again_when_a_flood_is_over(daemon):
    """While more waits than a turn can answer, nobody asks epoll for the socket."""
    daemon.start(steering(), workers=1)
    packet = daemon.message("www.example.test").to_wire()
    for _ in range(3):
        before = metric(daemon, 'steerd_dns_requests_total{transport="udp"}')
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                for _ in range(4000):  # a turn answers 2048 of them
                    udp.sendto(packet, ("127.0.0.1", daemon.dns_port))
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        assert daemon.query("www.example.test", tcp=True).answer
        wait_until(lambda: metric(daemon, 'steerd_dns_requests_total{transport="udp"}') - before
                   + metric(daemon, "steerd_dns_receive_dropped_total") >= 4000, 30, "all accounted for")
        assert answers(daemon)
    worker = threads(daemon, "worker/")["worker/0"]
    before = cpu_ticks(worker)
    time.sleep(0.5)
    assert cpu_ticks(worker) - before <= 5
