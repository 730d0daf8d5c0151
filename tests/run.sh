#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All tests, or the parts that are named.  The last line says "N passed, N failed"; exit code 0 only if none failed.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: tests/run.sh [--long] [part]...

  unit           every unit test, under AddressSanitizer and UndefinedBehaviorSanitizer
  threads        the unit tests that use threads, under ThreadSanitizer
  fuzz           every fuzz target for a few seconds, from its kept corpus
  architecture   does the source keep its own rules
  cost           instructions of one answer against their bounds
  system         the real daemon (sanitized) with real clients

Without a part: all of them.   --long: more seconds, packets and kills.
EOF
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
fuzz_seconds=5 is_long=0 parts=()
while [ $# -gt 0 ]; do
    case $1 in
    --long) is_long=1 fuzz_seconds=300 ;;
    --help | -h) usage; exit 0 ;;
    unit | threads | fuzz | architecture | cost | system) parts+=("$1") ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(unit threads fuzz architecture cost system)
export STEERD_TEST_LONG=$is_long

jobs=$(nproc)
passed=0 failed=0
add() { passed=$((passed + $1)); failed=$((failed + $2)); }
say() { printf '\n== %s\n' "$*"; }

# build PRESET [TARGET...]: quiet unless it fails
build() {
    local preset=$1
    shift
    mkdir -p build
    local log=build/$preset.log targets=()
    [ $# -eq 0 ] || targets=(--target "$@")
    if cmake --preset "$preset" >"$log" 2>&1 &&
        cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}" >>"$log" 2>&1; then
        return 0
    fi
    grep -E 'error:|^FAILED|Error' -A 5 "$log" | head -n 60
    echo "FAIL  the $preset build; all of it is in $log"
    add 0 1
    return 1
}

# count_junit FILE: adds its figures; a missing file is a failure
count_junit() {
    local figures
    if ! figures=$(/usr/bin/python3 - "$1" <<'EOF'
import sys
import xml.etree.ElementTree as tree
cases = list(tree.parse(sys.argv[1]).getroot().iter("testcase"))
bad = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
skipped = sum(case.find("skipped") is not None for case in cases)
print(len(cases) - bad - skipped, bad)
EOF
    ); then
        add 0 1
        return
    fi
    # shellcheck disable=SC2086  # two numbers
    add $figures
}

export LC_ALL=C.UTF-8 # what programs say is looked at
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# run_ctest PRESET SECONDS_A_TEST [CTEST_ARGUMENT...]
run_ctest() {
    local preset=$1 seconds=$2 report=$PWD/build/$1-tests.xml
    shift 2
    rm -f "$report"
    ctest --test-dir "build/$preset" --timeout "$seconds" --parallel "$jobs" --output-on-failure --no-tests=error \
        --output-junit "$report" "$@" || true
    count_junit "$report"
}

run_unit() {
    if build asan; then run_ctest asan 300; fi
}

# What shares memory between threads: by the names of the tests.
threaded='^(base/test_(mailbox|log)|snapshot/test_(snapshot|tickets)|answer/test_(rate_limit|weights)|server/|health/|store/|control/|api/)'
run_threads() {
    if build tsan; then run_ctest tsan 300 --tests-regex "$threaded"; fi
}

run_fuzz() {
    build fuzz || return 0
    local target name corpus found=0
    for target in build/fuzz/tests/fuzz/fuzz_*; do
        if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
        found=1
        name=${target##*/fuzz_}
        corpus=build/fuzz/corpus/$name
        mkdir -p "$corpus" "build/fuzz/found"
        local seeds=()
        [ ! -d "tests/fuzz/corpus/$name" ] || seeds=("tests/fuzz/corpus/$name")
        if "$target" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
            -artifact_prefix="build/fuzz/found/$name-" "$corpus" "${seeds[@]}" >"build/fuzz/$name.log" 2>&1; then
            echo "ok    $name"
            add 1 0
        else
            tail -n 40 "build/fuzz/$name.log"
            echo "FAIL  $name: its input is in build/fuzz/found"
            add 0 1
        fi
    done
    [ $found = 1 ] || { echo "FAIL  there are no fuzz targets"; add 0 1; }
}

run_architecture() {
    build asan || return 0
    local report
    report=$(/usr/bin/python3 tests/architecture/check.py build/asan) || true
    printf '%s\n' "$report"
    add "$(grep -c '^ok ' <<<"$report")" "$(grep -c '^FAIL ' <<<"$report")"
}

run_cost() {
    build bench bench_answer || return 0
    local report
    report=$(/usr/bin/python3 tests/bench/instructions.py build/bench --check) || true
    printf '%s\n' "$report"
    grep -qE '^(ok|skip) ' <<<"$report" || { echo "FAIL  nothing was counted"; add 0 1; }
    add "$(grep -c '^ok ' <<<"$report")" "$(grep -c '^FAIL ' <<<"$report")"
}

run_system() {
    build asan || return 0
    local report=$PWD/build/system-tests.xml
    rm -f "$report"
    STEERD=${STEERD:-$PWD/build/asan/steerd} STEERCTL=${STEERCTL:-$PWD/build/asan/steerctl} \
        /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider --junitxml="$report" tests/system || true
    count_junit "$report"
}

deploy/install-packages.sh deploy/packages.txt tests/packages.txt
for part in "${parts[@]}"; do
    say "$part"
    "run_$part"
done
say "all"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
