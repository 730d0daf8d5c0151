# SPDX-License-Identifier: GPL-3.0-or-later
"""steerctl: the API for people, with exit codes that tell the truth."""
import json

import pytest

from harness import pool, world


@pytest.fixture
def server(daemon):
    return daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", "127.0.10.1", "127.0.20.1")}))


def test_it_explains_itself(server):
    result = server.steerctl("--help", token=False)
    assert result.returncode == 0 and "usage" in result.stdout.lower()
    assert server.steerctl("no-such-command").returncode not in (0, 1)
