# SPDX-License-Identifier: GPL-3.0-or-later
"""steerctl for an operator: edit, apply, wait, look, complete; on a terminal and in pipes."""
import concurrent.futures
import http.server
import json
import os
import pty
import select
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time

import pytest

from harness import STEERCTL, pool, quick_check, wait_until, world
from test_steerctl import DONE, NOT_ALLOWED, NO_SERVER, REFUSED, USAGE, done

TOO_LATE = 5
ONE, TWO = "127.0.10.1", "127.0.20.1"


@pytest.fixture
def server(daemon):
    return daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", ONE, TWO)}))


class Terminal:
    """A steerctl that believes somebody sits in front of it."""

    def __init__(self, server, *arguments, **environment):
        master, slave = pty.openpty()
        self.master, self.shown = master, ""
        env = dict(os.environ, STEERD_URL="http://127.0.0.1:%d" % server.api_port, STEERD_TOKEN=server.token,
                   STEERCTL_CONFIG="/dev/null", TMPDIR=str(server.directory), TERM="xterm", **environment)
        env.pop("NO_COLOR", None)
        self.process = subprocess.Popen([STEERCTL, *arguments], stdin=slave, stdout=slave, stderr=slave, env=env)
        os.close(slave)

    def read(self, seconds=0.05):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            try:
                self.shown += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                pass  # the other end is closed
        return self.shown

    def expect(self, text):
        wait_until(lambda: text in self.read(), 20, "%r in %r" % (text, self.shown))

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        wait_until(lambda: (self.read(), self.process.poll() is not None)[1], 20, "its end")
        while self.read() != self.read(0.1):
            pass
        os.close(self.master)
        return self.process.returncode


def editor(server, script):
    path = server.directory / "editor"
    path.write_text("#!/bin/sh\n" + script + "\n")
    path.chmod(0o755)
    return str(path)


def edit(server, script, *arguments, name="pools/us"):
    environment = dict(os.environ, STEERD_URL="http://127.0.0.1:%d" % server.api_port, STEERD_TOKEN=server.token,
                       STEERCTL_CONFIG="/dev/null", EDITOR=editor(server, script), TMPDIR=str(server.directory))
    environment.pop("VISUAL", None)
    return subprocess.run([STEERCTL, "edit", name, *arguments], capture_output=True, text=True, env=environment,
                          timeout=60, stdin=subprocess.DEVNULL)


def kept(server):
    return [path for path in server.directory.glob("steerctl-*.json")]


# ---- edit


def test_an_edit_is_shown_and_written(server):
    result = edit(server, r'''sed -i 's/"weighted"/"round_robin"/' "$1"''', "--comment", "calmer")
    assert '-   "policy": "weighted",' in result.stdout and '+   "policy": "round_robin",' in result.stdout, result.stdout
    assert "generation 2" in done(result)
    assert server.api("GET", "/v1/pools/us").json["policy"] == "round_robin"
    assert "calmer" in done(server.steerctl("history")) and not kept(server)


def test_an_edit_that_changes_nothing_writes_nothing(server):
    assert "nothing was changed" in done(edit(server, "true"))
    assert server.generation() == 1 and not kept(server)


def test_an_edit_that_is_not_accepted_keeps_the_text_and_says_where(server):
    result = edit(server, r'''sed -i 's/"weighted"/"wieghted"/' "$1"''')
    assert result.returncode == REFUSED and "/policy" in result.stderr and "2:" in result.stderr
    text, = kept(server)
    assert "wieghted" in text.read_text() and str(text) in result.stderr
    assert server.generation() == 1
    text.write_text(text.read_text().replace("wieghted", "failover"))
    done(server.steerctl("put", "pools/us", "-f", str(text)))
    assert server.api("GET", "/v1/pools/us").json["policy"] == "failover"


def test_a_broken_editor_loses_nothing(server):
    result = edit(server, "exit 3")
    assert result.returncode == REFUSED and "EDITOR" in result.stderr and server.generation() == 1


def curl(server, method, path, body):
    return "curl -sf -X %s -H 'Authorization: Bearer %s' -d '%s' http://127.0.0.1:%d%s >/dev/null\n" % (
        method, server.token, json.dumps(body), server.api_port, path)


def test_somebody_elses_change_of_the_same_object_is_not_overwritten(server):
    theirs = curl(server, "PATCH", "/v1/pools/us", {"answers": 2})
    result = edit(server, theirs + r'''sed -i 's/"weighted"/"failover"/' "$1"''')
    assert result.returncode == REFUSED and "somebody" in result.stderr
    assert '"answers"' in result.stdout  # what they changed
    text, = kept(server)
    assert "failover" in text.read_text()
    assert server.api("GET", "/v1/pools/us").json["policy"] == "weighted" and server.generation() == 2


def test_somebody_elses_change_of_another_object_is_no_conflict(server):
    theirs = curl(server, "PATCH", "/v1/zones/example.test/services/www", {"ttl": 7})
    done(edit(server, theirs + r'''sed -i 's/"weighted"/"failover"/' "$1"'''))
    assert server.api("GET", "/v1/pools/us").json["policy"] == "failover"
    assert server.api("GET", "/v1/zones/example.test/services/www").json["ttl"] == 7


def test_on_a_terminal_an_edit_asks(server):
    script = editor(server, r'''sed -i 's/"weighted"/"failover"/' "$1"''')
    terminal = Terminal(server, "edit", "pools/us", EDITOR=script, VISUAL="")
    terminal.expect("write it?")
    assert "\033[3" in terminal.shown  # in colour
    terminal.type("n\n")
    assert terminal.end() == REFUSED and server.generation() == 1 and len(kept(server)) == 1
    terminal = Terminal(server, "edit", "pools/us", EDITOR=script, VISUAL="")
    terminal.expect("write it?")
    terminal.type("y\n")
    assert terminal.end() == DONE and server.generation() == 2


@pytest.mark.parametrize("name, path", [("pool/us", "/v1/pools/us"), ("services/example.test/www", None),
                                        ("zones/example.test", "/v1/zones/example.test"), ("config", "/v1/config")])
def test_every_object_has_a_name(server, name, path):
    shown = json.loads(done(server.steerctl("get", name)))
    assert shown == server.api("GET", path or "/v1/zones/example.test/services/www").json


@pytest.mark.parametrize("name", ["us", "pool", "pools/", "services/example.test", "nothing/x", ""])
def test_what_is_no_object_is_wrong_usage(server, name):
    assert server.steerctl("get", name).returncode == USAGE


def test_objects_are_listed_and_taken_away(server):
    assert "us" in done(server.steerctl("list", "pools"))
    assert "www" in done(server.steerctl("list", "services/example.test"))
    assert json.loads(done(server.steerctl("list", "zones", "--json")))["items"][0]["name"] == "example.test"
    assert server.steerctl("delete", "pools/us").returncode == REFUSED  # www uses it
    done(server.steerctl("delete", "services/example.test/www"))
    done(server.steerctl("delete", "pools/us"))
    assert server.steerctl("get", "pools/us").returncode == REFUSED


# ---- apply and diff


def test_diff_shows_what_apply_would_change(server):
    document = server.api("GET", "/v1/config").json
    backwards = {key: dict(reversed(value.items())) for key, value in reversed(document.items())}
    server.write("same.json", "// as it is, in another order\n" + json.dumps(backwards))
    document["pools"]["us"]["policy"] = "failover"
    server.write("other.json", document)
    same = server.steerctl("diff", "-f", str(server.directory / "same.json"))
    assert (same.returncode, same.stdout) == (DONE, "")
    other = server.steerctl("diff", "-f", str(server.directory / "other.json"))
    assert other.returncode == 1
    assert [line.split() for line in other.stdout.splitlines() if line[0] != " "] == [
        ["-", '"policy":', '"weighted",'], ["+", '"policy":', '"failover",']]
    assert server.generation() == 1


def test_diff_shows_what_changed_between_generations(server):
    for weight in (2, 3):
        server.set_weight("us", "a", weight)
    changed = server.steerctl("diff", "1", "2")
    assert changed.returncode == 1 and "+" in changed.stdout and "2" in changed.stdout
    now = server.steerctl("diff", "2")
    assert [line for line in now.stdout.splitlines() if "weight" in line and line[0] in "-+"]
    assert server.steerctl("diff", "3", "3").returncode == DONE
    assert server.steerctl("diff", "99").returncode == REFUSED
    assert server.steerctl("diff", "one").returncode == server.steerctl("diff").returncode == USAGE


def test_on_a_terminal_apply_shows_and_asks(server):
    document = server.api("GET", "/v1/config").json
    document["pools"]["us"]["policy"] = "failover"
    server.write("other.json", document)
    arguments = ("apply", "-f", str(server.directory / "other.json"))
    terminal = Terminal(server, *arguments)
    terminal.expect("replace the configuration?")
    assert "failover" in terminal.shown
    terminal.type("n\n")
    assert terminal.end() == DONE and "nothing was changed" in terminal.shown and server.generation() == 1
    assert Terminal(server, *arguments, "--yes").end() == DONE and server.generation() == 2


# ---- waiting


def test_it_waits_until_an_endpoint_is_healthy(daemon, backend):
    one = backend(ONE)
    one.stop()
    pools = {"us": pool("weighted", ONE, TWO, check="web")}
    server = daemon.start(world({"www": {"policy": "us"}}, pools, checks={"web": quick_check(backend.port)}))
    server.becomes("us", "a", "down")
    late = server.steerctl("wait", "healthy", "us/a", "--timeout", "1s")
    assert late.returncode == TOO_LATE and "us/a" in late.stderr and "--timeout" in late.stderr
    threading.Timer(1, one.start).start()
    done(server.steerctl("wait", "healthy", "us/a", "--timeout", "20s"))
    assert server.endpoint("us", "a")["effective"]["available"]


def test_it_waits_until_no_cached_answer_names_a_drained_endpoint(daemon):
    server = daemon.start(world({"www": {"policy": "us", "ttl": 2}}, {"us": pool("weighted", ONE, TWO)}))
    assert server.steerctl("wait", "drained", "us/a").returncode == REFUSED  # nobody drains it
    started = time.monotonic()
    terminal = Terminal(server, "drain", "us/a", "--wait")
    assert terminal.end() == DONE and time.monotonic() - started >= 2
    assert "until the last cached answer expires" in terminal.shown and "drained" in terminal.shown
    done(server.steerctl("wait", "drained", "us/a", "--timeout", "5s"))
    done(server.steerctl("undrain", "us/a", "--wait"))


def test_it_waits_for_a_generation(server):
    done(server.steerctl("wait", "generation", "1"))
    threading.Timer(1, server.set_weight, ("us", "a", 9)).start()
    done(server.steerctl("wait", "generation", "2", "--timeout", "20s"))
    assert server.generation() == 2


@pytest.mark.parametrize("arguments", [["happy", "us/a"], ["healthy", "us"], ["generation", "many"],
                                       ["healthy", "us/a", "--timeout", "long"]])
def test_waiting_for_what_cannot_be_is_wrong_usage(server, arguments):
    assert server.steerctl("wait", *arguments).returncode == USAGE


# ---- health and top


def test_health_names_what_is_not_well_and_its_exit_code_says_so(server):
    assert "all endpoints" in done(server.steerctl("health"))
    done(server.steerctl("down", "us/a", "--reason", "smoke"))
    ill = server.steerctl("health")
    assert ill.returncode == 1 and "us/a" in ill.stdout and "smoke" in ill.stdout and "us/b" not in ill.stdout
    assert json.loads(server.steerctl("health", "--json").stdout)["unavailable_endpoints"][0]["endpoint"] == "a"


def test_top_prints_once_in_a_pipe_and_refreshes_on_a_terminal(server):
    for _ in range(8):
        server.answer("www.example.test")
    shown = done(server.steerctl("top"))
    assert "us/a" in shown and "www.example.test" in shown and "\033" not in shown
    assert json.loads(done(server.steerctl("top", "--json")))["endpoints"]
    terminal = Terminal(server, "top")
    wait_until(lambda: terminal.read().count("\033[2J") >= 2, 20, "two views")
    terminal.process.terminate()
    terminal.end()


# ---- profiles


def test_a_profile_names_a_server(server):
    socket_path = server.directory / "api.sock"
    server.stop()
    server.node["api"]["listen"].append("unix:%s" % socket_path)
    server.write("steerd.json", server.node)
    server.start()
    token = server.directory / "state" / "admin.token"
    profiles = {"here": {"url": "http://127.0.0.1:%d" % server.api_port, "token_file": str(token)},
                "socket": {"url": "unix:%s" % socket_path, "token_file": str(token)},
                "gone": {"url": "http://127.0.0.1:1", "token_file": str(token)}}
    server.write("steerctl.json", {"profile": "here", "profiles": profiles})
    env = {key: value for key, value in os.environ.items() if not key.startswith("STEER")}
    env["STEERCTL_CONFIG"] = str(server.directory / "steerctl.json")

    def run(*arguments):
        return subprocess.run([STEERCTL, *arguments], capture_output=True, text=True, env=env, timeout=30)
    assert "generation 1" in done(run("status"))
    assert "generation 1" in done(run("status", "--profile", "socket"))
    assert run("status", "--profile", "gone").returncode == NO_SERVER
    assert run("status", "--profile", "other").returncode == USAGE
    assert done(run("names", "profiles")).split() == ["here", "socket", "gone"]
    (server.directory / "wrong").write_text("0" * 64)
    assert run("status", "--token-file", str(server.directory / "wrong")).returncode == NOT_ALLOWED


# ---- completion


def complete(server, line):
    """What bash offers at the end of the line."""
    script = done(server.steerctl("completion", "bash")) + r'''
COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _steerctl; printf '%%s\n' "${COMPREPLY[@]}"
''' % line
    directory = server.directory / "bin"
    directory.mkdir(exist_ok=True)
    if not (directory / "steerctl").exists():
        shutil.os.symlink(STEERCTL if os.path.isabs(STEERCTL) else os.path.abspath(STEERCTL), directory / "steerctl")
    env = dict(os.environ, PATH="%s:%s" % (directory, os.environ["PATH"]), STEERCTL_CONFIG="/dev/null",
               STEERD_URL="http://127.0.0.1:%d" % server.api_port, STEERD_TOKEN=server.token)
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env, timeout=30)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_bash_completes_commands_names_and_options(server):
    assert complete(server, "steerctl dr") == ["drain"]
    assert set(complete(server, "steerctl drain ''")) == {"us/a", "us/b"}
    assert "--expires" in complete(server, "steerctl drain us/a --")
    assert "--type" not in complete(server, "steerctl drain us/a --")
    assert complete(server, "steerctl endpoints --pool ''") == ["us"]
    assert complete(server, "steerctl explain w") == ["www.example.test"]
    assert "services/example.test/www" in complete(server, "steerctl edit s")
    assert complete(server, "steerctl --profile x drain us/b") == ["us/b"]
    assert "1h" in complete(server, "steerctl drain us/a --expires ''")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_reads_its_script(server, shell):
    script = server.directory / ("completion." + shell)
    script.write_text(done(server.steerctl("completion", shell, token=False)))
    assert "drain" in script.read_text()
    result = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stderr) == (0, "")


def test_fish_offers_what_bash_offers(server):
    script = server.directory / "completion.fish"
    script.write_text(done(server.steerctl("completion", "fish", token=False)))
    result = subprocess.run(["fish", "--no-config", "-c", "source %s; complete -C 'steerctl dra'" % script],
                            capture_output=True, text=True, timeout=30, env=dict(os.environ, HOME=str(server.directory)))
    assert result.stdout.split("\t")[0] == "drain", result.stderr


# ---- what goes wrong


@pytest.mark.parametrize("arguments, advice", [
    (["get", "pools/none"], "steerctl list pools"),
    (["get", "pools", "us"], "steerctl help get"),
    (["get", "locations/none"], "steerctl list locations"),
    (["diff", "99"], "steerctl history"),
    (["records", "none.test"], "steerctl list zones"),
    (["set-weight", "us/none", "1"], 'pool "us" has no endpoint "none"'),
    (["drain", "us/a", "--expires", "2"], "\n  /expires: must be a duration"),
    (["--url", "unix:/absent/api.sock", "status"], "No such file or directory"),
    (["put", "config", "-f", "steering.json"], "--if-generation"),
    (["put", "pools/us", "-f", "steering.json", "--if-generation", "99"], "steerctl history"),
    (["put", "pools/us", "-f", "absent.json"], "absent.json"),
    (["delete", "pools/us"], "www"),
    (["wait", "drained", "us/a"], "steerctl drain us/a"),
    (["edit", "us"], "pools/NAME"),
])
def test_a_refusal_says_what_to_do(server, arguments, advice):
    result = server.steerctl(*[str(server.directory / one) if one.endswith(".json") else one for one in arguments])
    assert result.returncode in (REFUSED, USAGE, NO_SERVER) and advice in result.stderr, result.stderr


def test_a_wrong_parameter_is_told_once(server):
    stderr = server.steerctl("explain", "www.example.test", "--client", "foo").stderr
    assert stderr.count("must be an address") == 1, stderr


def test_what_is_wrong_with_a_file_names_it(server):
    server.write("steering.json", '{ "pools": 7 }')
    stderr = server.steerctl("reload").stderr
    assert "%s:1:12: /pools: " % (server.directory / "steering.json") in stderr, stderr


BODIES = ["no json", "[]", "null", '{"items": [7, null, [], {}]}', '{"items": [{"name": 7}]}',
          '{"endpoints": [null], "services": {}, "steered": []}', '{"steps": [{}, 7], "answers": 7}']
COMMANDS = [["status"], ["endpoints"], ["top"], ["history"], ["events"], ["records", "example.test"], ["list", "pools"],
            ["get", "pools/us"], ["explain", "www.example.test"], ["names", "endpoints"], ["names", "objects"],
            ["drain", "us/a"], ["set-weight", "us/a", "1"], ["wait", "healthy", "us/a", "--timeout", "1s"],
            ["wait", "drained", "us/a", "--timeout", "1s"], ["edit", "pools/us"], ["reload"]]


@pytest.mark.parametrize("body", BODIES)
def test_what_is_no_steerd_does_not_crash_it(tmp_path, body):
    """Somebody else's web server answers every path with the same."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = answer

        def log_message(self, *_):
            pass
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
    env = dict(os.environ, STEERD_URL="http://127.0.0.1:%d" % web.server_port, STEERD_TOKEN="0" * 64,
               STEERCTL_CONFIG="/dev/null", EDITOR="true", TMPDIR=str(tmp_path))

    def run(command):
        return command, subprocess.run([STEERCTL, *command], capture_output=True, text=True, env=env, timeout=60,
                                       stdin=subprocess.DEVNULL)
    try:
        with concurrent.futures.ThreadPoolExecutor(9) as threads:
            for command, result in threads.map(run, COMMANDS):
                assert 0 <= result.returncode <= 5 and "Sanitizer" not in result.stderr, (command, result.stderr)
                assert "runtime error" not in result.stderr, (command, result.stderr)
    finally:
        web.shutdown()
        web.server_close()


# ---- https


class TlsDoor:
    """Shows a certificate, demands one, and passes what comes on to the API."""

    def __init__(self, directory, port):
        self.port = port
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.pem -days 2 " \
               "-subj /CN=%s -addext subjectAltName=IP:127.0.0.1"
        for name in ("server", "client"):
            subprocess.run((make % (name, name, name)).split(), cwd=directory, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "server.pem", directory / "server.key")
        context.load_verify_locations(directory / "client.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        door = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    with context.wrap_socket(self.request, server_side=True) as visitor, socket.create_connection(
                            ("127.0.0.1", door.port)) as api:
                        threading.Thread(target=door.pump, args=(visitor, api), daemon=True).start()
                        door.pump(api, visitor)
                except OSError:
                    pass  # who shows no certificate is not let in

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            while block := source.recv(65536):
                sink.sendall(block)
        except OSError:
            pass

    @property
    def url(self):
        return "https://127.0.0.1:%d" % self.server.server_address[1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_https_verifies_the_server_and_shows_a_certificate(server):
    door = TlsDoor(server.directory, server.api_port)
    here = server.directory
    ours = ("--cert", str(here / "client.pem"), "--key", str(here / "client.key"))
    try:
        assert "generation" in done(server.steerctl("status", "--url", door.url, "--ca", str(here / "server.pem"), *ours))
        stranger = server.steerctl("status", "--url", door.url, *ours)
        assert stranger.returncode == NO_SERVER and "certificate" in stranger.stderr
        assert server.steerctl("status", "--url", door.url, "--ca", str(here / "server.pem")).returncode == NO_SERVER
        token = str(here / "state" / "admin.token")
        server.write("steerctl.json", {"profile": "far", "profiles": {"far": {
            "url": door.url, "token_file": token, "ca": str(here / "server.pem"), "cert": str(here / "client.pem"),
            "key": str(here / "client.key")}}})
        env = {key: value for key, value in os.environ.items() if not key.startswith("STEER")}
        env["STEERCTL_CONFIG"] = str(here / "steerctl.json")
        assert "us/a" in done(subprocess.run([STEERCTL, "endpoints"], capture_output=True, text=True, env=env, timeout=30))
    finally:
        door.close()


def test_the_last_endpoint_of_a_service_goes_by_force_only(server):
    done(server.steerctl("drain", "us/a"))
    refused = server.steerctl("drain", "us/b")
    assert refused.returncode == REFUSED and "www.example.test" in refused.stderr and "--force" in refused.stderr
    assert server.endpoint("us", "b")["override"] is None
    done(server.steerctl("drain", "us/b", "--force"))
    assert server.endpoint("us", "b")["override"]["state"] == "drain"
