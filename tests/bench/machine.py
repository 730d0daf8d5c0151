# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes and the machine used: the clocks and counters of Linux, for benches."""
import contextlib
import os
import pathlib
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and all below it."""
    found = [pid]
    for one in found:
        for task in pathlib.Path("/proc/%d/task" % one).glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                pass
    return found


class Used:
    """Seconds on a CPU: in all by the scheduler's exact clock, user and system by its ticks."""

    def __init__(self, total=0.0, user=0.0, system=0.0):
        self.total, self.user, self.system = total, user, system

    @classmethod
    def by(cls, pids):
        used = cls()
        for pid in pids:
            try:
                used.total += time.clock_gettime_ns((~pid) << 3 | 2) / 1e9
                fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            used.user += int(fields[11]) / TICKS
            used.system += int(fields[12]) / TICKS
        return used

    def since(self, earlier):
        """The exact total, split in the proportion of the ticks."""
        total = self.total - earlier.total
        user, system = self.user - earlier.user, self.system - earlier.system
        share = user / (user + system) if user + system > 0 else 0
        return Used(total, total * share, total * (1 - share))


def busy_s():
    """Seconds that all CPUs were not idle since boot."""
    fields = [int(field) for field in open("/proc/stat").readline().split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / TICKS


def memory_mib(pids):
    """Memory of the processes together, shared pages counted once."""
    total = 0
    for pid in pids:
        try:
            for line in open("/proc/%d/smaps_rollup" % pid):
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total / 1024


def two_cpus(unpinned=False):
    """A CPU for the server and one for its client; None for both where they are to share what there is."""
    cpus = sorted(os.sched_getaffinity(0))
    return (None, None) if unpinned or len(cpus) < 2 else tuple(cpus[:2])


def pin(cpu):
    """What stands in front of a command that is to stay on that CPU."""
    return ["taskset", "-c", str(cpu)] if cpu is not None else []


def on_time():
    """What stands in front of a command that must not wait for a CPU; nothing where that is not allowed."""
    command = ["chrt", "-f", "1"]
    return command if subprocess.run(command + ["true"], capture_output=True, check=False).returncode == 0 else []


def last_cpu():
    """The highest one that this process may run on."""
    return max(os.sched_getaffinity(0))


def rank(is_realtime):
    """What to put in front of a command that shall go before those of others."""
    if os.geteuid() != 0:
        return []
    return ["chrt", "-f", "1"] if is_realtime else ["nice", "-n", "-19"]


@contextlib.contextmanager
def going_first():
    """As root this session goes before those of others: niceness counts among processes of one session only."""
    group = pathlib.Path("/proc/self/autogroup")
    words = group.read_text().split() if os.geteuid() == 0 and group.exists() else []
    before = words[-1] if words else None  # no word: a process of no session's group

    def rank(nice):
        with contextlib.suppress(OSError):  # a container's root may lack the right
            group.write_text(nice)
    try:
        if before is not None:
            rank("-19")
        yield
    finally:
        if before is not None:
            rank(before)
