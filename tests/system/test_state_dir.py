# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong word in state_dir takes nothing away from anybody."""
import os
import pwd

import pytest

from harness import START_S, world

ONE = world({"www": {"policy": "one"}}, {"one": {"endpoints": {"a": {"ipv4": "192.0.2.1"}}}})
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives directories away")


def refused(daemon, *words):
    daemon.launch()
    assert daemon.process.wait(START_S) == 1
    daemon.process = None
    assert all(word in daemon.log for word in words), daemon.log


@as_root
def test_a_directory_of_others_is_not_given_to_steerd(daemon):
    daemon.write("etc/shadow", "precious")
    daemon.configure(ONE, state_dir="etc")
    refused(daemon, str(daemon.directory / "etc"), "shadow", "name a directory of its own")
    assert (daemon.directory / "etc").stat().st_uid == 0
    assert (daemon.directory / "etc" / "shadow").stat().st_uid == 0


@as_root
def test_what_root_has_put_back_belongs_to_steerd_again(daemon):
    daemon.start(ONE)
    user = (daemon.directory / "state").stat().st_uid
    daemon.stop()
    for path in (daemon.directory / "state", daemon.directory / "state" / "steerd.db"):
        os.chown(path, 0, 0)
    daemon.start()
    assert user != 0 and (daemon.directory / "state" / "steerd.db").stat().st_uid == user


@as_root
def test_a_file_that_has_another_name_elsewhere_stays_whose_it_is(daemon):
    daemon.start(ONE)
    daemon.stop()
    daemon.write("shadow", "precious")
    os.link(daemon.directory / "shadow", daemon.directory / "state" / "trap")
    daemon.start()
    assert (daemon.directory / "shadow").stat().st_uid == 0


def test_a_state_dir_that_is_a_file_is_named(daemon):
    daemon.configure(ONE, state_dir="steering.json")
    refused(daemon, "state_dir %s/steering.json: is no directory" % daemon.directory)
    assert "state_dir" in daemon.check().stderr


@as_root
def test_the_check_knows_that_there_is_no_such_user(daemon):
    daemon.configure(ONE, user="nobody-of-this-name")
    reply = daemon.check()
    assert reply.returncode == 1 and 'there is no user "nobody-of-this-name"' in reply.stderr


@as_root
def test_root_becomes_steerd_or_says_that_it_is_nobody(daemon):
    daemon.start(ONE)
    names = [entry.pw_name for entry in pwd.getpwall()]
    user = pwd.getpwuid(os.stat("/proc/%d" % daemon.process.pid).st_uid).pw_name
    assert user == ("steerd" if "steerd" in names else "nobody")
    assert ("make the user" in daemon.log) == ("steerd" not in names), daemon.log
