# SPDX-License-Identifier: GPL-3.0-or-later
"""A small name server that says what a test wants it to, and falls ill on demand."""
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    def __init__(self, address="127.0.53.7"):
        self.records = {}  # (name, type) → (ttl, [data])
        self.rcode = None  # instead of an answer; "silence": none at all
        self.queries = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.where = "%s:%d" % self.socket.getsockname()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def set(self, name, kind, *data, ttl=1):
        self.records[(name.rstrip(".") + ".", kind)] = (ttl, list(data))

    def clear(self):
        self.records.clear()

    def serve(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
                reply = self.reply(dns.message.from_wire(packet))
                if reply is not None:
                    self.socket.sendto(reply.to_wire(), peer)
            except OSError:  # it is stopped
                return

    def reply(self, query):
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.queries.append((time.monotonic(), name, kind))
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if self.rcode == "silence":
            return None
        if self.rcode is not None:
            reply.set_rcode(self.rcode)
            return reply
        known = {owner for owner, _ in self.records}
        if name not in known:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif (name, kind) in self.records:
            ttl, data = self.records[(name, kind)]
            reply.answer.append(dns.rrset.from_text_list(question.name, ttl, "IN", kind, data))
        return reply

    def asked(self, name):
        return sum(owner == name.rstrip(".") + "." for _, owner, _ in list(self.queries))

    def stop(self):
        self.socket.close()
