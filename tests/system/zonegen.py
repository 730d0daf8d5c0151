# SPDX-License-Identifier: GPL-3.0-or-later
"""Random zones that any authoritative server loads, and random questions near, at, below and above what they hold.

A name is a tuple of labels (bytes), the leftmost first.  The labels are few, so that names meet: what one step makes a
wildcard's sibling, another makes an empty non-terminal or puts below a cut.
"""
import base64

LABELS = [b"a", b"b", b"c", b"d", b"www", b"mail", b"*", b"*", b"x", b"_tcp", b"ENT", b"with.dot", b"nul\0byte", b"sp ace",
          b"\xff\xfe", b'quo"te', b"l" * 63, b"0"]
ODD = [b"zz", b"*", b"a*", b"A", b"\0", b"m" * 63, b"~", b"_", b"B"]
APEXES = ["alpha.test.", "beta.test.", "sub.alpha.test.", "deep.sub.alpha.test.", "a.beta.test.", "Gamma.Example.",
          "2.0.192.in-addr.arpa.", "b.c.beta.test.", "redirect.test."]
FOREIGN = [(b"www", b"elsewhere", b"invalid"), (b"ns", b"provider", b"invalid")]
TTLS = [0, 60, 300, 3600, 86400]

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "RP": 17, "AFSDB": 18,
         "RT": 21, "AAAA": 28, "LOC": 29, "SRV": 33, "NAPTR": 35, "KX": 36, "CERT": 37, "DNAME": 39, "APL": 42, "DS": 43,
         "SSHFP": 44, "DNSKEY": 48, "DHCID": 49, "TLSA": 52, "SMIMEA": 53, "CDS": 59, "CDNSKEY": 60, "OPENPGPKEY": 61,
         "CSYNC": 62, "SVCB": 64, "HTTPS": 65, "SPF": 99, "NID": 104, "L32": 105, "L64": 106, "LP": 107, "EUI48": 108,
         "EUI64": 109, "ANY": 255, "URI": 256, "CAA": 257, "TYPE65280": 65280}


def wire(name):
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def parse(text):
    return tuple(label.encode() for label in text.rstrip(".").split(".") if label)


def text_of(name):
    """Presentation format, absolute."""
    def escape(byte):
        if byte in b'.\\"();@$':
            return "\\" + chr(byte)
        return chr(byte) if 33 <= byte <= 126 else "\\%03d" % byte
    return "".join("".join(map(escape, label)) + "." for label in name) or "."


def fold(name):
    return tuple(label.lower() for label in name)


def is_below(name, top):
    """At or below."""
    return len(name) >= len(top) and fold(name[len(name) - len(top):]) == fold(top)


def fits(name):
    return len(wire(name)) <= 255


class World:
    """A few zones that refer to each other.  `zones`: apex text -> {owner: {type: (ttl, [rdata text])}}."""

    def __init__(self, rng, names_a_zone=60):
        self.rng = rng
        apexes = rng.sample(APEXES, rng.randrange(5, len(APEXES) + 1))
        apexes += ["alpha.test."] if "alpha.test." not in apexes else []
        apexes += rng.choice(([], [], ["test."], ["."]))
        self.apexes = {apex: parse(apex) for apex in apexes}
        self.targets = list(FOREIGN)
        self.zones = {apex: {} for apex in apexes}
        for apex in apexes:
            for _ in range(names_a_zone):
                self.targets.append(self.owner_in(apex))
        for apex in apexes:
            self.fill(apex, names_a_zone)
        self.owners = [(apex, owner) for apex, zone in self.zones.items() for owner in zone]

    # ---- names

    def owner_in(self, apex):
        top = self.apexes[apex]
        while True:
            name = tuple(self.rng.choice(LABELS) for _ in range(self.rng.choice((1, 1, 2, 2, 3, 4)))) + top
            if fits(name):
                return name

    def target(self):
        name = self.rng.choice(self.targets)
        if self.rng.random() < 0.2 and fits((b"zz",) + name):
            name = (b"zz",) + name
        return text_of(fold(name))

    # ---- zones

    def fill(self, apex, count):
        rng, top, zone = self.rng, self.apexes[apex], self.zones[apex]
        ttl = rng.choice(TTLS)
        zone[top] = {"SOA": (ttl, ["%s %s 7 7200 900 1209600 %d" % (self.target(), self.target(), rng.choice(TTLS))]),
                     "NS": (rng.choice(TTLS), sorted({self.target() for _ in range(rng.randrange(1, 4))}))}
        self.put_data(zone[top], at_apex=True)
        if apex == "redirect.test." and rng.random() < 0.5:
            zone[top]["DNAME"] = (60, [self.target()])
            return
        for child, name in self.apexes.items():  # most of our child zones are delegated as they should be
            if child not in (apex, "redirect.test.") and is_below(name, top) and rng.random() < 0.8:
                self.put_cut(zone, name)
        for _ in range(count):
            owner = self.owner_in(apex)
            if any(fold(owner) == fold(other) for other in zone):
                continue
            is_childs = any(len(other) > len(top) and is_below(owner, other) for other in self.apexes.values())
            if is_childs:
                continue  # NSD holds all zones in one tree and would mix them up
            roll = rng.random()
            if roll < 0.15:
                zone[owner] = {"CNAME": (rng.choice(TTLS), [self.target()])}
            elif roll < 0.22 and owner[0] != b"*":
                zone[owner] = {"DNAME": (rng.choice(TTLS), [self.target()])}
                if rng.random() < 0.5:
                    self.put_data(zone[owner])
            elif roll < 0.32 and owner[0] != b"*":
                self.put_cut(zone, owner)
            else:
                zone[owner] = {}
                self.put_data(zone[owner])
        self.prune(zone, top)

    def put_cut(self, zone, owner):
        rng = self.rng
        if any(fold(owner) == fold(other) for other in zone):
            return
        hosts = []
        for index in range(rng.randrange(1, 4)):
            kind = rng.random()
            if kind < 0.5:
                host = (b"ns%d" % index,) + owner if fits((b"ns0",) + owner) else owner
            elif kind < 0.6:
                host = owner
            else:
                host = rng.choice(self.targets)
            hosts.append(host)
            if kind < 0.6 and rng.random() < 0.8:
                entry = zone.setdefault(hosts[-1], {})
                if rng.random() < 0.9:
                    entry["A"] = (rng.choice(TTLS), ["192.0.2.%d" % rng.randrange(256)])
                if rng.random() < 0.5:
                    entry["AAAA"] = (rng.choice(TTLS), ["2001:db8::%x" % rng.randrange(65536) for _ in range(2)])
        entry = zone.setdefault(owner, {})
        entry["NS"] = (rng.choice(TTLS), sorted({text_of(fold(host)) for host in hosts}))
        if rng.random() < 0.4:
            entry["DS"] = (rng.choice(TTLS), [self.rdata("DS")])
        is_ours = any(fold(owner) == fold(name) for name in self.apexes.values())
        if rng.random() < 0.3 and fits((b"*",) + owner) and not is_ours:  # occluded
            zone[(b"*",) + owner] = {"TXT": (60, ['"occluded"'])}

    def prune(self, zone, top):
        """Takes away what some servers refuse: names below a DNAME, and names that differ only in case."""
        redirects = [owner for owner, sets in zone.items() if "DNAME" in sets]
        for owner in list(zone):
            if any(other is not owner and is_below(owner, other) and fold(owner) != fold(other) for other in redirects):
                del zone[owner]
        for owner in [owner for owner, sets in zone.items() if not sets]:
            del zone[owner]
        for owner in redirects:  # above a zone of ours NSD takes it for a mistake; at a cut it is one
            is_above = any(len(apex) > len(owner) and is_below(apex, owner) for apex in self.apexes.values())
            if owner in zone and owner != top and (is_above or "NS" in zone[owner]):
                del zone[owner]["DNAME"]

    def put_data(self, entry, at_apex=False):
        rng = self.rng
        kinds = ["A", "AAAA", "TXT", "MX", "PTR", "SRV", "NAPTR", "CAA", "SVCB", "HTTPS", "TLSA", "SSHFP", "LOC", "URI",
                 "HINFO", "TYPE65280", "RP", "AFSDB", "RT", "KX", "CERT", "APL", "DHCID", "SMIMEA", "OPENPGPKEY", "CSYNC",
                 "SPF", "NID", "L32", "L64", "LP", "EUI48", "EUI64"]
        chosen = rng.sample(kinds, rng.randrange(1, 4)) + rng.sample(kinds[:5], rng.randrange(2))
        if at_apex:
            chosen += rng.sample(["DNSKEY", "CDS", "CDNSKEY"], rng.randrange(3))
        for kind in chosen:
            many = rng.random() < 0.06 and kind not in ("LOC", "CSYNC")
            count = rng.choice((20, 40, 80)) if many else rng.choice((1, 1, 2, 3))
            rdatas = list(dict.fromkeys(self.rdata(kind) for _ in range(count)))
            entry[kind] = (rng.choice(TTLS), rdatas)

    # ---- rdata

    def rdata(self, kind):
        rng = self.rng
        number = lambda top=65536: rng.randrange(top)
        hexes = lambda size: bytes(rng.randrange(256) for _ in range(size)).hex()
        base = lambda size: base64.b64encode(bytes(rng.randrange(256) for _ in range(size))).decode()
        string = lambda: '"%s"' % "".join(rng.choice("abc \\\"%") for _ in range(rng.choice((0, 5, 40)))).replace(
            "\\", "\\\\").replace('"', '\\"')
        generic = lambda data: "\\# %d %s" % (len(data) // 2, data)
        simple = {
            "A": lambda: "192.0.2.%d" % number(256),
            "AAAA": lambda: "2001:db8::%x" % number(),
            "TXT": lambda: " ".join(string() for _ in range(rng.randrange(1, 4))),
            "MX": lambda: "%d %s" % (number(100), self.target()),
            "PTR": self.target,
            "SRV": lambda: "%d %d %d %s" % (number(), number(), number(), self.target()),
            "NAPTR": lambda: '%d %d "u" "E2U+sip" "!^.*$!sip:x@y!" %s' % (number(), number(), self.target()),
            "CAA": lambda: '%d issue "ca%d.test"' % (rng.choice((0, 128)), number()),
            "SVCB": lambda: self.svcb(),
            "HTTPS": lambda: self.svcb(),
            "TLSA": lambda: "3 1 1 " + hexes(32),
            "SMIMEA": lambda: "3 1 1 " + hexes(32),
            "SSHFP": lambda: "4 2 " + hexes(32),
            "LOC": lambda: "%d 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m" % number(90),
            "URI": lambda: '%d %d "ftp://%d.test/"' % (number(), number(), number()),
            "HINFO": lambda: '"cpu%d" "os"' % number(),
            "TYPE65280": lambda: generic(hexes(number(60))),
            "RP": lambda: "%s %s" % (self.target(), self.target()),
            "AFSDB": lambda: "%d %s" % (number(), self.target()),
            "RT": lambda: "%d %s" % (number(), self.target()),
            "KX": lambda: "%d %s" % (number(), self.target()),
            "CERT": lambda: "1 %d 5 %s" % (number(), base(20)),
            "APL": lambda: "1:192.0.2.%d/32 !2:2001:db8::/32" % number(256),
            "DHCID": lambda: base(35),
            "OPENPGPKEY": lambda: base(50),
            "CSYNC": lambda: "%d 3 A NS AAAA" % number(),
            "SPF": string,
            "NID": lambda: "%d %04x:0000:0000:0001" % (number(), number()),
            "L32": lambda: "%d 192.0.2.%d" % (number(), number(256)),
            "L64": lambda: "%d 2001:0db8:%04x:0000" % (number(), number()),
            "LP": lambda: "%d %s" % (number(), self.target()),
            "EUI48": lambda: "00-00-5e-00-%02x-%02x" % (number(256), number(256)),
            "EUI64": lambda: "00-00-5e-ef-00-00-%02x-%02x" % (number(256), number(256)),
            "DS": lambda: "%d 13 2 %s" % (number(), hexes(32)),
            "CDS": lambda: "%d 13 2 %s" % (number(), hexes(32)),
            "DNSKEY": lambda: "257 3 13 " + base(64),
            "CDNSKEY": lambda: "257 3 13 " + base(64),
        }
        return simple[kind]()

    def svcb(self):
        if self.rng.random() < 0.3:
            return "0 " + self.target()
        name = self.rng.choice((".", self.target()))
        return "%d %s alpn=\"h2,h3\" port=%d ipv4hint=192.0.2.%d key667=x" % (
            self.rng.randrange(1, 9), name, self.rng.randrange(65536), self.rng.randrange(256))

    # ---- services

    def choose_services(self):
        """Names whose addresses a service can give as well: apex text -> {owner}.  Their A and AAAA get one TTL."""
        chosen = {}
        for apex, zone in self.zones.items():
            top = self.apexes[apex]
            cuts = [owner for owner, sets in zone.items() if owner != top and ("NS" in sets or "DNAME" in sets)]
            for owner, sets in zone.items():
                addresses = [len(sets[kind][1]) for kind in ("A", "AAAA") if kind in sets]
                is_occluded = any(is_below(owner, cut) for cut in cuts)
                if addresses and max(addresses) <= 8 and not is_occluded and self.rng.random() < 0.6:
                    ttl = max(sets[kind][0] for kind in ("A", "AAAA") if kind in sets)
                    for kind in ("A", "AAAA"):
                        if kind in sets:
                            sets[kind] = (ttl, sets[kind][1])
                    chosen.setdefault(apex, set()).add(owner)
        return chosen

    def services(self, apex, owners):
        """As steering.json has them: every address is an endpoint."""
        out, top = {}, self.apexes[apex]
        for owner in owners:
            sets = self.zones[apex][owner]
            endpoints = [{family: address} for kind, family in (("A", "ipv4"), ("AAAA", "ipv6"))
                         for address in sets.get(kind, (0, []))[1]]
            ttl = next(sets[kind][0] for kind in ("A", "AAAA") if kind in sets)
            name = text_of(owner[:len(owner) - len(top)])[:-1] or "@"
            out[name] = {"ttl": ttl, "policy": {"round_robin": endpoints}}
        return out

    # ---- master files

    def master_file(self, apex, services=()):
        lines = ["$TTL 77"]
        for owner, sets in self.zones[apex].items():
            for kind, (ttl, rdatas) in sorted(sets.items(), key=lambda item: item[0] != "SOA"):
                if owner in services and kind in ("A", "AAAA"):
                    continue
                lines += ["%s %d IN %s %s" % (text_of(owner), ttl, kind, rdata) for rdata in rdatas]
        return "\n".join(lines) + "\n"

    def master_files(self):
        return {apex: self.master_file(apex) for apex in self.zones}

    # ---- questions

    def question(self):
        """(qname in wire form, type number)."""
        rng = self.rng
        apex, owner = rng.choice(self.owners)
        sets = self.zones[apex][owner]
        name = self.near(owner)
        if rng.random() < 0.05:
            name = rng.choice(self.targets)
        while not fits(name):
            name = name[1:]
        if rng.random() < 0.4:
            name = tuple(bytes(byte ^ 0x20 if chr(byte).isalpha() and byte < 128 and rng.random() < 0.5 else byte
                               for byte in label) for label in name)
        roll = rng.random()
        if roll < 0.45 and sets:
            kind = rng.choice(list(sets))
        elif roll < 0.75:
            kind = rng.choice(("A", "AAAA", "NS", "DS", "SOA", "CNAME", "DNAME", "MX", "ANY", "TXT"))
        else:
            kind = rng.choice(list(TYPES))
        return wire(name), TYPES[kind]

    def near(self, owner):
        rng = self.rng
        roll = rng.random()
        if roll < 0.45:
            return owner
        if roll < 0.65:  # below
            return tuple(rng.choice(LABELS + ODD) for _ in range(rng.choice((1, 1, 1, 2, 3)))) + owner
        if roll < 0.85:  # beside
            return (rng.choice(LABELS + ODD),) + owner[1:]
        if roll < 0.95:  # above
            return owner[rng.randrange(len(owner) + 1):]
        name = owner  # so long that a DNAME makes it longer than a name may be
        while fits((b"q" * 40,) + name):
            name = (b"q" * 40,) + name
        return name
