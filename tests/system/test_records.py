# SPDX-License-Identifier: GPL-3.0-or-later
"""Records by the API, over what the zone's file says; the serial; included files."""
import json
import urllib.parse

import pytest

from harness import wait_until, world

FILE = """$TTL 300
@ SOA ns1 hostmaster {serial} 7200 900 1209600 300
@ NS ns1
ns1 A 192.0.2.53
www A 192.0.2.1
www TXT "from the file"
old CNAME www
"""
RECORDS = "/v1/zones/example.test/records"


@pytest.fixture
def server(daemon):
    daemon.write("zones/x.zone", FILE.format(serial=2026010100))
    return daemon.start({"zones": {"example.test": {
        "file": "zones/x.zone", "services": {"app": {"policy": {"ipv4": "192.0.2.99"}}}}}})


def path(owner, kind):
    return "%s/%s/%s" % (RECORDS, urllib.parse.quote(owner, safe=""), kind)


def put(server, owner, kind, *values, ttl=60, **more):
    return server.api("PUT", path(owner, kind) + more.pop("query", ""), {"ttl": ttl, "values": list(values)}, **more)


def set_record(server, owner, kind, *values, **more):
    reply = put(server, owner, kind, *values, **more)
    assert reply.status == 200, reply.text
    return reply.json


def serial(server):
    return int(server.answer("example.test", "SOA")[0].split()[2])


# ---- one record

def test_a_record_is_made_replaced_and_taken_away(server):
    set_record(server, "new", "A", "192.0.2.7", "192.0.2.8")
    assert server.answer("new.example.test") == ["192.0.2.7", "192.0.2.8"]
    set_record(server, "new", "A", "192.0.2.9", ttl=5)
    reply = server.query("new.example.test")
    assert [rrset.ttl for rrset in reply.answer] == [5] and server.answer("new.example.test") == ["192.0.2.9"]
    assert server.api("DELETE", path("new", "A")).status == 200
    assert server.query("new.example.test").rcode() == 3
    assert server.api("DELETE", path("new", "A")).status == 404


def test_it_lies_over_the_record_of_the_file(server):
    set_record(server, "www", "A", "192.0.2.7")
    assert server.answer("www.example.test") == ["192.0.2.7"]
    assert server.answer("www.example.test", "TXT") == ['"from the file"']  # another type
    assert server.api("GET", path("www", "A")).json == {
        "owner": "www", "type": "A", "ttl": 60, "values": ["192.0.2.7"], "declared": True}
    assert server.api("GET", path("www", "TXT")).json["declared"] is False


def test_the_record_of_the_file_can_be_taken_away(server):
    assert server.api("DELETE", path("www", "TXT")).status == 200
    assert server.answer("www.example.test", "TXT") == []
    assert server.api("GET", path("www", "TXT")).status == 404
    assert server.api("DELETE", path("www", "TXT")).status == 404
    server.stop()
    server.start()
    assert server.answer("www.example.test", "TXT") == [] and server.answer("www.example.test") == ["192.0.2.1"]
    assert server.api("POST", "/v1/generations/1/rollback").status == 200
    assert server.answer("www.example.test", "TXT") == ['"from the file"']


@pytest.mark.parametrize("owner,name", [
    ("@", "example.test"), ("*", "any.example.test"), ("*.deep", "x.deep.example.test"), ("UP", "up.example.test"),
    ("full.example.test.", "full.example.test"), ("a/b", "a/b.example.test"), ("1\\.2", "1\\.2.example.test"),
    ("_srv._tcp", "_srv._tcp.example.test"), ("x\\.", "x\\..example.test"),
    ("Room\\0321,!#%&'+<=>?[]^`{|}~", "room\\0321,!#%&'+<=>?[]^`{|}~.example.test"),
])
def test_owners_are_relative_to_the_zone(server, owner, name):
    set_record(server, owner, "TXT", "x")
    assert server.answer(name, "TXT") == ['"x"']
    assert server.api("GET", path(owner, "txt")).status == 200
    assert server.api("DELETE", path(owner, "TXT")).status == 200
    assert server.answer(name, "TXT") == []


TYPES = {
    "A": "192.0.2.1", "AAAA": "2001:db8::1", "NS": "ns.example.net.", "CNAME": "other", "DNAME": "example.net.",
    "MX": "10 mail", "TXT": '"one" "two; \\"quoted\\""', "PTR": "host", "SRV": "0 5 443 host",
    "NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp', "CAA": '0 issue "ca.example.net"', "HTTPS": "1 . alpn=h2,h3 port=8443",
    "SVCB": "2 svc ipv4hint=192.0.2.1", "TLSA": "3 1 1 " + "ab" * 32, "SSHFP": "4 2 " + "cd" * 32,
    "LOC": "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", "URI": '10 1 "https://example.net/"',
    "DS": "12345 13 2 " + "ef" * 32, "DNSKEY": "257 3 13 " + "A" * 86 + "==", "CDS": "0 0 0 00",
    "CDNSKEY": "0 3 0 AA==", "RP": "mbox txt", "HINFO": '"cpu" "os"', "AFSDB": "1 host", "CERT": "1 0 0 AAAA",
    "OPENPGPKEY": "AAAA", "SMIMEA": "3 1 1 " + "ab" * 32, "EUI48": "00-00-5e-00-53-2a", "APL": "1:192.0.2.0/24",
    "IPSECKEY": "10 1 2 192.0.2.38 AQNR", "CSYNC": "66 3 A NS AAAA", "ZONEMD": "1 1 1 " + "00" * 48,
    "TYPE65280": "\\# 3 abcdef", "TYPE62347": "\\# 0",
}


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_taken_and_given_back(server, kind):
    set_record(server, "here", kind, TYPES[kind])
    given = server.api("GET", path("here", kind)).json
    assert given["type"] == kind and len(given["values"]) == 1
    before = serial(server)
    set_record(server, "here", kind, *given["values"])  # in other words, the same
    assert serial(server) == before and server.api("GET", path("here", kind)).json["values"] == given["values"]
    if kind not in ("NS", "DNAME"):
        assert len(server.query("here.example.test", kind).answer) == 1


@pytest.mark.parametrize("owner,kind,values,status,said", [
    ("x", "A", ["192.0.2.1", "192.0.2"], 422, "/values/1"),
    ("x", "A", ["192.0.2.1\nwww A 192.0.2.66"], 422, "/values/0"),
    ("x", "TXT", ["( a", "b )"], 422, "/values/"),
    ("x", "A", [""], 422, "/values/0"),
    ("x", "A", "192.0.2.1", 422, "/values"),
    ("x", "CNAME", ["a", "b"], 422, "CNAME"),
    ("old", "A", ["192.0.2.1"], 422, "beside a CNAME"),
    ("www", "CNAME", ["x"], 422, "beside a CNAME"),
    ("app", "A", ["192.0.2.1"], 422, "service"),
    ("x", "SOA", ["a b 1 2 3 4 5"], 422, "apex"),
    ("x", "OPT", ["\\# 0"], 422, "OPT"),
    ("x", "ANY", ["\\# 0"], 422, "ANY"),
    ("x", "NOPE", ["1"], 422, "NOPE"),
    ("x.example.org.", "A", ["192.0.2.1"], 422, "not in this zone"),
    ("a..b", "A", ["192.0.2.1"], 422, "a..b"),
    ("x", "A", ["$INCLUDE /etc/passwd"], 422, "/values/0"),
    ("x", "SVCB", ["1 . port=1 port=2"], 422, "duplicate"),
])
def test_what_a_file_may_not_say_is_refused_with_its_place(server, owner, kind, values, status, said):
    reply = server.api("PUT", path(owner, kind), {"values": values})
    assert reply.status == status and said in reply.text
    assert server.generation() == 1 and server.answer("www.example.test") == ["192.0.2.1"]


@pytest.mark.parametrize("kind", ["SOA", "NS"])
def test_a_zone_keeps_what_it_needs(server, kind):
    assert server.api("DELETE", path("@", kind)).status == 409
    assert len(server.answer("example.test", kind)) == 1


@pytest.mark.parametrize("owner,kind,value,said", [
    ("loop", "CNAME", "loop", "back to itself"), ("sub", "NS", "ns.sub", "no address"),
])
def test_what_is_dubious_is_told(server, owner, kind, value, said):
    assert said in json.dumps(set_record(server, owner, kind, value)["warnings"])


def test_data_below_a_cut_is_told(server):
    set_record(server, "sub", "NS", "ns.example.net.")
    assert set_record(server, "ns.sub", "A", "192.0.2.1")["warnings"] == []  # glue
    assert "never answered" in json.dumps(set_record(server, "a.sub", "TXT", "x")["warnings"])


def test_if_match_and_dry_run_hold_here_too(server):
    assert put(server, "x", "A", "192.0.2.1", headers={"If-Match": '"7"'}).status == 412
    assert put(server, "x", "A", "192.0.2.1", query="?dry_run=true").json["dry_run"] is True
    assert server.query("x.example.test").rcode() == 3 and server.generation() == 1 and serial(server) == 2026010100
    etag = server.api("GET", path("www", "A")).etag
    assert put(server, "x", "A", "192.0.2.1", headers={"If-Match": etag}).status == 200


def test_a_service_stands_beside_other_types(server):
    set_record(server, "app", "TXT", "x")
    assert server.answer("app.example.test") == ["192.0.2.99"] and server.answer("app.example.test", "TXT") == ['"x"']


def test_records_of_zones_without_a_file(daemon):
    server = daemon.start(world({}, records=["www 60 IN A 192.0.2.1"]))
    set_record(server, "www", "A", "192.0.2.7")
    assert server.answer("www.example.test") == ["192.0.2.7"]
    assert server.api("GET", "/v1/zones/other.test/records").status == 404
    assert server.api("PUT", "/v1/zones/other.test/records/a/A", {"values": ["192.0.2.1"]}).status == 422


# ---- lists

def test_the_list_goes_page_by_page_in_canonical_order(daemon):
    names = ["n%d" % number for number in range(500)] + ["a.n%d" % number for number in range(500)]
    server = daemon.start(world({}, records=["%s 60 IN TXT x" % name for name in names]))
    seen, after = [], None
    while True:
        query = "?limit=77" + ("&after=" + urllib.parse.quote(after, safe="") if after else "")
        page = server.api("GET", RECORDS + query).json
        assert len(page["items"]) <= 77
        seen += page["items"]
        after = page["next"]
        if after is None:
            break
    owners = [item["owner"] for item in seen if item["type"] == "TXT"]
    assert sorted(owners) == sorted(names) and len(seen) == len(names) + 3
    assert owners == sorted(owners, key=lambda name: name.split(".")[::-1])
    assert server.api("GET", RECORDS + "?after=nonsense").status == 400
    assert server.api("GET", RECORDS + "?limit=0").status == 400


# ---- the configuration as a whole

def test_the_document_keeps_them_and_brings_them_back(server):
    set_record(server, "www", "A", "192.0.2.7")
    server.api("DELETE", path("www", "TXT"))
    document = server.api("GET", "/v1/config")
    zone = document.json["zones"]["example.test"]
    assert zone["rrsets"] == {"www": {"A": {"ttl": 60, "values": ["192.0.2.7"]}, "TXT": {"values": []}}}
    same = server.api("PUT", "/v1/config", document.json, headers={"If-Match": document.etag})
    assert same.status == 200 and server.generation() == 3
    set_record(server, "more", "A", "192.0.2.8")
    back = server.api("PUT", "/v1/config", document.json, headers={"If-Match": '"4"'})
    assert back.status == 200 and server.query("more.example.test").rcode() == 3
    assert server.answer("www.example.test") == ["192.0.2.7"] and server.answer("www.example.test", "TXT") == []


def test_a_document_that_does_not_speak_of_them_leaves_them(server):
    set_record(server, "www", "A", "192.0.2.7")
    document = server.api("GET", "/v1/config").json
    del document["zones"]["example.test"]["rrsets"]
    assert server.api("PUT", "/v1/config", document, headers={"If-Match": '"2"'}).status == 200
    assert server.answer("www.example.test") == ["192.0.2.7"]
    document["zones"]["example.test"]["rrsets"] = {}
    assert server.api("PUT", "/v1/config", document, headers={"If-Match": '"2"'}).status == 200
    assert server.answer("www.example.test") == ["192.0.2.1"]


def test_a_zone_goes_with_its_records(server):
    set_record(server, "www", "A", "192.0.2.7")
    assert server.api("DELETE", "/v1/zones/example.test").status == 200
    assert server.query("www.example.test").rcode() == 5
    assert server.api("GET", RECORDS).status == 404


# ---- the serial

def test_every_change_serves_the_next_serial(server):
    assert serial(server) == 2026010100
    set_record(server, "a", "A", "192.0.2.7")
    set_record(server, "b", "A", "192.0.2.7")
    assert serial(server) == 2026010102
    server.api("PUT", "/v1/zones/example.test/services/b2", {"policy": {"ipv4": "192.0.2.1"}})
    assert serial(server) == 2026010102  # a service is no record
    server.stop()
    server.start()
    assert serial(server) == 2026010102
    assert server.api("POST", "/v1/generations/1/rollback").status == 200
    assert serial(server) == 2026010103 and server.query("a.example.test").rcode() == 3
    server.kill()
    server.start()
    assert serial(server) == 2026010103


def test_a_serial_may_be_set_forward_but_never_back(server):
    soa = "ns1 hostmaster %d 7200 900 1209600 300"
    set_record(server, "@", "SOA", soa % 2027010100)
    assert serial(server) == 2027010100
    set_record(server, "@", "SOA", soa % 5)
    assert serial(server) == 2027010101
    for forward in (4174493748, 4294967295):  # less than 2^31 ahead each
        set_record(server, "@", "SOA", soa % forward)
        assert serial(server) == forward
    set_record(server, "x", "A", "192.0.2.1")
    assert serial(server) == 0


def test_a_zone_without_an_soa_of_its_own_counts_from_the_start(daemon):
    server = daemon.start({"zones": {"example.test": {"records": ["@ 60 NS ns.example.net."]}}})
    assert serial(server) == 1
    daemon.write("steering.json", {"zones": {"example.test": {"records": ["@ 60 NS ns2.example.net."]}}})
    daemon.hangup()
    wait_until(lambda: serial(server) == 2, 5, "the next serial")


def test_a_file_says_its_serial_as_long_as_nobody_else_changes_the_zone(server):
    server.write("zones/x.zone", FILE.format(serial=2026010200))
    server.hangup()
    wait_until(lambda: serial(server) == 2026010200, 5, "the file's serial")


# ---- included files

HOSTS = "h1 A 192.0.2.11\nh2 A 192.0.2.12\n"


@pytest.fixture
def including(daemon):
    daemon.write("common/ns.inc", "@ NS ns1\nns1 A 192.0.2.53\n")
    daemon.write("zones/parts/hosts.inc", HOSTS + "$INCLUDE more.inc\n")
    daemon.write("zones/parts/more.inc", "h3 A 192.0.2.13\n")
    daemon.write("zones/x.zone", "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n$INCLUDE ../common/ns.inc\n"
                 "$INCLUDE parts/hosts.inc sub.example.test.\nlast A 192.0.2.14\n")
    return daemon.start({"zones": {"example.test": {"file": "zones/x.zone"}}})


def test_included_files_are_part_of_the_zone(including):
    for name, address in (("h1.sub", 11), ("h3.sub", 13), ("last", 14), ("ns1", 53)):
        assert including.answer(name + ".example.test") == ["192.0.2.%d" % address]
    for name in ("common/ns.inc", "zones/parts/hosts.inc", "zones/parts/more.inc"):
        (including.directory / name).unlink()
    including.stop()
    including.start()  # what is stored stands alone
    assert including.answer("h3.sub.example.test") == ["192.0.2.13"]


def test_a_change_of_an_included_file_is_noticed(including):
    including.write("zones/parts/more.inc", "h3 A 192.0.2.33\n")
    including.hangup()
    including.answers_within(5, "h3.sub.example.test", "A", ["192.0.2.33"])


@pytest.mark.parametrize("name,text,said", [
    ("zones/parts/more.inc", "\nh3 A 192.0.2\n", "parts/more.inc:2: "),
    ("zones/parts/more.inc", "h3 A 192.0.2.1\n$INCLUDE hosts.inc\n", "parts/more.inc:2: $INCLUDE: "),
    ("zones/parts/more.inc", "$INCLUDE /etc/passwd\n", "outside"),
    ("zones/parts/more.inc", "$INCLUDE ../../../../../etc/passwd\n", "outside"),
    ("zones/parts/more.inc", "$INCLUDE nowhere.inc\n", "nowhere.inc"),
])
def test_what_is_wrong_with_an_included_file_is_said_with_its_line(including, name, text, said):
    including.write(name, text)
    checked = including.check()
    assert checked.returncode == 1 and said in checked.stderr
    including.hangup()
    wait_until(lambda: said in including.log, 5, "the log to say " + said)
    assert including.answer("h3.sub.example.test") == ["192.0.2.13"]


def test_records_lie_over_included_ones(including):
    set_record(including, "h3.sub", "A", "192.0.2.77")
    assert including.answer("h3.sub.example.test") == ["192.0.2.77"]
    assert including.api("DELETE", path("h1.sub", "A")).status == 200
    assert including.query("h1.sub.example.test").rcode() == 3


# ---- steerctl

def test_steerctl_sets_shows_and_takes_away(server):
    def run(*arguments):
        result = server.steerctl(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout
    assert "generation 2" in run("set-record", "example.test", "new", "A", "60", "192.0.2.7", "192.0.2.8",
                                 "--comment", "more")
    assert server.answer("new.example.test") == ["192.0.2.7", "192.0.2.8"]
    table = run("records", "example.test")
    assert table.splitlines()[0].split() == ["OWNER", "TTL", "TYPE", "DATA"]
    assert ["new", "60", "A", "192.0.2.8"] in [line.split() for line in table.splitlines()]
    listed = json.loads(run("records", "example.test", "--json"))
    assert len(listed["items"]) == 7 and listed["next"] is None
    assert len(json.loads(run("records", "example.test", "--json", "--limit", "2"))["items"]) == 2
    run("delete-record", "example.test", "new", "A", "--dry-run")
    run("delete-record", "example.test", "new", "A")
    assert server.query("new.example.test").rcode() == 3
    assert server.steerctl("delete-record", "example.test", "new", "A").returncode == 1
    assert server.steerctl("set-record", "example.test", "new", "A", "soon", "192.0.2.7").returncode == 2
    assert server.steerctl("set-record", "example.test", "new", "A", "60", "192.0.2").returncode == 1
