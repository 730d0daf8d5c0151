# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import shutil
import tempfile

import pytest

from harness import Backend, Daemon, free_port
from mmdb import write_mmdb

PLACES = {
    "193.0.0.0/16": ("EU", "NL"),
    "91.0.0.0/16": ("EU", "DE"),
    "8.8.0.0/16": ("NA", "US"),
    "1.128.0.0/16": ("OC", "AU"),
    "2a00:1000::/32": ("EU", "DE"),
    "2600:1000::/32": ("NA", "US"),
}


@pytest.fixture
def daemon():
    daemon = Daemon()
    yield daemon
    daemon.finish()


@pytest.fixture(scope="module")
def shared_daemon():
    """For tests that only ask: started once a file by its `steering` fixture."""
    daemon = Daemon()
    yield daemon
    daemon.finish()


@pytest.fixture(scope="session")
def geo_database():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="steerd-geo-"))
    directory.chmod(0o755)
    write_mmdb(directory / "places.mmdb", PLACES)
    yield directory / "places.mmdb"
    shutil.rmtree(directory)


@pytest.fixture
def backend():
    """Makes backends on loopback addresses, all on one port: `backend.port`."""
    made = []

    def make(address):
        made.append(Backend(address, make.port))
        return made[-1]

    make.port = free_port()
    yield make
    for one in made:
        one.stop()
