#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the source keep its own rules?  check.py BUILD_DIR

One line a rule, "ok" or "FAIL" with what broke it; exit code 1 if any did.
BUILD_DIR is a finished debug build: the rule about answering reads its archives.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Which layers a layer may include.  Left column: dns to server.  Right column: config to api; explain and the
# figures of the data plane are why api may see answer.
BELOW = {
    "base": [],
    "dns": ["base"],
    "snapshot": ["dns", "base"],
    "policy": ["snapshot", "dns", "base"],
    "answer": ["policy", "snapshot", "dns", "base"],
    "server": ["answer", "policy", "snapshot", "dns", "base"],
    "config": ["policy", "snapshot", "dns", "base"],
    "health": ["config", "policy", "snapshot", "dns", "base"],
    "store": ["config", "policy", "snapshot", "dns", "base"],
    "control": ["health", "store", "config", "policy", "snapshot", "dns", "base"],
    "api": ["control", "health", "store", "config", "answer", "policy", "snapshot", "dns", "base"],
    "cli": ["base"],
}

# What runs between the arrival of a query and its reply: no memory from the heap, no mutex, no log, no clock.
# Calls are followed from these functions through the layers of the left column; a policy is called by pointer.
ANSWERING_ROOTS = re.compile(r"^(answer_message|\w+_choose|zone_lookup|zone_set_find|conditions_\w+|ticket_\w+)$")
ANSWERING_LAYERS = ("base", "dns", "snapshot", "policy", "answer")
FORBIDDEN = re.compile(
    r"^(malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf|xcalloc|xrealloc|xmemdup|xstrdup"
    r"|xstrndup|xasprintf|text_\w+|log_line|mailbox_\w+|pthread_mutex_\w+|pthread_rwlock_\w+|pthread_cond_\w+"
    r"|clock_\w+|time|gettimeofday)$")

LINES_MOST = 600
FUNCTION_LINES_MOST = 60


def sources():
    for folder in ("src", "include", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".c", ".h"):
                yield path


def name(path):
    return str(path.relative_to(ROOT))


def includes(path):
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(), re.M)


def layer_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] in ("src", "include") and len(parts) == 3 else None


def layers_include_downward():
    for path in sources():
        layer = layer_of(path)
        if layer is None:
            continue
        if layer not in BELOW:
            yield "%s: the layer %s is not known here" % (name(path), layer)
            continue
        for included in includes(path):
            other = included.split("/")[0] if "/" in included else layer
            if other in BELOW and other != layer and other not in BELOW[layer]:
                yield "%s includes %s" % (name(path), included)


def private_headers_stay_in_their_folder():
    private = {str(path.relative_to(ROOT / "src")): path for path in (ROOT / "src").rglob("*.h")}
    for path in sources():
        for included in includes(path):
            if included in private and path.parts[len(ROOT.parts)] != "tests" and path.parent != private[included].parent:
                yield "%s includes %s, which is private to its folder" % (name(path), included)


def own_header_first():
    for path in (ROOT / "src").rglob("*.c"):
        own = str(path.relative_to(ROOT / "src").with_suffix(".h"))
        allowed = {own, path.stem + ".h"}
        exists = (ROOT / "include" / own).exists() or path.with_suffix(".h").exists()
        first = includes(path)[:1]
        if exists and (not first or first[0] not in allowed):
            yield "%s begins with %s instead of %s" % (name(path), first, own)


def urcu_only_in_snapshot():
    for path in sources():
        if any(included.startswith("urcu") for included in includes(path)) and layer_of(path) != "snapshot":
            if not name(path).startswith("tests/"):
                yield "%s includes liburcu" % name(path)


def call_graph(archives):
    """(member, function) -> the names it mentions; name -> where it is defined for all."""
    calls, exported = {}, {}
    for archive in archives:
        member = function = None
        listing = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", archive], check=True, capture_output=True,
                                 text=True).stdout
        for line in listing.splitlines():
            if match := re.match(r"^(\S+):\s+file format", line):
                member = match[1]
            elif match := re.match(r"^[0-9a-f]+ <([^>]+)>:$", line):
                function = (member, match[1])
                calls[function] = set()
                exported.setdefault(match[1], function)
            elif function is not None:
                calls[function].update(re.findall(r"R_\w+\s+([A-Za-z_]\w*)", line))
                calls[function].update(re.findall(r"<([A-Za-z_]\w*)(?:[@+][^>]*)?>", line))
    return calls, exported


def answering_is_free_of_heap_and_locks(build):
    archives = [build / ("lib%s.a" % layer) for layer in ANSWERING_LAYERS]
    for archive in archives:
        if not archive.exists():
            yield "%s is not built" % archive
            return
    calls, exported = call_graph(archives)
    waiting = [(function, [function[1]]) for function in calls if ANSWERING_ROOTS.match(function[1])]
    if not any(way == ["answer_message"] for _, way in waiting):
        yield "answer_message is not there: this rule looks at nothing"
    seen = set()
    while waiting:
        function, way = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        for callee in sorted(calls[function]):
            is_own = (function[0], callee) in calls
            if FORBIDDEN.match(callee) and not is_own:
                yield " > ".join(way + [callee])
                continue
            target = (function[0], callee) if is_own else exported.get(callee)
            if target is not None:
                waiting.append((target, way + [callee]))


def files_are_short():
    for path in sources():
        lines = len(path.read_text().splitlines())
        if lines > LINES_MOST:
            yield "%s has %d lines: there are two modules inside" % (name(path), lines)


def functions_fit_a_screen():
    for path in (ROOT / "src").rglob("*.c"):
        begin = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line == "{":
                begin = number
            elif line == "}" and begin is not None:
                if number - begin - 1 > FUNCTION_LINES_MOST:
                    yield "%s:%d: a function of %d lines" % (name(path), begin, number - begin - 1)
                begin = None


def licences_are_named():
    # the checkout may belong to somebody else, in CI mostly
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "src", "include", "tests", "deploy", "geoip", "CMakeLists.txt"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    for entry in listed:
        path = ROOT / entry
        if path.suffix in (".c", ".h", ".py", ".sh", ".pl") or path.name == "CMakeLists.txt":
            if path.exists() and "SPDX-License-Identifier: GPL-3.0-or-later" not in path.read_text()[:300]:
                yield "%s does not name its licence" % entry


def format_is_clang_formats():
    paths = [str(path) for path in sources()]
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], capture_output=True, text=True)
    return sorted({line.split(":")[0].removeprefix("%s/" % ROOT) for line in result.stderr.splitlines()
                   if "error:" in line})


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1])
    rules = {
        "layers include downward": layers_include_downward(),
        "private headers stay in their folder": private_headers_stay_in_their_folder(),
        "own header first": own_header_first(),
        "liburcu is hidden in snapshot/": urcu_only_in_snapshot(),
        "answering is free of heap and locks": answering_is_free_of_heap_and_locks(build),
        "files are short": files_are_short(),
        "functions fit a screen": functions_fit_a_screen(),
        "licences are named": licences_are_named(),
        "the layout is clang-format's": format_is_clang_formats(),
    }
    broken = 0
    for title, findings in rules.items():
        findings = list(findings)
        print("%s  %s" % ("ok  " if not findings else "FAIL", title))
        for finding in findings:
            print("      " + finding)
        broken += bool(findings)
    sys.exit(broken != 0)


if __name__ == "__main__":
    main()
