# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/conformance.md promises tests: they exist."""
import re

import pytest

from harness import ROOT

DOCUMENT = (ROOT / "docs" / "conformance.md").read_text()
PROOFS = sorted(set(re.findall(r"`([a-z_/]+)::(\w+)`", DOCUMENT)))


@pytest.mark.parametrize("module,name", PROOFS, ids=["::".join(proof) for proof in PROOFS])
def test_what_is_promised_is_tested(module, name):
    if "/" in module:
        layer, module = module.split("/")
        path, pattern = ROOT / "tests" / "unit" / layer / ("test_%s.c" % module), r"cmocka_unit_test\w*\(%s\b"
    else:
        path, pattern = ROOT / "tests" / "system" / ("test_%s.py" % module), r"(?m)^def %s\("
    assert path.exists(), path
    assert re.search(pattern % re.escape(name), path.read_text()), "%s does not test %s" % (path, name)


def test_every_row_has_a_proof():
    for line in DOCUMENT.splitlines():
        if line.startswith("| ") and not line.startswith(("| RFC", "| What", "| ---", "| 9499")):
            assert "::" in line, line
