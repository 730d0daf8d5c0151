#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server to steer users to: says who it is, and that it is well.  backend.py ADDRESS [PORT]"""
import http.server
import os
import sys


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"ok\n" if self.path == "/healthz" else ("hello from %s\n" % self.server.server_address[0]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: backend.py ADDRESS [PORT]")
    address, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 8080
    try:
        server = http.server.ThreadingHTTPServer((address, port), Backend)
    except OSError as error:
        sys.exit("backend %s:%d: %s" % (address, port, error.strerror))
    print("backend %s:%d: pid %d" % (address, port, os.getpid()), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
