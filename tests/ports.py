# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports for the servers that tests and benches start: beside those of clients, and each block of them one process's."""
import functools
import itertools
import pathlib
import random
import socket

CLIENTS = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")  # what the kernel gives to outgoing connections
LOWEST, HIGHEST, BLOCK = 10000, 65535, 500


def blocks():
    """First ports of blocks that no outgoing connection can take, or of all blocks if those are too few."""
    try:
        first, last = [int(word) for word in CLIENTS.read_text().split()]
    except (OSError, ValueError):  # some containers do not show it
        first, last = 32768, 60999
    every = range(LOWEST, HIGHEST - BLOCK, BLOCK)
    beside = [low for low in every if low + BLOCK <= first or low > last]
    return beside if len(beside) >= 10 else list(every)


@functools.cache
def own_block():
    """The ports of this process, in turn without end, and what keeps others off while it lives."""
    choice = blocks()
    random.shuffle(choice)
    for low in choice:
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # a name in the abstract namespace ends with its socket
        try:
            name.bind("\0steerd-test-ports-%d" % low)
        except OSError:
            name.close()
            continue
        return itertools.cycle(range(low, low + BLOCK)), name
    raise RuntimeError("every block of ports belongs to another test")


def is_free(port):
    """On every address, for UDP and TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("", port))
            udp.bind(("", port))
            return True
        except OSError:
            return False


def free_port():
    for port in itertools.islice(own_block()[0], BLOCK):
        if is_free(port):
            return port
    raise RuntimeError("no port of this process is free")
