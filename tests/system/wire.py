# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS messages read byte by byte, more strictly than a resolver would: whoever accepts this, accepts anything."""
import struct

HEADER_SIZE = 12
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
A, NS, CNAME, SOA, MX, AAAA, SRV, NAPTR, DNAME, OPT, DS, ANY = 1, 2, 5, 6, 15, 28, 33, 35, 39, 41, 43, 255
HINFO, AFSDB, RT, KX, SVCB, HTTPS = 13, 18, 21, 36, 64, 65
YXDOMAIN = 6

# Where names stand in rdata: bytes in front, names.  Only the types of RFC 1035 may be compressed (RFC 3597 §4).
COMPRESSIBLE = {2: (0, 1), 3: (0, 1), 4: (0, 1), 5: (0, 1), 6: (0, 2), 7: (0, 1), 8: (0, 1), 9: (0, 1), 12: (0, 1),
                14: (0, 2), 15: (2, 1)}
PLAIN = {17: (0, 2), 18: (2, 1), 21: (2, 1), 26: (2, 2), 33: (6, 1), 36: (2, 1), 39: (0, 1), 107: (2, 1)}


class Malformed(Exception):
    pass


def lower(name):
    return name.lower()  # length bytes are below "A"


def read_name(packet, at, may_point=True):
    """(name in wire form, where it ends).  A pointer must go back, to the start of something read before."""
    name, end, floor = b"", None, at
    while True:
        if at >= len(packet):
            raise Malformed("a name runs over the end")
        length = packet[at]
        if length >= 0xc0:
            if not may_point:
                raise Malformed("a compressed name where none may be")
            target = struct.unpack_from(">H", packet, at)[0] & 0x3fff
            end = at + 2 if end is None else end
            if not HEADER_SIZE <= target < floor:
                raise Malformed("a pointer to %d at %d" % (target, at))
            at = floor = target
            continue
        if length > 63:
            raise Malformed("a label type of 0x%02x" % length)
        name += packet[at:at + 1 + length]
        at += 1 + length
        if len(name) > 255 or at > len(packet):
            raise Malformed("a name of %d bytes" % len(name))
        if length == 0:
            return name, at if end is None else end


def skip_strings(rdata, count, at):
    for _ in range(count):
        at += 1 + rdata[at]
    return at


class Record:
    """One RR; names in lowercase and uncompressed, so that equal records have equal bytes."""
    __slots__ = ("owner", "type", "cls", "ttl", "rdata")

    def __init__(self, owner, kind, cls, ttl, rdata):
        self.owner, self.type, self.cls, self.ttl, self.rdata = owner, kind, cls, ttl, rdata

    @property
    def key(self):
        return self.owner, self.type, self.ttl, self.rdata

    def __repr__(self):
        import dns.name
        import dns.rdata
        import dns.rdatatype
        owner = dns.name.from_wire(self.owner, 0)[0]
        try:
            text = dns.rdata.from_wire(1, self.type, self.rdata, 0, len(self.rdata)).to_text()
        except Exception:  # whatever it is, it is shown
            text = self.rdata.hex()
        return "%s %d %s %s" % (owner, self.ttl, dns.rdatatype.to_text(self.type), text[:200])


def read_rdata(packet, kind, start, size):
    end = start + size
    if kind in COMPRESSIBLE or kind in PLAIN:
        front, count = COMPRESSIBLE.get(kind) or PLAIN[kind]
        at, out = start + front, packet[start:start + front]
        for _ in range(count):
            name, at = read_name(packet, at, kind in COMPRESSIBLE)
            out += lower(name)
        if at > end:
            raise Malformed("a name runs over its rdata")
        return out + packet[at:end]
    rdata = packet[start:end]
    if kind == NAPTR:
        at = skip_strings(rdata, 3, 4)
        return rdata[:at] + lower(rdata[at:])
    if kind in (A, AAAA) and size != (4 if kind == A else 16):
        raise Malformed("an address of %d bytes" % size)
    return rdata


class Message:
    """A reply, parsed without mercy; only that a record stands there twice may be forgiven."""

    def __init__(self, packet, may_repeat=False):
        self.may_repeat = may_repeat
        if len(packet) < HEADER_SIZE:
            raise Malformed("no header")
        self.packet = packet
        self.id, self.flags, questions, *counts = struct.unpack_from(">6H", packet)
        self.rcode = self.flags & 15
        self.opt = None
        at = HEADER_SIZE
        if questions > 1:
            raise Malformed("%d questions" % questions)
        for _ in range(questions):
            self.qname, at = read_name(packet, at, may_point=False)
            at += 4
        self.question = packet[HEADER_SIZE:at]
        self.sections = []
        for section, count in enumerate(counts):
            records, at = self.read_section(at, count, section == 2)
            self.sections.append(records)
        if at != len(packet):
            raise Malformed("%d bytes behind the last record" % (len(packet) - at))
        self.answer, self.authority, self.additional = self.sections

    def read_section(self, at, count, is_additional):
        records, seen = [], set()
        for _ in range(count):
            owner, at = read_name(self.packet, at)
            if at + 10 > len(self.packet):
                raise Malformed("a record is cut")
            kind, cls, ttl, size = struct.unpack_from(">HHIH", self.packet, at)
            at += 10
            if at + size > len(self.packet):
                raise Malformed("rdata runs over the end")
            rdata = read_rdata(self.packet, kind, at, size)
            at += size
            record = Record(lower(owner), kind, cls, ttl, rdata)
            if kind == OPT:
                self.take_opt(record, is_additional)
                continue
            if (record.owner, kind, rdata) in seen and not self.may_repeat:
                raise Malformed("twice: %r" % record)
            seen.add((record.owner, kind, rdata))
            records.append(record)
        return records, at

    def take_opt(self, record, is_additional):
        if self.opt is not None or not is_additional or record.owner != b"\0":
            raise Malformed("an OPT too many or out of place")
        at = 0
        while at < len(record.rdata):
            if at + 4 > len(record.rdata):
                raise Malformed("an option is cut")
            at += 4 + struct.unpack_from(">H", record.rdata, at + 2)[0]
        if at != len(record.rdata):
            raise Malformed("an option runs over the end")
        self.opt = record
        self.rcode |= record.ttl >> 24 << 4

    def has(self, flag):
        return bool(self.flags & flag)

    def rrsets(self, section):
        """The RRsets of a section in their order: [(owner, type, ttl), frozenset of rdata]."""
        out = []
        for record in section:
            head = (record.owner, record.type, record.ttl)
            if out and out[-1][0] == head:
                out[-1][1].append(record.rdata)
            else:
                out.append((head, [record.rdata]))
        return [(head, frozenset(rdatas)) for head, rdatas in out]

    def __repr__(self):
        names = [(QR, "qr"), (AA, "aa"), (TC, "tc"), (RD, "rd"), (RA, "ra"), (AD, "ad"), (CD, "cd")]
        flags = " ".join(name for bit, name in names if self.flags & bit)
        lines = ["rcode %d, %s, %d bytes" % (self.rcode, flags, len(self.packet))]
        for title, section in zip(("answer", "authority", "additional"), self.sections):
            lines += ["   %-10s %r" % (title, record) for record in section[:12]]
            if len(section) > 12:
                lines.append("   %-10s … %d in all" % (title, len(section)))
        return "\n".join(lines)


def question(name, kind, cls=1):
    """A question section; `name` is wire form."""
    return name + struct.pack(">HH", kind, cls)


def query(ident, name, kind, payload=None, flags=0):
    """A query as a resolver sends it; `payload` None means without EDNS."""
    opt = b"" if payload is None else struct.pack(">BHHIH", 0, OPT, payload, 0, 0)
    return struct.pack(">6H", ident, flags, 1, 0, 0, 1 if opt else 0) + question(name, kind) + opt
