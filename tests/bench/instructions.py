#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions of one answer, by kind of query: repeatable on a busy machine, as times are not.

    tests/bench/instructions.py build/bench [--top N] [--check] [KIND]...

Counts the user side of answer_message in bench_answer (a release build with -DSTEERD_BENCH=ON) under callgrind.
--top prints the functions that cost most.  --check fails if a kind costs more than its bound below.
"""
import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# A third above what it was when it was measured last: a guard against accidents, not against a new feature.
BOUNDS = {
    "static": 480,
    "static-edns": 560,
    "nodata": 560,
    "nxdomain": 700,
    "wildcard": 950,
    "referral": 1780,
    "geo": 850,
    "weighted": 760,
    "nested": 1230,
    "refused": 680,
    "nsid": 1600,
    "cookie": 1145,
    "keepalive": 1500,
    "limited": 1500,
    "limited-nx": 1350,
    "limited-geo": 2180,
    "mx": 1550,
    "srv": 1640,
    "ns": 1210,
    "soa": 945,
    "https": 1070,
    "cname": 1315,
    "cname-chain": 1665,
    "cname-away": 1270,
    "dname": 2900,
    "any": 1600,
    "large": 1050,
    "truncated": 875,
    "svc-https": 1915,
    "svc-nodata": 1470,
    "svc-cname": 2400,
    "svc-names": 2240,
    "svc-down": 2680,
    "svc-mx": 4880,
    "formerr": 900,
    "mutated": 840,
    "notimp": 815,
    "chaos": 1300,
}


def measure(program, folder):
    """(kind, number of answers, callgrind's file) of each kind: a file is written whenever answer_all returns."""
    out = os.path.join(folder, "callgrind")
    done = subprocess.run(["valgrind", "-q", "--tool=callgrind", "--compress-strings=no", "--zero-before=answer_all",
                           "--dump-after=answer_all", "--callgrind-out-file=" + out, program, "--once"],
                          check=True, capture_output=True, text=True)
    for number, line in enumerate(done.stdout.splitlines(), 1):
        kind, answers = line.split()
        yield kind, int(answers), "%s.%d" % (out, number)


def total_of(path):
    return int(re.search(r"^(?:summary|totals): (\d+)", pathlib.Path(path).read_text(), re.M)[1])


def dearest(path, answers, count):
    """Prints what the functions cost themselves."""
    costs, function, is_call = collections.Counter(), None, False
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            is_call = True  # the next line is what the callee cost
        elif re.match(r"[-+*\d]", line):
            costs[function] += 0 if is_call else int(line.split()[1])
            is_call = False
    for function, cost in costs.most_common(count):
        print("%12.1f  %s" % (cost / answers, function))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--top", type=int, default=0)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    program = str(options.build / "tests/bench/bench_answer")
    if not shutil.which("valgrind") or subprocess.run(["valgrind", "-q", "true"], capture_output=True).returncode != 0:
        print("skip  valgrind does not run here")
        return 0
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, answers, path in measure(program, folder):
            if options.kinds and kind not in options.kinds:
                continue
            each = total_of(path) / answers
            is_good = not options.check or each <= BOUNDS[kind]
            broken += not is_good
            print("%s%-12s %6.0f instructions an answer%s" % (
                ("ok    " if is_good else "FAIL  ") if options.check else "", kind, each,
                "" if is_good else ", the bound is %d" % BOUNDS[kind]))
            dearest(path, answers, options.top)
    return broken > 0


if __name__ == "__main__":
    sys.exit(main())
