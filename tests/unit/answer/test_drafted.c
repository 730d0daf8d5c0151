/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whichever way a reply comes about, it is the same: random queries to a world with a bit of everything. */
#include "answer/asking.h"
#include "bench/bench_world.h"
#include "base/rng.h"

enum { ROUNDS = 40000, COUNTS = 11, EXPLAIN = EDNS_LOCAL_FIRST, ID_OPTION_SIZE = 4 + RECORD_ID_SIZE };

/* One candidate each: an answer must not depend on whose turn it is. */
static const char steering[] =
    "{\"checks\": {\"c\": {\"type\": \"tcp\", \"port\": 80}}, \"pools\": {"
    "\"up\": {\"check\": \"c\", \"endpoints\": {\"u\": {\"ipv4\": \"192.0.2.1\", \"ipv6\": "
    "\"2001:db8::1\"}}},"
    "\"four\": {\"endpoints\": {\"f\": {\"ipv4\": \"192.0.2.4\"}}},"
    "\"dead\": {\"check\": \"c\", \"endpoints\": {\"dead\": {\"ipv4\": \"192.0.2.2\"}}},"
    "\"names\": {\"endpoints\": {\"n\": {\"hostname\": \"Host.CDN.test\"}}},"
    "\"inner\": {\"endpoints\": {\"i\": {\"hostname\": \"A.example.test\"}}},"
    "\"far\": {\"check\": \"c\", \"endpoints\": {\"dead2\": {\"ipv4\": \"192.0.2.3\"}}}},"
    "\"zones\": {\"closed.test\": {\"records\": [\"@ 9 SOA n h 1 2 3 4 5\", \"@ 9 NS n\", \"a 9 A "
    "192.0.2.9\"],"
    "\"allow_query\": []}, \"other.test\": {\"records\": [\"@ 9 SOA n h 1 2 3 4 5\", \"@ 9 NS n\", \"a 9 A "
    "192.0.2.9\", \"back 9 CNAME c1.example.test.\"]},"
    "\"above.test\": {\"records\": [\"@ 9 SOA n h 1 2 3 4 5\", \"@ 9 NS n\", \"a 9 A 192.0.2.9\", \"l 9 "
    "CNAME a\", "
    "\"l2 9 CNAME a.below\", \"l3 9 CNAME l2\", \"mx 9 MX 1 a.below\", \"below 9 NS a.below\", \"a.below 9 A "
    "192.0.2.8\"]}, \"below.above.test\": {\"records\": [\"@ 9 SOA n h 1 2 3 4 5\", \"@ 9 NS n\", \"a 9 A "
    "192.0.2.7\", \"up 9 CNAME a.above.test.\"]},"
    "\"example.test\": {\"records\": [\"@ 9 SOA Ns1 host.Master 1 2 3 4 5\", \"@ 8 NS Ns1\", \"@ 8 NS "
    "ns.deep.ns2\", \"@ 8 NS ns.example.net.\", \"ns1 7 A 192.0.2.53\", \"ns1 6 AAAA 2001:db8::53\", "
    "\"ns.deep.ns2 5 A 192.0.2.54\", \"a 300 A 192.0.2.10\", \"a 300 A 192.0.2.11\", \"a 200 AAAA "
    "2001:db8::10\","
    "\"c1 60 CNAME A\", \"c2 61 CNAME c1\", \"c3 62 CNAME c2\", \"c4 63 CNAME c3\", \"c5 64 CNAME c4\", \"c6 "
    "65 "
    "CNAME c5\", \"loop 1 CNAME loop2\", \"loop2 1 CNAME loop\", \"away 1 CNAME www.Example.net.\", \"near 1 "
    "CNAME "
    "a.other.test.\", \"shut 1 CNAME a.closed.test.\", \"top 1 CNAME test.\", \"dot 1 CNAME .\", \"gone 1 "
    "CNAME "
    "x.y.z\", \"apex 1 CNAME @\", \"up 1 CNAME svc\", \"round 1 CNAME back.other.test.\", \"into 1 CNAME "
    "x.cut\", \"*.w 9 CNAME a\", \"*.v 9 A 192.0.2.12\", \"*.m 9 MX 5 a\", \"d 9 DNAME tree.target\", "
    "\"x.tree.target 9 A 192.0.2.13\", \"d2 9 DNAME example.net.\", \"d3 9 DNAME d\", \"d4 9 DNAME sub.d4\", "
    "\"tod 9 CNAME x.d\", \"l1 9 CNAME a\", \"l2 9 CNAME l1\", \"l3 9 CNAME l2\", \"l4 9 CNAME l3\", \"l5 9 "
    "CNAME l4\", "
    "\"l6 9 CNAME l5\", \"l7 9 CNAME l6\", \"deep.l8 9 CNAME l2\", \"l9 9 CNAME deep.l8\", \"l10 9 CNAME "
    "a.b.mx4\", \"l11 9 "
    "CNAME l10\", \"x.l1 9 CNAME l2\", \"self 9 CNAME self\", \"oself 9 CNAME self\", \"tocut 9 CNAME cut\", "
    "\"tocut2 9 CNAME "
    "l12\", \"l12 9 CNAME cut2\", \"todn 9 CNAME d\", \"toent 9 CNAME below\", \"cut 9 NS Ns.cut\", \"cut 9 "
    "NS ns1\", \"cut 9 NS ns.example.net.\", \"ns.cut 9 A "
    "192.0.2.14\", \"ns.cut 9 AAAA 2001:db8::14\", \"cut2 9 NS cut2\", \"cut2 9 A 192.0.2.15\", \"cut3 9 NS "
    "x.v\", \"cut3 9 NS ns.cut\", \"cut3 9 NS svc\", \"cut3 9 NS sub.cut3\", \"cut4 9 NS x.d\", \"cut4 9 NS "
    "ns.d.cut4\", "
    "\"mx 9 MX 10 Mail\", \"mx 9 MX 20 mail\", \"mx 9 MX 20 a\", \"mx 9 MX 30 mail.example.net.\", \"mx 9 MX "
    "40 mx\", "
    "\"mx 9 MX 40 svc\", \"mx2 9 MX 10 a\", \"mx2 9 MX 20 c1\", \"mx2 9 MX 30 x.v\", \"mx2 9 MX 40 ns.cut\", "
    "\"mx3 9 MX 0 .\", \"mx4 9 MX 10 a.b.mx4\", \"mx4 9 MX 10 b.mx4\", \"a.b.mx4 9 A 192.0.2.17\", \"b.mx4 9 "
    "A "
    "192.0.2.18\", \"mail 9 A 192.0.2.16\", \"_s._tcp 9 SRV 1 2 3 a\", \"_s._tcp 9 SRV 1 2 3 mail\", "
    "\"_t._tcp 9 SRV "
    "1 2 3 host.example.net.\", \"_u._tcp 9 SRV 0 0 0 .\", \"h 9 HTTPS 1 . alpn=h2\", \"h 9 A 192.0.2.19\", "
    "\"h2 9 HTTPS 1 a "
    "alpn=h2\", \"h3 9 HTTPS 0 h\", \"h4 9 HTTPS 1 . alpn=h2\", \"*.h5 9 HTTPS 1 . alpn=h2\", \"*.h5 8 A "
    "192.0.2.20\", "
    "\"h6 9 HTTPS 1 h alpn=h2\", \"p 9 PTR a\", \"p2 9 PTR a\", \"p2 9 PTR mail\", "
    "\"t 9 TXT short\", \"big 9 TXT %s %s %s %s\", \"ent.below 9 A 192.0.2.21\", \"beside 9 MX 10 a\"],"
    "\"services\": {\"svc\": {\"policy\": \"up\", \"https\": {\"alpn\": [\"h2\"]}}, \"s4\": {\"policy\": "
    "\"four\", "
    "\"svcb\": {\"target\": \"a.example.test\", \"port\": 8443}},"
    "\"sdead\": {\"policy\": \"dead\"}, \"sno\": {\"policy\": \"dead\", \"when_all_down\": \"nodata\"}, "
    "\"sfail\": "
    "{\"policy\": \"dead\", \"when_all_down\": \"servfail\"}, \"ssorry\": {\"policy\": \"dead\", "
    "\"when_all_down\": "
    "\"up\"}, \"sname\": {\"policy\": \"names\"}, \"sin\": {\"policy\": \"inner\"}, \"sboth\": {\"policy\": "
    "{\"failover\": [\"far\", \"names\", \"four\"]}}, \"*.swild\": {\"policy\": \"up\"}, \"smx\": "
    "{\"policy\": \"four\", \"mx\": "
    "{\"policy\": \"names\"}}, \"beside\": {\"policy\": {\"geo\": {\"192.0.2.0/24\": \"four\", "
    "\"198.51.100.0/25\": "
    "\"up\", \"default\": \"dead\"}}}}}}}";

static const char *const owners[] = {
    "@",
    "ns1",
    "a",
    "c1",
    "c2",
    "c3",
    "c4",
    "c5",
    "c6",
    "loop",
    "away",
    "near",
    "shut",
    "top",
    "dot",
    "gone",
    "apex",
    "up",
    "round",
    "into",
    "w",
    "x.w",
    "v",
    "x.v",
    "x.m",
    "d",
    "x.d",
    "y.d",
    "x.d2",
    "x.d3",
    "x.d4",
    "tod",
    "cut",
    "ns.cut",
    "cut2",
    "cut3",
    "cut4",
    "mx",
    "mx2",
    "mx3",
    "mx4",
    "mail",
    "_s._tcp",
    "_t._tcp",
    "_u._tcp",
    "h",
    "h2",
    "h3",
    "h4",
    "x.h5",
    "h6",
    "p",
    "p2",
    "t",
    "big",
    "below",
    "ent.below",
    "beside",
    "svc",
    "s4",
    "sdead",
    "sno",
    "sfail",
    "ssorry",
    "sname",
    "sin",
    "sboth",
    "x.swild",
    "smx",
    "none",
    "deep.ns2",
    "a.b.mx4",
    "b.mx4",
    "sub.d4",
    "l1",
    "l2",
    "l3",
    "l4",
    "l5",
    "l6",
    "l7",
    "deep.l8",
    "l9",
    "l10",
    "l11",
    "x.l1",
    "self",
    "oself",
    "tocut",
    "tocut2",
    "todn",
    "toent",
    "a.above.test.",
    "l.above.test.",
    "l2.above.test.",
    "l3.above.test.",
    "mx.above.test.",
    "below.above.test.",
    "a.below.above.test.",
    "up.below.above.test.",
    "a.elsewhere.",
    "org.",
};
static const uint16_t qtypes[] = { DNS_A,    DNS_A,     DNS_AAAA, DNS_NS,  DNS_CNAME, DNS_SOA,
                                   DNS_PTR,  DNS_MX,    DNS_TXT,  DNS_SRV, DNS_DNAME, DNS_DS,
                                   DNS_SVCB, DNS_HTTPS, DNS_ANY,  DNS_CAA, 0,         DNS_AXFR };

static struct bench_world world;
static struct asking asking; /* of it only what belongs to the server */
static struct rng rng;
static struct record_ring *records;
static unsigned different_count; /* replies that differ in how they are compressed */

static unsigned below(size_t bound)
{
    return (unsigned)(rng_next(&rng) % bound);
}

static struct endpoint_condition condition_of(const struct endpoint *endpoint)
{
    bool is_up = strncmp(endpoint_more(endpoint)->name, "dead", 4) != 0;
    return (struct endpoint_condition){ .weight = endpoint->weight,
                                        .ttl_cap_s = TTL_CAP_NONE,
                                        .verdict = is_up ? HEALTH_UP : HEALTH_DOWN,
                                        .is_available = is_up };
}

/* One address a hostname: which comes first is drawn by lot. */
static void resolve_to_one(void)
{
    for (uint32_t id = 1; id < 4; id++) {
        struct resolved *resolved = (struct resolved *)(uintptr_t)paged_get(&world.conditions.names, id);
        if (resolved != NULL)
            resolved->count_v4 = resolved->count_v6 = 1;
    }
}

static int open_world(void **state)
{
    (void)state;
    static char text[sizeof steering + 1024];
    char piece[241];
    memset(piece, 'x', 240);
    piece[240] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, steering, piece, piece, piece, piece);
#pragma GCC diagnostic pop
    bench_world_set_geo(&world, NULL);
    bench_world_steer(&world, text, condition_of);
    resolve_to_one();
    records = record_ring_new(0);
    asking.keys.cookie_count = 1;
    asking.now = world.now;
    asking.now.keys = &asking.keys;
    asking.settings.nsid = "ns-7";
    asking.settings.keepalive_ds = 100;
    asking.settings.udp_size = 1232;
    struct prefix_map_builder *builder = prefix_map_builder_new();
    struct prefix everybody = { .address.family = ADDRESS_V4 };
    prefix_map_builder_add(builder, &everybody, 1);
    asking.settings.explain_allow = prefix_map_build(builder);
    asking.answerer = (struct answerer){ .settings = &asking.settings,
                                         .counters = &asking.counters,
                                         .now_wall_s = WALL_S,
                                         .now_us = 1,
                                         .records = records };
    assert_true(address_parse("198.51.100.100", &asking.source));
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    return 0;
}

/* A random question, in random case, sometimes of a name below the one that is there. */
static void ask_anything(void)
{
    static const char *const befores[] = { "", "", "", "x.", "ns.", "a.b.", "mail." };
    char name[128];
    const char *owner = owners[below(sizeof owners / sizeof *owners)];
    const char *before = befores[below(sizeof befores / sizeof *befores)];
    bool is_apex = owner[0] == '@', is_absolute = owner[strlen(owner) - 1] == '.';
    snprintf(name, sizeof name, "%s%s%s%s", before, is_apex ? "" : owner, is_apex || is_absolute ? "" : ".",
             is_absolute ? "" : "example.test.");
    asking_question(&asking, name, qtypes[below(sizeof qtypes / sizeof *qtypes)], DNS_IN);
    for (size_t i = 12; i < asking.query_size - 5; i++) {
        uint8_t *at = &asking.query[i];
        if (*at >= 'a' && *at <= 'z' && below(4) == 0)
            *at ^= 0x20;
    }
    asking.query[2] |= (uint8_t)below(2); /* RD */
}

/* A random size of replies that the client takes, around which our own and that of the unproven are. */
static void change_udp_size(void)
{
    static const uint16_t sizes[] = { 0, 512, 1000, 1100, 1200, 1232, 4096 };
    size_t at = asking.query_size;
    while (memcmp(asking.query + at - 2, "\x04\xd0", 2) != 0 || asking.query[at - 3] != DNS_OPT)
        at--;
    unsigned size = sizes[below(sizeof sizes / sizeof *sizes)] + below(64);
    asking.query[at - 2] = (uint8_t)(size >> 8);
    asking.query[at - 1] = (uint8_t)size;
}

/* Options of which each may be there; the last one asks for a record, if records are made. */
static void add_options(void)
{
    static const char *const options[] = { "0003 0000", "000a 0008 0102030405060708", "000b 0000",
                                           "0008 0007 0001 1800 c00002", "0008 0007 0001 1800 c63364" };
    char all[256] = "";
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (below(4) == 0)
            strcat(all, options[i]);
    }
    strcat(all, "fde9 0000");
    asking_opt(&asking, below(2) ? NO_FLAGS : "00008000", all);
}

static bool is_cut_short(const struct asking *asked)
{
    return asked->reply[2] & 2;
}

/* Takes the option with the id out of the assembled reply, where nothing but EDE stands behind it. */
static void take_id_out(void)
{
    uint8_t *opt = (uint8_t *)(uintptr_t)reply_opt(&asking);
    size_t size;
    const uint8_t *data = reply_option(&asking, EXPLAIN, &size);
    assert_non_null(data);
    uint8_t *option = (uint8_t *)(uintptr_t)data - 4;
    size_t rdlength = (size_t)(opt[8] << 8 | opt[9]) - ID_OPTION_SIZE;
    memmove(option, option + ID_OPTION_SIZE,
            (size_t)(asking.reply + asking.reply_size - option) - ID_OPTION_SIZE);
    asking.reply_size -= ID_OPTION_SIZE;
    opt[8] = (uint8_t)(rdlength >> 8);
    opt[9] = (uint8_t)rdlength;
}

/* What was counted since `before`, which becomes what is counted now. */
static void take_counts(uint64_t before[], uint64_t counted[])
{
    const struct answer_counters *counters = &asking.counters;
    const uint64_t now[COUNTS] = { counters->rcodes[0],  counters->rcodes[2],       counters->rcodes[3],
                                   counters->rcodes[5],  counters->truncated,       counters->ecs,
                                   counters->steered,    counters->cookies[0],      counters->cookies[1],
                                   counters->cookies[2], counters->steered_degraded };
    for (unsigned i = 0; i < COUNTS; i++) {
        counted[i] = now[i] - before[i];
        before[i] = now[i];
    }
}

/* ---- the same but for compression ---- */

/* Appends a name without pointers; returns what stands behind it in the message. */
static const uint8_t *expand_name(const uint8_t *message, const uint8_t *at, uint8_t **out)
{
    const uint8_t *behind = NULL;
    while (*at != 0) {
        if (*at >= 0xc0) {
            behind = behind == NULL ? at + 2 : behind;
            at = message + ((at[0] & 0x3f) << 8 | at[1]);
            continue;
        }
        for (size_t i = 0; i <= *at; i++)
            *(*out)++ = i == 0 ? at[i] : (uint8_t)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] | 0x20 : at[i]);
        at += 1 + *at;
    }
    *(*out)++ = 0;
    return behind == NULL ? at + 1 : behind;
}

static const uint8_t *expand_record(const uint8_t *message, const uint8_t *at, uint8_t **out)
{
    at = expand_name(message, at, out);
    const struct dns_type_layout *layout = dns_type_layout((uint16_t)(at[0] << 8 | at[1]));
    const uint8_t *end = at + 10 + (at[8] << 8 | at[9]);
    memcpy(*out, at, 8); /* the RDLENGTH says how it was compressed */
    *out += 8;
    at += 10;
    for (unsigned i = 0; layout->is_compressible && i < layout->name_at; i++)
        *(*out)++ = *at++;
    for (unsigned i = 0; layout->is_compressible && i < layout->name_count; i++)
        at = expand_name(message, at, out);
    while (at < end)
        *(*out)++ = *at++;
    return at;
}

static size_t expand(const uint8_t *message, size_t size, uint8_t *out)
{
    uint8_t *begin = out;
    const uint8_t *at = message + 12;
    unsigned questions = message[5], rr_count = (unsigned)message[7] + message[9] + message[11];
    memcpy(out, message, 12);
    out += 12;
    for (; questions > 0; questions--) {
        at = expand_name(message, at, &out);
        memcpy(out, at, 4);
        at += 4;
        out += 4;
    }
    for (; rr_count > 0; rr_count--)
        at = expand_record(message, at, &out);
    assert_ptr_equal(at, message + size);
    return (size_t)(out - begin);
}

/* Byte by byte, but for pointers to labels that the query alone brings along: those of prepared parts lead no
 * further than to the zone or the cut. */
static void compare(const uint8_t *quick, size_t quick_size)
{
    static uint8_t expanded[2][16384];
    if (quick_size == asking.reply_size && memcmp(quick, asking.reply, quick_size) == 0)
        return;
    size_t quick_full = expand(quick, quick_size, expanded[0]);
    size_t full = expand(asking.reply, asking.reply_size, expanded[1]);
    different_count++;
    if (quick_full == full && memcmp(expanded[0], expanded[1], full) == 0 && quick_size > asking.reply_size &&
        quick_size < asking.reply_size + 64)
        return;
    char name[DNS_NAME_TEXT_SIZE];
    dns_name_format_wire(asking.query + 12, name);
    for (size_t i = 0; i < quick_size; i++)
        fprintf(stderr, "%02x%s", quick[i], i % 32 == 31 ? "\n" : " ");
    fprintf(stderr, "\n-- and assembled\n");
    for (size_t i = 0; i < asking.reply_size; i++)
        fprintf(stderr, "%02x%s", asking.reply[i], i % 32 == 31 ? "\n" : " ");
    fail_msg("%s", name);
}

static void a_drafted_reply_is_the_assembled_one(void **state)
{
    (void)state;
    static uint8_t drafted[4096];
    for (unsigned i = 0; i < ROUNDS; i++) {
        ask_anything();
        add_options();
        asking.settings.explain_option = 0;
        asking_send(&asking, TRANSPORT_UDP);
        size_t size = asking.reply_size;
        memcpy(drafted, asking.reply, size);
        asking.settings.explain_option = EXPLAIN;
        asking_send(&asking, TRANSPORT_UDP);
        if (reply_rcode(&asking) == 5 || (is_cut_short(&asking) && size > 1232 - ID_OPTION_SIZE))
            continue; /* nothing is recorded; the id took the room */
        take_id_out();
        compare(drafted, size);
    }
    assert_true(different_count < ROUNDS / 10);
}

static void a_ready_reply_is_the_drafted_one(void **state)
{
    (void)state;
    static uint8_t ready[4096];
    static const char *const options[] = {
        "",
        "0008 0007 0001 1800 c00002",
        "0008 0007 0001 1800 c63364",
        "0008 0008 0001 2000 c6336481",
        "0008 0006 0001 1000 c000",
        "0008 000b 0002 3800 20010db8000000",
        "0008 0004 0001 0000",
        "000a 0008 0102030405060708",
        "000a 0018 0102030405060708 01000000 5cf79f11 1f8130c3eee29480",
        "000a 0008 0102030405060708 0008 0007 0001 1800 c00002",
        "0008 000e 0002 5000 20010db8000000000001 000a 0008 0102030405060708",
    };
    const struct rate_limit_settings generous = { 100000, 0, 24, 56, NULL, 0 };
    struct rate_limiter *limiter = rate_limiter_new(&generous);
    uint64_t before[COUNTS] = { 0 }, counted[COUNTS], expected[COUNTS];
    take_counts(before, counted);
    for (unsigned i = 0; i < ROUNDS; i++) {
        ask_anything();
        if (below(4) > 0)
            asking_opt(&asking, below(2) ? NO_FLAGS : "00008000",
                       options[below(sizeof options / sizeof *options)]);
        if (asking.query[11] > 0 && below(2))
            change_udp_size();
        asking.settings.udp_size_unproven = below(4) == 0 ? 900 : 0;
        asking.settings.limiter = NULL;
        asking_send(&asking, TRANSPORT_UDP);
        size_t size = asking.reply_size;
        memcpy(ready, asking.reply, size);
        take_counts(before, counted);
        asking.settings.limiter = limiter;
        asking.answerer.now_us += 1000;
        asking_send(&asking, TRANSPORT_UDP);
        take_counts(before, expected);
        compare(ready, size);
        assert_memory_equal(counted, expected, sizeof counted);
    }
    asking.settings.udp_size_unproven = 0;
    rate_limiter_free(limiter);
    asking.settings.limiter = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drafted_reply_is_the_assembled_one),
        cmocka_unit_test(a_ready_reply_is_the_drafted_one),
    };
    return cmocka_run_group_tests(tests, open_world, NULL);
}
