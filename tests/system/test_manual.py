# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pages: they render, name everything there is, and their examples work."""
import json
import os
import pathlib
import re
import subprocess

import pytest

from harness import STEERCTL, STEERD
from test_steerctl import done

PAGES = ("steerd.8", "steerctl.1", "steerd.json.5", "steering.json.5")
MAN = pathlib.Path(STEERD).resolve().parent / "man"


def rendered(page):
    result = subprocess.run(["man", "--warnings", "-l", str(MAN / page)], capture_output=True, text=True, timeout=60,
                            env=dict(os.environ, MANWIDTH="200", LC_ALL="C.UTF-8", MANOPT="", MAN_KEEP_FORMATTING=""))
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return re.sub(r".\x08", "", result.stdout)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_renders_without_a_warning(page):
    assert "SEE ALSO" in rendered(page)
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(MAN / page)], capture_output=True, text=True)
    assert (lint.returncode, lint.stdout) == (0, ""), lint.stdout


def test_steerctl_names_every_command_and_every_option():
    page = rendered("steerctl.1")
    commands = re.findall(r"^  ([a-z][a-z-]*) +\S", subprocess.run([STEERCTL, "help"], capture_output=True, text=True).stdout, re.M)
    assert len(commands) > 25
    for command in commands:
        assert re.search(r"^ +%s\b" % command, page, re.M), command
        shown = subprocess.run([STEERCTL, "help", command], capture_output=True, text=True).stdout
        for option in re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", shown, re.M):
            assert option in page, (command, option)


def test_steerd_names_every_option():
    shown = subprocess.run([STEERD, "--help"], capture_output=True, text=True).stdout
    page = rendered("steerd.8")
    options = re.findall(r"--[a-z-]+", shown)
    assert options and all(option in page for option in options)


def test_every_option_of_the_files_is_explained(daemon):
    """By what the server says when it meets an unknown key: it lists the known ones."""
    daemon.configure({"checks": {"web": {"zzzzzz": 1}}, "pools": {"us": {"zzzzzz": 1}},
                      "zones": {"example.com": {"zzzzzz": 1, "services": {"www": {"zzzzzz": 1}}}}}, zzzzzz=1)
    settings = daemon.check().stderr
    del daemon.node["zzzzzz"]
    daemon.write("steerd.json", daemon.node)
    pages = {"steerd.json.5": settings, "steering.json.5": daemon.check().stderr}
    for page, said in pages.items():
        known = [name for line in re.findall(r"unknown key: .* has (.*)", said) for name in line.split(", ")]
        assert known, said
        text = rendered(page)
        assert [name for name in known if not re.search(r"^ +%s \(" % name, text, re.M)] == []


def example_of(page):
    block = re.search(r"^EXAMPLE\n(.*?)^SEE ALSO", rendered(page), re.M | re.S).group(1)
    return json.loads(block)


def test_the_examples_are_accepted(daemon):
    zone = "$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.1\n"
    daemon.write("zones/example.com.zone", zone)
    settings = example_of("steerd.json.5")
    settings.pop("geoip")  # not everybody has one
    daemon.write("steering.json", example_of("steering.json.5"))
    daemon.write("steerd.json", dict(settings, state_dir="state"))
    result = daemon.check()
    assert result.returncode == 0, result.stderr


def test_the_commands_of_the_examples_exist():
    block = re.search(r"^EXAMPLES\n(.*?)^SEE ALSO", rendered("steerctl.1"), re.M | re.S).group(1)
    commands = re.findall(r"steerctl (\S+)", block)
    assert len(commands) > 5
    for command in commands:
        done(subprocess.run([STEERCTL, "help", command], capture_output=True, text=True))
