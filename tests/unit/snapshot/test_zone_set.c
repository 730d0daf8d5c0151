/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "snapshot/zone_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES_MAX 200

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    assert_true(dns_name_parse(text, NULL, &name));
    return name;
}

static const struct zone *empty_zone(const struct dns_name *apex)
{
    struct edition edition = { 0 };
    const struct zone *zone = zone_edit_end(zone_edit_begin(apex, NULL, &edition));
    edition_free_replaced(&edition);
    return zone;
}

/* Wherever the query before led, the zone is the same. */
static bool has_zones_below(const struct zone_set *set, const struct zone *zone)
{
    for (size_t i = 0; i < zone_set_count(set); i++) {
        const struct zone *other = zone_set_at(set, i);
        if (other != zone && dns_name_is_within(zone_apex(other), zone_apex(zone)))
            return true;
    }
    return false;
}

static const struct zone *find(const struct zone_set *set, const struct dns_name *qname, bool above_apex)
{
    const struct zone *found = zone_set_find(set, qname, above_apex);
    for (uint32_t i = 0; !above_apex && i <= zone_set_count(set); i++) {
        uint32_t last = i < zone_set_count(set) ? i : UINT32_MAX;
        assert_ptr_equal(zone_set_find_again(set, qname, &last), found);
        const struct zone *guess = zone_set_guess(set, qname, i);
        if (guess != NULL && dns_name_is_within(qname, zone_apex(guess)))
            assert_ptr_equal(guess, found);
        if (found == NULL)
            continue;
        assert_ptr_equal(zone_set_at(set, last), found);
        assert_int_equal(zone_set_is_lowest(set, last, found), !has_zones_below(set, found));
        assert_false(zone_set_is_lowest(set, UINT32_MAX, found));
    }
    return found;
}

static void the_longest_apex_holds_the_name(void **state)
{
    (void)state;
    static const char *const apexes[] = { "test.", "sub.example.test.", "example.test.", "other." };
    static const struct {
        const char *qname;
        bool above_apex;
        int zone; /* -1: none */
    } cases[] = {
        { "test.", false, 0 },
        { "x.test.", false, 0 },
        { "example.test.", false, 2 },
        { "a.b.c.example.test.", false, 2 },
        { "sub.example.test.", false, 1 },
        { "www.sub.example.test.", false, 1 },
        { "xsub.example.test.", false, 2 },
        { "other.", false, 3 },
        { "nother.", false, -1 },
        { ".", false, -1 },
        { "sub.example.test.", true, 2 }, /* DS: the parent side */
        { "www.sub.example.test.", true, 1 },
        { "test.", true, -1 },
        { ".", true, -1 },
    };
    const struct zone *zones[4];
    for (int i = 0; i < 4; i++) {
        const struct dns_name apex = name_of(apexes[i]);
        zones[i] = empty_zone(&apex);
    }
    struct zone_set *set = zone_set_new(zones, 4);
    assert_int_equal(zone_set_count(set), 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dns_name qname = name_of(cases[i].qname);
        const struct zone *expected = cases[i].zone < 0 ? NULL : zones[cases[i].zone];
        if (find(set, &qname, cases[i].above_apex) != expected)
            fail_msg("%s, above_apex %d", cases[i].qname, cases[i].above_apex);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_ptr_equal(zone_set_at(set, i), zones[i]);
        zone_free((void *)(uintptr_t)zones[i]);
    }
    free(set);
}

static void the_root_zone_holds_everything(void **state)
{
    (void)state;
    const struct dns_name root = name_of("."), qname = name_of("a.b.");
    const struct zone *zone = empty_zone(&root);
    struct zone_set *set = zone_set_new(&zone, 1);
    assert_ptr_equal(find(set, &root, false), zone);
    assert_ptr_equal(find(set, &qname, false), zone);
    assert_ptr_equal(find(set, &qname, true), zone);
    assert_null(find(set, &root, true));
    zone_free((void *)(uintptr_t)zone);
    free(set);
}

static void an_empty_set_holds_nothing(void **state)
{
    (void)state;
    struct zone_set *set = zone_set_new(NULL, 0);
    const struct dns_name qname = name_of("a.b.");
    assert_int_equal(zone_set_count(set), 0);
    assert_null(find(set, &qname, false));
    free(set);
}

static struct dns_name random_name(struct rng *rng)
{
    char text[64] = ".";
    size_t size = 0;
    for (uint64_t left = rng_next(rng) % 6; left > 0; left--)
        size += (size_t)snprintf(text + size, sizeof text - size, "%c.", (char)('a' + rng_next(rng) % 4));
    return name_of(text);
}

static const struct zone *naive_find(const struct zone *const *zones, size_t count,
                                     const struct dns_name *qname, bool above_apex)
{
    const struct zone *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct dns_name *apex = zone_apex(zones[i]);
        if (!dns_name_is_within(qname, apex) || (above_apex && dns_name_equal(qname, apex)))
            continue;
        if (best == NULL || apex->label_count > zone_apex(best)->label_count)
            best = zones[i];
    }
    return best;
}

static void it_finds_what_a_list_finds(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %llu\n", (unsigned long long)rng.state);
    for (int run = 0; run < 100; run++) {
        const struct zone *zones[ZONES_MAX];
        size_t count = 0;
        for (uint64_t left = rng_next(&rng) % ZONES_MAX; left > 0; left--) {
            const struct dns_name apex = random_name(&rng);
            const struct zone *there = naive_find(zones, count, &apex, false);
            if (there == NULL || !dns_name_equal(zone_apex(there), &apex))
                zones[count++] = empty_zone(&apex);
        }
        struct zone_set *set = zone_set_new(zones, count);
        for (int i = 0; i < 200; i++) {
            const struct dns_name qname = random_name(&rng);
            bool above_apex = rng_next(&rng) % 2 == 0;
            assert_ptr_equal(find(set, &qname, above_apex), naive_find(zones, count, &qname, above_apex));
        }
        for (size_t i = 0; i < count; i++)
            zone_free((void *)(uintptr_t)zones[i]);
        free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_apex_holds_the_name),
        cmocka_unit_test(the_root_zone_holds_everything),
        cmocka_unit_test(an_empty_set_holds_nothing),
        cmocka_unit_test(it_finds_what_a_list_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
