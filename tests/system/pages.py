# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the manual whose commands are run: ```console blocks, where "$ " stands before a command."""
import os
import pathlib
import re
import subprocess
import time

from harness import STEERCTL

DOCS = pathlib.Path(__file__).parents[2] / "docs"


def run(server, command):
    directory = server.directory / "bin"
    directory.mkdir(exist_ok=True)
    if not (directory / "steerctl").exists():
        (directory / "steerctl").symlink_to(pathlib.Path(STEERCTL).resolve())
    env = dict(os.environ, PATH="%s:%s" % (directory, os.environ["PATH"]), STEERCTL_CONFIG="/dev/null",
               STEERD_URL="http://127.0.0.1:%d" % server.api_port, STEERD_TOKEN=server.token)
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=env, timeout=120)


def pattern_of(line):
    """What the page shows of a line: runs of blanks are alike, and "…" is whatever it was that night."""
    words = [re.escape(word).replace("…", ".*") for word in line.split()]
    return re.compile(r"\s*" + r"\s+".join(words) + r"\s*$")


def shows(output, lines):
    """True if the lines stand in the output, in their order; the page leaves others out."""
    rest = iter(output.splitlines())
    return all(any(pattern_of(line).match(said) for said in rest) for line in lines)


def commands_of(block):
    """[command, line of output, …] of each command in the block."""
    return [part.splitlines() for part in re.split(r"^\$ ", block, flags=re.M)[1:]]


LOOKS = re.compile(r"steerctl (top|explain|endpoints|status|events|history)\b")


def check(server, block):
    """A command that only looks is repeated until the page is right: things take their time."""
    command, *lines = block
    deadline = time.monotonic() + (30 if LOOKS.match(command) else 0)
    while True:
        result = run(server, command)
        assert result.returncode == 0, (command, result.stdout, result.stderr)
        if shows(result.stdout, lines):
            return
        assert time.monotonic() < deadline, "\n".join(["the page:", command, *lines, "the truth:", result.stdout])
