/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot/zone.h"
#include "rdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The example of RFC 4592 §2.2.1, and beside it what it does not have: DNAME, nested cuts, glue. */
static const struct record {
    const char *owner;
    uint16_t type;
} records[] = {
    { "example.", DNS_SOA },
    { "example.", DNS_NS },
    { "*.example.", DNS_TXT },
    { "*.example.", DNS_MX },
    { "sub.*.example.", DNS_TXT },
    { "host1.example.", DNS_A },
    { "_ssh._tcp.host1.example.", DNS_SRV },
    { "_ssh._tcp.host2.example.", DNS_SRV },
    { "subdel.example.", DNS_NS },
    { "ns.subdel.example.", DNS_A },
    { "deeper.subdel.example.", DNS_NS },
    { "old.example.", DNS_DNAME },
    { "old.example.", DNS_A },
    { "host.old.example.", DNS_A },
    { "a.*.ent.example.", DNS_A },
    { "*.wild.example.", DNS_NS },
};

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    assert_true(dns_name_parse(text, NULL, &name));
    return name;
}

static struct dns_rrset *rrset_of(uint16_t type, uint32_t ttl_s)
{
    uint8_t rdata[RDATA_SIZE_MAX];
    const uint8_t *rdatas[] = { rdata };
    uint16_t size = rdata_make(type, 0, rdata);
    if (type == DNS_SOA)
        rdata[size - 1] = 60; /* MINIMUM */
    return dns_rrset_new(type, ttl_s, rdatas, &size, 1);
}

static void put(struct zone_edit *edit, const char *owner, uint16_t type)
{
    const struct dns_name name = name_of(owner);
    struct dns_rrset *rrset = rrset_of(type, 300);
    zone_edit_put(edit, &name, rrset);
    free(rrset);
}

static const struct zone *example_zone(void)
{
    struct edition edition = { 0 };
    const struct dns_name apex = name_of("example.");
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        put(edit, records[i].owner, records[i].type);
    const struct zone *zone = zone_edit_end(edit);
    edition_free_replaced(&edition);
    return zone;
}

static struct zone_match look_up(const struct zone *zone, const char *qname, bool wants_parent_side)
{
    const struct dns_name name = name_of(qname);
    struct zone_match match;
    zone_lookup(zone, &name, zone_hash(zone, &name), wants_parent_side, &match);
    return match;
}

static void lookups_follow_the_rfcs(void **state)
{
    (void)state;
    static const struct {
        const char *why, *qname;
        bool wants_parent_side;
        enum zone_outcome outcome;
        const char *owner; /* for NXDOMAIN the closest encloser */
        bool is_wildcard;
    } cases[] = {
        { "the apex is no cut", "example.", false, ZONE_FOUND, "example.", false },
        { "a plain name", "host1.example.", false, ZONE_FOUND, "host1.example.", false },
        { "wildcard", "host3.example.", false, ZONE_FOUND, "*.example.", true },
        { "wildcard covers several labels", "foo.bar.example.", false, ZONE_FOUND, "*.example.", true },
        { "an ENT exists", "_tcp.host2.example.", false, ZONE_FOUND, "_tcp.host2.example.", false },
        { "an ENT hides the wildcard", "host2.example.", false, ZONE_FOUND, "host2.example.", false },
        { "an ENT is the closest encloser", "x._tcp.host1.example.", false, ZONE_NXDOMAIN,
          "_tcp.host1.example.", false },
        { "the wildcard asked literally", "*.example.", false, ZONE_FOUND, "*.example.", false },
        { "below the wildcard", "sub.*.example.", false, ZONE_FOUND, "sub.*.example.", false },
        { "a wildcard as closest encloser", "ghost.*.example.", false, ZONE_NXDOMAIN, "*.example.", false },
        { "a wildcard that is an ENT gives NODATA", "x.ent.example.", false, ZONE_FOUND, "*.ent.example.",
          true },
        { "NS at a wildcard is data", "x.wild.example.", false, ZONE_FOUND, "*.wild.example.", true },
        { "at a cut", "subdel.example.", false, ZONE_REFERRAL, "subdel.example.", false },
        { "DS at a cut", "subdel.example.", true, ZONE_FOUND, "subdel.example.", false },
        { "below a cut", "host.subdel.example.", false, ZONE_REFERRAL, "subdel.example.", false },
        { "DS below a cut", "host.subdel.example.", true, ZONE_REFERRAL, "subdel.example.", false },
        { "glue is occluded", "ns.subdel.example.", false, ZONE_REFERRAL, "subdel.example.", false },
        { "the topmost cut counts", "x.deeper.subdel.example.", false, ZONE_REFERRAL, "subdel.example.",
          false },
        { "DS at a cut below a cut", "deeper.subdel.example.", true, ZONE_REFERRAL, "subdel.example.",
          false },
        { "a DNAME leaves its owner alone", "old.example.", false, ZONE_FOUND, "old.example.", false },
        { "below a DNAME", "a.b.old.example.", false, ZONE_DNAME, "old.example.", false },
        { "a name below a DNAME is occluded", "host.old.example.", false, ZONE_DNAME, "old.example.", false },
    };
    const struct zone *zone = example_zone();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zone_match match = look_up(zone, cases[i].qname, cases[i].wants_parent_side);
        const struct dns_name expected = name_of(cases[i].owner);
        if (match.outcome != cases[i].outcome || match.is_wildcard != cases[i].is_wildcard ||
            match.owner_labels != expected.label_count)
            fail_msg("%s: outcome %d, wildcard %d, %u labels", cases[i].why, (int)match.outcome,
                     match.is_wildcard, match.owner_labels);
        assert_int_equal(match.node == NULL, match.outcome == ZONE_NXDOMAIN);
        if (match.node == NULL)
            continue;
        struct dns_name owner;
        zone_node_owner(zone, match.node, &owner);
        assert_true(dns_name_equal(&owner, &expected));
    }
    zone_free((void *)(uintptr_t)zone);
}

static void the_longest_names_are_found_and_missed(void **state)
{
    (void)state;
    struct dns_name deepest = { 0 }, apex = name_of("example.");
    uint8_t wire[DNS_NAME_SIZE_MAX];
    for (size_t i = 0; i < 246; i += 2) /* 123 labels and the apex are 255 bytes */
        memcpy(wire + i, (const uint8_t[]){ 1, 'a' }, 2);
    memcpy(wire + 246, apex.bytes, apex.size);
    dns_name_from_wire(wire, &deepest);
    assert_int_equal(deepest.size, DNS_NAME_SIZE_MAX);
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format(&deepest, text);

    struct edition edition = { 0 };
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    put(edit, text, DNS_A);
    put(edit, "*.example.", DNS_A);
    const struct zone *zone = zone_edit_end(edit);
    edition_free_replaced(&edition);
    assert_int_equal(zone_name_count(zone), 1 + 123 + 1);
    struct zone_match match = look_up(zone, text, false);
    assert_int_equal(match.outcome, ZONE_FOUND);
    assert_int_equal(match.owner_labels, 124);
    text[0] = 'b'; /* beside it */
    match = look_up(zone, text, false);
    assert_int_equal(match.outcome, ZONE_NXDOMAIN);
    assert_int_equal(match.owner_labels, 123);
    text[strlen(text) - strlen("a.example.")] = 'b'; /* beside all of it */
    match = look_up(zone, text, false);
    assert_int_equal(match.outcome, ZONE_FOUND);
    assert_true(match.is_wildcard);
    zone_free((void *)(uintptr_t)zone);
}

static void glue_is_found_by_its_exact_name(void **state)
{
    (void)state;
    const struct zone *zone = example_zone();
    const struct dns_name glue = name_of("ns.subdel.example."), foreign = name_of("ns.elsewhere.");
    const struct dns_name absent = name_of("host3.example.");
    assert_non_null(zone_node_rrset(zone_find_exact(zone, &glue), DNS_A));
    assert_null(zone_find_exact(zone, &foreign));
    assert_null(zone_find_exact(zone, &absent));
    zone_free((void *)(uintptr_t)zone);
}

static void negative_answers_live_as_long_as_the_lower_of_ttl_and_minimum(void **state)
{
    (void)state;
    const struct zone *zone = example_zone();
    assert_int_equal(zone_soa(zone)->type, DNS_SOA);
    assert_int_equal(zone_negative_ttl_s(zone), 60);
    assert_string_equal((const char *)zone_apex(zone)->bytes, "\7example");
    zone_free((void *)(uintptr_t)zone);
}

static void rrsets_of_a_node_come_by_ascending_type(void **state)
{
    (void)state;
    const struct zone *zone = example_zone();
    const struct zone_node *node = look_up(zone, "*.example.", false).node;
    const struct dns_rrset *first = zone_node_next(node, NULL);
    const struct dns_rrset *second = zone_node_next(node, first);
    assert_int_equal(first->type, DNS_MX);
    assert_int_equal(second->type, DNS_TXT);
    assert_null(zone_node_next(node, second));
    assert_null(zone_node_rrset(node, DNS_A));
    assert_null(zone_node_rrset(node, DNS_CAA));
    zone_free((void *)(uintptr_t)zone);
}

static void an_edit_that_changes_nothing_gives_the_base_back(void **state)
{
    (void)state;
    const struct zone *zone = example_zone();
    struct edition edition = { 0 };
    struct zone_edit *edit = zone_edit_begin(zone_apex(zone), zone, &edition);
    const struct dns_name fresh = name_of("fresh.example.");
    put(edit, "host1.example.", DNS_A);
    put(edit, "fresh.example.", DNS_A);
    zone_edit_remove(edit, &fresh, DNS_A);
    assert_ptr_equal(zone_edit_end(edit), zone);
    assert_int_equal(edition.fresh.count + edition.replaced.count, 0);
    zone_free((void *)(uintptr_t)zone);
}

static void an_edit_shows_what_stands_there_so_far(void **state)
{
    (void)state;
    const struct zone *zone = example_zone();
    struct edition edition = { 0 };
    struct zone_edit *edit = zone_edit_begin(zone_apex(zone), zone, &edition);
    const struct dns_name host = name_of("host1.example."), wild = name_of("*.example.");
    const struct service service = { .id = 1 };
    put(edit, "host1.example.", DNS_TXT);
    zone_edit_remove(edit, &host, DNS_A);
    zone_edit_set_service(edit, &host, &service);
    assert_null(zone_edit_find(edit, &host, DNS_A));
    assert_non_null(zone_edit_find(edit, &host, DNS_TXT));
    assert_ptr_equal(zone_edit_service(edit, &host), &service);
    assert_null(zone_edit_service(edit, &wild));
    assert_int_equal(zone_edit_next(edit, &host, 0)->type, DNS_TXT);
    assert_null(zone_edit_next(edit, &host, DNS_TXT));
    assert_int_equal(zone_edit_next(edit, &wild, DNS_MX)->type, DNS_TXT);
    zone_edit_abandon(edit);
    zone_free((void *)(uintptr_t)zone);
}

static void a_small_edit_of_a_large_zone_touches_few_blocks(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    const struct dns_name apex = name_of("example.");
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    for (int i = 0; i < 20000; i++) {
        char owner[32];
        snprintf(owner, sizeof owner, "host%d.example.", i);
        put(edit, owner, DNS_A);
    }
    const struct zone *zone = zone_edit_end(edit);
    edition_free_replaced(&edition);
    assert_int_equal(zone_name_count(zone), 20001);

    edit = zone_edit_begin(&apex, zone, &edition);
    put(edit, "host4711.example.", DNS_TXT);
    zone = zone_edit_end(edit);
    assert_int_equal(edition.fresh.count, 4); /* bucket, page, root, zone: the apex stays as it is */
    assert_int_equal(edition.replaced.count, 4);
    edition_free_replaced(&edition);
    zone_free((void *)(uintptr_t)zone);
}

/* Names that are there and names that are not: any hash may be fetched, and nothing else is read than a
 * lookup reads. */
static void fetching_in_advance_changes_nothing(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    const struct dns_name apex = name_of("example.");
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    char owner[64];
    put(edit, "example.", DNS_SOA);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(owner, sizeof owner, "host%u.example.", i);
        put(edit, owner, DNS_A);
    }
    const struct zone *zone = zone_edit_end(edit);
    edition_free_replaced(&edition);
    for (unsigned i = 0; i < 40000; i++) {
        snprintf(owner, sizeof owner, "host%u.example.", i);
        const struct dns_name name = name_of(owner);
        for (unsigned fetch = 0; fetch < ZONE_FETCHES; fetch++)
            zone_fetch(zone, zone_hash(zone, &name), fetch);
        assert_int_equal(look_up(zone, owner, false).outcome, i < 20000 ? ZONE_FOUND : ZONE_NXDOMAIN);
    }
    zone_free((void *)(uintptr_t)zone);
}

/* Forty names whose hashes agree in all bits that lead within one bucket, among few others. */
static void names_that_crowd_in_one_place_are_found_and_missed(void **state)
{
    (void)state;
    enum { CROWD = 40, SAME = 15 };
    struct edition edition = { 0 };
    const struct dns_name apex = name_of("example.");
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    char crowd[2 * CROWD][32];
    for (unsigned i = 0, count = 0; count < 2 * CROWD; i++) {
        snprintf(crowd[count], sizeof *crowd, "n%u.example.", i);
        const struct dns_name name = name_of(crowd[count]);
        uint64_t hash = dns_name_hash(name.bytes, (size_t)name.size - apex.size);
        count += (hash >> 32 & SAME) == SAME; /* the last row: what overflows needs more behind it */
    }
    for (unsigned i = 0; i < CROWD; i++)
        put(edit, crowd[i], DNS_A);
    const struct zone *zone = zone_edit_end(edit);
    edition_free_replaced(&edition);
    for (unsigned left = CROWD; left > 0; left--) {
        for (unsigned i = 0; i < 2 * CROWD; i++)
            assert_int_equal(look_up(zone, crowd[i], false).outcome, i < left ? ZONE_FOUND : ZONE_NXDOMAIN);
        edit = zone_edit_begin(&apex, zone, &edition);
        const struct dns_name last = name_of(crowd[left - 1]);
        zone_edit_remove(edit, &last, DNS_A);
        zone = zone_edit_end(edit);
        edition_free_replaced(&edition);
    }
    zone_free((void *)(uintptr_t)zone);
}

/* The largest RRsets that a message can hold, seven hundred at ten names. */
static void put_much(struct zone_edit *edit, uint16_t first_type, uint16_t seed)
{
    enum { OWNERS = 10, TYPES = 70, SIZE = 64000 };
    for (uint16_t i = 0; i < OWNERS * TYPES; i++) {
        char owner[32];
        snprintf(owner, sizeof owner, "large%d.example.", i % OWNERS);
        const struct dns_name name = name_of(owner);
        struct dns_rrset *rrset =
            zone_edit_put_at(edit, zone_edit_owner(edit, &name), (uint16_t)(first_type + i / OWNERS), SIZE);
        rrset->type = (uint16_t)(first_type + i / OWNERS);
        rrset->count = 1;
        rrset->ttl_s = (uint32_t)seed + i;
        rrset->size = SIZE;
        memset(rrset->wire, 0, SIZE);
    }
}

static void assert_much(const struct zone *zone, uint16_t first_type, uint16_t seed)
{
    for (uint16_t i = 0; i < 700; i++) {
        char owner[32];
        snprintf(owner, sizeof owner, "large%d.example.", i % 10);
        const struct zone_match match = look_up(zone, owner, false);
        assert_int_equal(match.outcome, ZONE_FOUND);
        const struct dns_rrset *rrset = zone_node_rrset(match.node, (uint16_t)(first_type + i / 10));
        assert_non_null(rrset);
        assert_int_equal(rrset->ttl_s, seed + i);
    }
}

/* 45 megabytes at few names, then 90: more than the places of a usual bucket tell apart. */
static void names_that_hold_very_much_are_found(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    const struct dns_name apex = name_of("example.");
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, &edition);
    put(edit, "example.", DNS_SOA);
    put(edit, "www.example.", DNS_NS); /* has an image */
    const struct zone *zone = zone_edit_end(edit);
    for (uint16_t round = 0; round < 2; round++) {
        edit = zone_edit_begin(&apex, zone, &edition);
        put_much(edit, (uint16_t)(1000 + 100 * round), (uint16_t)(1000 * round));
        zone = zone_edit_end(edit);
        edition_free_replaced(&edition);
        for (uint16_t i = 0; i <= round; i++)
            assert_much(zone, (uint16_t)(1000 + 100 * i), (uint16_t)(1000 * i));
        assert_int_equal(look_up(zone, "a.www.example.", false).outcome, ZONE_REFERRAL);
        assert_non_null(zone_node_image(look_up(zone, "www.example.", false).node, DNS_NS));
    }
    zone_free((void *)(uintptr_t)zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_follow_the_rfcs),
        cmocka_unit_test(the_longest_names_are_found_and_missed),
        cmocka_unit_test(glue_is_found_by_its_exact_name),
        cmocka_unit_test(negative_answers_live_as_long_as_the_lower_of_ttl_and_minimum),
        cmocka_unit_test(rrsets_of_a_node_come_by_ascending_type),
        cmocka_unit_test(an_edit_that_changes_nothing_gives_the_base_back),
        cmocka_unit_test(an_edit_shows_what_stands_there_so_far),
        cmocka_unit_test(fetching_in_advance_changes_nothing),
        cmocka_unit_test(names_that_crowd_in_one_place_are_found_and_missed),
        cmocka_unit_test(names_that_hold_very_much_are_found),
        cmocka_unit_test(a_small_edit_of_a_large_zone_touches_few_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
