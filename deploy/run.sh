#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds steerd and runs it here, in the foreground, with three web servers to steer to.
set -euo pipefail
umask 022             # the user steerd reads what is written here
PATH+=:/usr/sbin:/sbin # su keeps the path of who called it

usage() {
    cat <<'EOF'
usage: deploy/run.sh [option]...

Installs the packages that are missing, builds, fetches a geo database, starts three example
backends (127.0.10.1, 127.0.20.1, 127.0.30.1, port 8080) and steerd, as root after making it a
system user of its own, steerd.  Ctrl-C stops all of it.

  --dns-port PORT   answer DNS on 127.0.0.1:PORT and [::1]:PORT     (default 5300)
  --api-port PORT   serve the admin API on 127.0.0.1:PORT           (default 8053)
  --state DIR       database and admin token                        (default build/run/state)
  --config FILE     run with this node file as it is, instead of one made from the options above
  --no-backends     start no example backends
  --backend ADDRESS start only this example backend, in the foreground (after you have killed it)
  --build-only      install, build, fetch the geo database, and end
  --help
EOF
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dns_port=5300 api_port=8053 state='' config='' with_backends=yes build_only=no
backends=(127.0.10.1 127.0.20.1 127.0.30.1)
backend_port=8080

say() { printf '%s\n' "$*"; }
die() { printf 'run.sh: %s\n' "$*" >&2; exit 1; }
# Debian's, which is there: another one that comes first in the path may be of no version here.
python() { if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else echo python3; fi; }
value() { [ -n "${2:-}" ] || die "$1 needs a value (--help tells more)"; }
port() { if [[ ! $2 =~ ^[0-9]{1,5}$ ]] || ((10#$2 < 1 || 10#$2 > 65535)); then die "$1 must be 1..65535, got $2"; fi; }

while [ $# -gt 0 ]; do
    case $1 in
    --dns-port) value "$@"; port "$@"; dns_port=$2; shift ;;
    --api-port) value "$@"; port "$@"; api_port=$2; shift ;;
    --state) value "$@"; state=$(realpath -m "$2"); shift ;;
    --config) value "$@"; config=$(realpath -e "$2"); shift ;;
    --backend) value "$@"; exec "$(python)" "$root/deploy/backend.py" "$2" "$backend_port" ;;
    --no-backends) with_backends=no ;;
    --build-only) build_only=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; die "what is $1?" ;;
    esac
    shift
done

build() {
    "$root/deploy/install-packages.sh" "$root/deploy/packages.txt"
    say "Building (build/release) ..."
    local log="$root/build/release.log"
    mkdir -p "$root/build"
    touch "$log" || die "cannot write in $root/build: run this as the user whose checkout it is"
    if ! (cd "$root" && cmake --preset release && cmake --build --preset release) >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        die "the build failed; all of it is in $log"
    fi
}

geo=$root/geoip/country.mmdb
get_geo() {
    [ ! -s "$geo" ] || return 0
    say "Fetching a country database (with npm) ..."
    if command -v npm >/dev/null && "$root/geoip/fetch_country.sh" "$geo"; then return 0; fi
    say "That did not work: making a small one of a few dozen well-known networks."
    say "Remove $geo and run again to have the whole world."
    echo libmaxmind-db-writer-perl | "$root/deploy/install-packages.sh" /dev/stdin
    perl "$root/geoip/make_demo.pl" "$geo"
}

# Started as root, steerd becomes a user of its own: whoever shares one with it can read its token.
make_user() {
    if [ "$(id -u)" -ne 0 ] || id steerd >/dev/null 2>&1; then return 0; fi
    say "Making the system user steerd ..."
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin steerd ||
        say "That did not work: steerd will run as nobody."
}
# Can that one read here?
steerd_user() { if id steerd >/dev/null 2>&1; then echo steerd; else echo nobody; fi; }
is_readable() {
    [ "$(id -u)" -ne 0 ] || setpriv --reuid "$(steerd_user)" --clear-groups test -r "$1" 2>/dev/null
}

# Writes the node file of this run, and sets: config, state, steering.
make_config() {
    local run=$root/build/run
    steering=$root/config/steering.json
    mkdir -p "$run"
    if ! is_readable "$steering" || ! is_readable "$run"; then
        run=/var/lib/steerd-run
        mkdir -p "$run"
        cp -r "$root/config/steering.json" "$root/config/zones" "$geo" "$run/"
        chmod -R a+rX "$run/steering.json" "$run/zones" "$run/$(basename "$geo")"
        steering=$run/steering.json
        geo=$run/$(basename "$geo")
        say "The user $(steerd_user) cannot read $root: running on a copy of config/ in $run"
    fi
    state=${state:-$run/state}
    local listen="\"127.0.0.1:$dns_port\""
    if grep -q ' lo$' /proc/net/if_inet6 2>/dev/null; then listen+=", \"[::1]:$dns_port\""; fi
    config=$run/steerd.json
    cat >"$config" <<EOF
{ "listen": [$listen],
  "state_dir": "$state",
  "steering": "$steering",
  "geoip": ["$geo"],
  "nsid": "ns1.example.test",
  "api": { "listen": ["127.0.0.1:$api_port"] } }
EOF
}

started=()
steerd_pid=''
# shellcheck disable=SC2317  # called by traps
stop() {
    trap '' INT TERM
    [ -z "$steerd_pid" ] || kill -TERM "$steerd_pid" 2>/dev/null || true
    for pid in "${started[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    wait
}

# Its first check decides about an endpoint, and a slow machine takes its time to start one.
wait_for_backends() {
    local i
    for i in "${!started[@]}"; do
        for _ in $(seq 100); do
            if ! kill -0 "${started[i]}" 2>/dev/null || (exec 3<>"/dev/tcp/${backends[i]}/$backend_port") 2>/dev/null; then break; fi
            sleep 0.1
        done
    done
}

all_run() {
    for pid in "$@"; do kill -0 "$pid" 2>/dev/null || return 1; done
}

banner() {
    local token=$state/admin.token
    cat <<EOF

steerd is running: pid $steerd_pid, DNS on 127.0.0.1:$dns_port, API on http://127.0.0.1:$api_port
Steering file: $steering (after an edit: kill -HUP $steerd_pid)
Admin token:   $token

Ask it:
  dig @127.0.0.1 -p $dns_port www.example.test
  dig @127.0.0.1 -p $dns_port www.example.test +subnet=193.0.0.0/24        # as a client in Europe
  dig @127.0.0.1 -p $dns_port round-robin.example.test AAAA +short
  dig @127.0.0.1 -p $dns_port static.example.test ANY +tcp
Steer it:
  export STEERD_TOKEN=$(cat "$token")
  curl -H "Authorization: Bearer \$STEERD_TOKEN" http://127.0.0.1:$api_port/v1/status
  curl -H "Authorization: Bearer \$STEERD_TOKEN" -X PATCH -d '{"weight": 9}' \\
       http://127.0.0.1:$api_port/v1/pools/us/endpoints/us-west-1
  curl -H "Authorization: Bearer \$STEERD_TOKEN" -X PUT -d '{"state": "drain", "expires": "2h"}' \\
       http://127.0.0.1:$api_port/v1/pools/us/endpoints/us-east-1/override
  curl -H "Authorization: Bearer \$STEERD_TOKEN" \\
       "http://127.0.0.1:$api_port/v1/explain?name=nested.example.test&type=A&client=193.0.0.1"
  $root/build/release/steerctl --help
EOF
    if [ "$with_backends" = yes ] && ! all_run "${started[@]}"; then
        say "Something else already serves port $backend_port of a backend's address: it is taken as it is."
    elif [ "$with_backends" = yes ]; then
        cat <<EOF
Break it:
  kill ${started[0]}                                 # backend ${backends[0]} dies: out of all answers within 10 s
  deploy/run.sh --backend ${backends[0]}     # and comes back
EOF
    fi
    say "Stop it: Ctrl-C"
    say ""
}

wait_until_ready() {
    for _ in $(seq 300); do
        kill -0 "$steerd_pid" 2>/dev/null || return 1
        if curl -fs -m 5 -o /dev/null --noproxy '*' "http://127.0.0.1:$api_port/readyz"; then return 0; fi
        sleep 0.1
    done
    say "steerd runs but says it is not ready: see its messages above" >&2
}

build
get_geo
[ "$build_only" = no ] || exit 0

trap 'stop; exit 0' INT TERM
trap stop EXIT
if [ "$with_backends" = yes ]; then
    for address in "${backends[@]}"; do
        "$(python)" "$root/deploy/backend.py" "$address" "$backend_port" &
        started+=($!)
    done
fi
make_user
wait_for_backends
is_given=$config
if [ -z "$is_given" ]; then make_config; fi
"$root/build/release/steerd" -c "$config" &
steerd_pid=$! has_served=''
if [ -n "$is_given" ]; then
    say "steerd is running with $config: pid $steerd_pid"
elif wait_until_ready; then
    has_served=1
    banner
fi

code=0
wait "$steerd_pid" || code=$?
steerd_pid=''
if [ "$code" -eq 0 ]; then
    say "steerd has ended: it was told to, or another steerd has taken its place."
    exit 0
fi
[ -n "$is_given$has_served" ] || say "If a port is taken: --dns-port and --api-port choose others." >&2
die "steerd ended by itself with code $code"
