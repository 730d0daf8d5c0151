# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are well until told otherwise, each on an address of its own: every way to die that a check knows."""
import ctypes
import socket
import ssl
import struct
import subprocess
import threading
import time

import dns.message
import dns.rcode
import dns.rrset

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27


def drop_all_packets(listener):
    """The kernel drops what comes to this socket, connection requests too, as a firewall on the way would."""
    drop = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # one instruction of BPF: return 0
    program = struct.pack("HP", 1, ctypes.addressof(drop))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def may_drop_packets():
    """Newer kernels want CAP_NET_ADMIN for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        try:
            drop_all_packets(listener)
            return True
        except PermissionError:
            return False


class FaultyServer:
    """TCP: `fault` names what is wrong with it, "" is well."""

    def __init__(self, address, certificates=None):
        self.address, self.fault = address, ""
        self.certificates = certificates
        self.listener = socket.create_server((address, 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.is_over = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.is_over:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        peer.settimeout(10)
        try:
            with self.secured(peer) as stream:
                self.answer(stream)
        except (OSError, ssl.SSLError):
            peer.close()

    def secured(self, peer):
        if self.certificates is None or self.fault == "silence":
            return peer
        name = self.fault if self.fault in ("expired", "wrong_name") else "good"
        return self.certificates.context(name).wrap_socket(peer, server_side=True)

    def answer(self, peer):
        if self.fault == "silence":
            peer.recv(1)  # and nothing more: until the check gives up
            while peer.recv(4096):
                pass
            return
        if self.fault == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        request = b""
        while b"\r\n\r\n" not in request:
            more = peer.recv(4096)
            if not more:
                return
            request += more
        self.reply(peer)

    def reply(self, peer):
        if self.fault == "half":
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
        elif self.fault == "half_held":
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
            while peer.recv(4096):
                pass
        elif self.fault == "error":
            peer.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        elif self.fault == "trickle":
            for byte in OK:
                peer.sendall(bytes([byte]))
                time.sleep(0.05)
        else:
            peer.sendall(OK)

    def fall(self, fault):
        self.fault = fault
        if fault == "refused":
            self.close()
        elif fault == "dropped":
            drop_all_packets(self.listener)

    def close(self):
        self.is_over = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()


class FaultyNameServer:
    """DNS over UDP."""

    def __init__(self, address):
        self.address, self.fault = address, ""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(packet)
            reply = dns.message.make_response(query)
            address = "192.0.2.2" if self.fault == "wrong_answer" else "192.0.2.1"
            reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address))
            if self.fault == "servfail":
                reply.answer.clear()
                reply.set_rcode(dns.rcode.SERVFAIL)
            if self.fault != "silence":
                self.socket.sendto(reply.to_wire(), peer)

    def fall(self, fault):
        self.fault = fault

    def close(self):
        self.socket.close()


class Certificates:
    """One key, three certificates; all of them are trusted by `ca_file`."""

    def __init__(self, directory, name):
        self.directory = directory
        make = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out %s.pem "
                "-days 2 -subj /CN=web -addext subjectAltName=DNS:%s")
        self.run(make % ("wrong_name", "other.example.test"))
        self.run((make % ("good", name)).replace("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout",
                                                 "-key"))
        self.run("openssl x509 -in good.pem -signkey key.pem -days -1 -out expired.pem")
        names = ("good", "expired", "wrong_name")
        self.ca_file = directory / "ca.pem"
        self.ca_file.write_text("".join((directory / (one + ".pem")).read_text() for one in names))
        self.contexts = {one: self.load(one) for one in names}

    def run(self, command):
        subprocess.run(command.split(), cwd=self.directory, check=True, capture_output=True)

    def load(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / (name + ".pem"), self.directory / "key.pem")
        return context

    def context(self, name):
        return self.contexts[name]
