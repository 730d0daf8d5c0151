# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes small country databases in the MaxMind format (version 2.0), to know what is in them."""
import ipaddress
import struct

UTF8, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


def control(kind, size):
    assert size < 29 + 256
    head, tail = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([kind << 5 | head]) + tail if kind < 8 else bytes([head, kind - 7]) + tail


def string(text):
    raw = text.encode()
    return control(UTF8, len(raw)) + raw


def number(kind, value):
    raw = value.to_bytes(8, "big").lstrip(b"\0")
    return control(kind, len(raw)) + raw


def mapping(members):
    return control(MAP, len(members)) + b"".join(string(key) + value for key, value in members.items())


def place(continent, country):
    return mapping({"continent": mapping({"code": string(continent)}), "country": mapping({"iso_code": string(country)})})


def tree_bits(prefix):
    """IPv4 lives at ::/96 of the one IPv6 tree."""
    network = ipaddress.ip_network(prefix)
    address = int(network.network_address)
    length = network.prefixlen + (96 if network.version == 4 else 0)
    return [address >> (127 - bit) & 1 for bit in range(length)]


def build_tree(leaves):
    """leaves: bits -> offset of the data.  Nodes are pairs of None, ("node", n), ("data", offset)."""
    nodes = [[None, None]]
    for bits, offset in leaves:
        at = 0
        for bit in bits[:-1]:
            if nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = ("node", len(nodes) - 1)
            at = nodes[at][bit][1]
        nodes[at][bits[-1]] = ("data", offset)
    return nodes


def write_mmdb(path, places):
    """places: prefix -> (continent, country)."""
    data, offsets, leaves = b"", {}, []
    for prefix, where in places.items():
        if where not in offsets:
            offsets[where] = len(data)
            data += place(*where)
        leaves.append((tree_bits(prefix), offsets[where]))
    nodes = build_tree(leaves)
    count = len(nodes)

    def record(entry):
        if entry is None:
            return count
        return entry[1] if entry[0] == "node" else count + 16 + entry[1]

    tree = b"".join(struct.pack(">II", record(left), record(right)) for left, right in nodes)
    metadata = mapping({
        "binary_format_major_version": number(UINT16, 2),
        "binary_format_minor_version": number(UINT16, 0),
        "build_epoch": number(UINT64, 1700000000),
        "database_type": string("Test-Country"),
        "description": mapping({"en": string("made for tests")}),
        "ip_version": number(UINT16, 6),
        "languages": control(ARRAY, 1) + string("en"),
        "node_count": number(UINT32, count),
        "record_size": number(UINT16, 32),
    })
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + metadata)
    path.chmod(0o644)
