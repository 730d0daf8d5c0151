# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are malformed, ambiguous or sly, byte by byte: each gets one clear answer, or none, and does no harm."""
import re
import socket

import pytest

from harness import pool, world

HOST = b"Host: x\r\n"
CLOSED = None  # the connection ends without a word


@pytest.fixture(scope="module")
def server(shared_daemon):
    return shared_daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1")}))


def exchange(server, request):
    """All that comes back until the server is done with it."""
    chunks = b""
    with socket.create_connection(("127.0.0.1", server.api_port), timeout=20) as stream:
        try:
            stream.sendall(request)
            while True:
                chunk = stream.recv(65536)
                chunks += chunk
                if not chunk:
                    break
                if not is_chunked_open(chunks) and b"Connection: close" not in chunks:
                    stream.settimeout(0.3)  # the rest of a pipeline, if there is one
        except (ConnectionError, socket.timeout):
            pass
    return chunks


def is_chunked_open(reply):
    return b"\r\n\r\n" not in reply


def statuses(reply):
    codes = [int(code) for code in re.findall(rb"^HTTP/1\.[01] (\d\d\d) ", reply, re.M)]
    if b"text/html" in reply or b"<html>" in reply:  # libmicrohttpd's own page, which it may send twice, then closes
        assert b"Connection: close" in reply
        return codes[:1]
    return codes


def get(target, *fields, version=b"1.1"):
    return b"GET %s HTTP/%s\r\n" % (target, version) + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def put(*fields, body=b""):
    return b"PUT /v1/config HTTP/1.1\r\n" + HOST + b"@\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked"

# "@" is replaced by the header with the right token, "#" by the token
CASES = [
    # --- the line
    ("an old client", b"GET /healthz HTTP/1.0\r\n\r\n", [200]),
    ("no version", b"GET /healthz\r\n\r\n", [400]),
    ("a version to come", get(b"/healthz", version=b"2.0"), [505]),
    ("a version that never comes", get(b"/healthz", version=b"9.9"), [505]),
    ("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505]),
    ("something else than HTTP", b"GET /healthz FOO\r\n" + HOST + b"\r\n", [400]),
    ("a blank in the path", get(b"/heal thz"), CLOSED),
    ("tabs for blanks", b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + b"\r\n", CLOSED),
    ("a method in small letters", b"get /healthz HTTP/1.1\r\n" + HOST + b"\r\n", [405]),
    ("an unknown method", b"FROB /v1/status HTTP/1.1\r\n" + HOST + b"@\r\n\r\n", [405]),
    ("a long method", b"G" * 5000 + b" /v1/status HTTP/1.1\r\n" + HOST + b"\r\n", [405]),
    ("TRACE", b"TRACE /v1/status HTTP/1.1\r\n" + HOST + b"@\r\n\r\n", [405]),
    ("CONNECT", b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    ("OPTIONS for all", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    ("the absolute form", get(b"http://elsewhere/healthz"), [200]),
    ("a long path", get(b"/" + b"a" * 40_000), [414]),
    # --- the path
    ("an encoded slash is no slash", get(b"/v1%2fstatus", b"@"), [404]),
    ("an encoded slash in a name", get(b"/v1/pools/us%2fendpoints", b"@"), [404]),
    ("an encoded NUL", get(b"/v1/status%00", b"@"), [400]),
    ("an encoded NUL in a parameter", get(b"/v1/endpoints?pool=us%00", b"@"), [400]),
    ("half an escape", get(b"/v1/status%2", b"@"), [400]),
    ("dots", get(b"/v1/pools/../status", b"@"), [404]),
    ("encoded dots", get(b"/v1/%2e%2e/healthz", b"@"), [404]),
    ("a slash too many", get(b"//healthz"), [404]),
    ("a segment too many", get(b"/v1" + b"/x" * 40, b"@"), [400]),
    ("parameters without end", get(b"/v1/status?" + b"a=b&" * 40, b"@"), [400]),
    # --- the fields
    ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n", [400]),
    ("two Hosts", get(b"/healthz", b"Host: y"), [400]),
    ("a blank before the colon", b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", [400]),
    ("a field without a colon", get(b"/healthz", b"Xxx"), [400]),
    ("a long field", get(b"/healthz", b"X: " + b"a" * 40_000), [431]),
    ("many fields", get(b"/healthz", *[b"X: y"] * 5000), [431]),
    # --- the length of the body
    ("no number", put(b"Content-Length: five"), [400]),
    ("a sign", put(b"Content-Length: +5"), [400]),
    ("less than nothing", put(b"Content-Length: -1"), [400]),
    ("a hexadecimal number", put(b"Content-Length: 0x5"), [400]),
    ("a list", put(b"Content-Length: 5, 5", body=b"{   }"), [400]),
    ("the same twice", put(b"Content-Length: 5", b"Content-Length: 5", body=b"{   }"), [400]),
    ("two lengths", put(b"Content-Length: 5", b"Content-Length: 6", body=b"{   }"), [400]),
    ("too large for a number", put(b"Content-Length: 99999999999999999999"), [413]),
    ("too large for us", put(b"Content-Length: 99999999999"), [413]),
    ("a length, and chunks", put(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"), [400]),
    ("chunks, and a length", put(CHUNKED, b"Content-Length: 5", body=b"0\r\n\r\n"), [400]),
    ("an encoding twice", put(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), [400]),
    ("an unknown encoding", put(b"Transfer-Encoding: gzip", body=b"abc"), [501]),
    ("an encoding inside another", put(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), [501]),
    ("a misspelt encoding", put(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), [501]),
    ("chunks from an old client", b"PUT /v1/config HTTP/1.0\r\n@\r\n" + CHUNKED + b"\r\n\r\n0\r\n\r\n", [400]),
    ("a chunk without a size", put(CHUNKED, body=b"zz\r\n\r\n"), [400]),
    ("a chunk with a C number", put(CHUNKED, body=b"0x2\r\n{}\r\n0\r\n\r\n"), [400]),
    ("a chunk of less than nothing", put(CHUNKED, body=b"-1\r\n{}\r\n0\r\n\r\n"), [400]),
    ("a chunk of everything", put(CHUNKED, body=b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"), [413]),
    ("a chunk longer than it says", put(CHUNKED, body=b"2\r\n{}0\r\n\r\n"), [400]),
    ("a length behind the chunks", put(CHUNKED, body=b"2\r\n{}\r\n0\r\nContent-Length: 7\r\n\r\n"), [428]),
    ("a refused body is not asked for",
     b"PUT /v1/config HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", [401]),
    ("a body that a GET brings", get(b"/healthz", b"Content-Length: 3") + b"abc", [200]),
    # --- who it is
    ("two tokens, the right one first", get(b"/v1/status", b"@", b"Authorization: Bearer x"), [400]),
    ("two tokens, the right one last", get(b"/v1/status", b"Authorization: Bearer x", b"@"), [400]),
    ("a token in the address", get(b"/v1/status?access_token=#"), [401]),
    ("a token under another name", get(b"/v1/status?token=#"), [401]),
    ("a token in a cookie", get(b"/v1/status", b"Cookie: token=#; access_token=#"), [401]),
    ("a token as a password", get(b"/v1/status", b"Authorization: Basic #"), [401]),
    ("a token for a proxy", get(b"/v1/status", b"Proxy-Authorization: Bearer #"), [401]),
    # --- tunnels
    ("a GET that means DELETE", get(b"/v1/pools/us", b"@", b"X-HTTP-Method-Override: DELETE", b"X-HTTP-Method: DELETE",
                                    b"X-Method-Override: DELETE"), [200]),
    ("a POST that means PUT", b"POST /v1/pools/us HTTP/1.1\r\n" + HOST +
     b"@\r\nX-HTTP-Method-Override: PUT\r\nContent-Length: 2\r\n\r\n{}", [405]),
    ("a method in a parameter", get(b"/v1/pools/us?_method=DELETE", b"@"), [400]),
    ("an upgrade", get(b"/healthz", b"Connection: Upgrade", b"Upgrade: websocket"), [200]),
    ("another path by a proxy's field", get(b"/healthz", b"X-Original-URL: /v1/config", b"X-Rewrite-URL: /v1/config"),
     [200]),
    # --- several at once
    ("a pipeline", get(b"/healthz") + get(b"/v1/status") + get(b"/readyz"), [200, 401, 200]),
    ("a pipeline behind a body", put(b"Content-Length: 2", body=b"{}") + get(b"/healthz"), [428, 200]),
    ("no pipeline behind an ambiguous body", put(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n") + get(b"/v1/status", b"@"),
     [400]),
]


@pytest.mark.parametrize("request_bytes,expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_trap_gets_one_clear_answer(server, request_bytes, expected):
    token = server.token.encode()
    request = request_bytes.replace(b"@\r\n", b"Authorization: Bearer " + token + b"\r\n").replace(b"#", token)
    reply = exchange(server, request)
    assert statuses(reply) == (expected or []), reply[:2000]
    assert token not in reply
    assert server.generation() == 1
    assert server.api("GET", "/v1/pools/us").status == 200


@pytest.mark.parametrize("request_bytes", [
    b"OPTIONS /v1/status HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nOrigin: null\r\nConnection: close\r\n\r\n",
])
def test_no_page_of_another_site_may_read_along(server, request_bytes):
    reply = exchange(server, request_bytes)
    assert statuses(reply)
    assert b"Access-Control-" not in reply
    assert b"X-Content-Type-Options: nosniff" in reply and b"Cache-Control: no-store" in reply


def test_a_long_body_of_a_stranger_is_not_read_to_its_end(server):
    with socket.create_connection(("127.0.0.1", server.api_port), timeout=20) as stream:
        stream.sendall(b"PUT /v1/config HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < 64 << 20:
                stream.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
    assert sent < 64 << 20


def test_random_bytes_do_no_harm(server):
    import random
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    words = [b"GET ", b"PUT ", b"/v1/config", b"/healthz", b" HTTP/1.1", b"\r\n", b"\n", b"\r", b"Host: x\r\n", b"\0", b":",
             b"Content-Length: ", b"5", b"Transfer-Encoding: chunked\r\n", b"ff\r\n", b"0\r\n\r\n", b"%00", b"\xff", b" "]
    requests = [b"".join(chance.choice(words) for _ in range(chance.randrange(1, 60))) for _ in range(300)]
    for request in [b"\r\n" * 1000, b"\0" * 100 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00", *requests]:
        with socket.create_connection(("127.0.0.1", server.api_port), timeout=20) as stream:
            stream.sendall(request)
    assert server.api("GET", "/v1/status").status == 200
    assert server.generation() == 1
