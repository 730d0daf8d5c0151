/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/rng.h"
#include "policy/geo_plan.h"
#include "policy/geo_rule.h"
#include "policy/policy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct policy policy_geo;

enum { CHILDREN = 8, RULES_MAX = 40, PLACES_MAX = 60 };

static const struct location locations[] = {
    { .continent = "EU", .country = "DE", .subdivision = "DE-BE", .city = "Berlin", .asn = 64500 },
    { .continent = "EU", .country = "DE", .asn = 64501 },
    { .continent = "EU", .country = "FR", .city = "Paris" },
    { .continent = "NA", .country = "US", .subdivision = "US-TX", .city = "Paris", .asn = 64500 },
    { .continent = "NA", .country = "US", .subdivision = "US-CA", .city = "Berlin" },
    { .continent = "AS" },
    { .asn = 64501 },
};
enum { LOCATIONS = sizeof locations / sizeof *locations };

/* A table of locations and rules over it, with what the naive reference needs to know of both. */
struct world {
    struct prefix places[PLACES_MAX];
    uint32_t at[PLACES_MAX]; /* index in locations */
    size_t place_count;
    struct geo geo;
    char keys[RULES_MAX][GEO_KEY_SIZE];
    struct policy_rule rules[RULES_MAX];
    struct prefix prefixes[RULES_MAX]; /* of the rules that are one; the others have no family */
    size_t rule_count;
    bool shares_shape;
    void *shape;
    struct geo_plan *plan;
    struct node *node;
};

static void world_compile(struct world *world, bool has_geo)
{
    static const struct endpoint endpoint = { .slot = SLOT_NONE };
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < world->place_count; i++)
        prefix_map_builder_add(builder, &world->places[i], world->at[i]);
    world->geo = (struct geo){ .map = prefix_map_build(builder),
                               .locations = xmemdup(locations, sizeof locations),
                               .count = LOCATIONS };
    struct policy_source source = { .rules = world->rules,
                                    .count = world->rule_count,
                                    .geo = has_geo ? &world->geo : NULL };
    struct error err;
    void *plan;
    if (world->shares_shape && !policy_geo.compile_common(&source, &world->shape, &err))
        fail_msg("%s", err.text);
    source.common = world->shape;
    if (!policy_geo.compile(&source, &plan, &err))
        fail_msg("%s", err.text);
    world->plan = plan;
    world->node = xcalloc(1, sizeof *world->node + CHILDREN * sizeof *world->node->children);
    world->node->policy = &policy_geo;
    world->node->plan = plan;
    world->node->child_count = CHILDREN;
    for (size_t i = 0; i < CHILDREN; i++)
        world->node->children[i] = (struct child){ .kind = CHILD_ENDPOINT, .endpoint = &endpoint };
}

static void world_free(struct world *world)
{
    prefix_map_free(world->geo.map);
    free(world->geo.locations);
    policy_geo.plan_free(world->plan);
    policy_geo.common_free(world->shape);
    free(world->node);
}

static void add_rule(struct world *world, const char *key, uint16_t child)
{
    strcpy(world->keys[world->rule_count], key);
    prefix_parse(key, &world->prefixes[world->rule_count]);
    world->rules[world->rule_count] = (struct policy_rule){ world->keys[world->rule_count], child };
    world->rule_count++;
}

static void add_place(struct world *world, const char *prefix, uint32_t location)
{
    assert_true(prefix_parse(prefix, &world->places[world->place_count]));
    world->at[world->place_count++] = location;
}

/* Asks with the children in `down` out of order. */
static struct choice ask_address(const struct world *world, const struct address *address,
                                 const uint16_t *down, uint16_t down_count)
{
    const struct client client = { .address = *address, .prefix_len = address_bits(address) };
    const struct candidates from = {
        .node = world->node, .view = VIEW_HEALTHY, .excluded = down, .excluded_count = down_count
    };
    struct choice choice = { 0 };
    policy_geo.choose(&from, &client, NULL, 1, &choice);
    assert_true(choice.depends_on_client);
    assert_non_null(choice.reason);
    return choice;
}

static struct choice ask(const struct world *world, const char *text, const uint16_t *down,
                         uint16_t down_count)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return ask_address(world, &address, down, down_count);
}

/* ---- by example ---- */

static void the_most_specific_rule_wins_and_falls_through_in_order(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0);
    add_rule(&world, "default", 7);
    add_rule(&world, "continent:EU", 6);
    add_rule(&world, "country:DE", 5);
    add_rule(&world, "subdivision:DE-BE", 4);
    add_rule(&world, "city:Berlin", 3);
    add_rule(&world, "city:DE/Berlin", 2);
    add_rule(&world, "asn:64500", 1);
    add_rule(&world, "20.0.0.0/24", 0);
    world_compile(&world, true);
    static const uint16_t down[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    for (uint16_t count = 0; count < 8; count++) {
        struct choice choice = ask(&world, "20.0.0.9", down, count);
        assert_int_equal(choice.count, 1);
        assert_int_equal(choice.index[0], count);
        assert_int_equal(choice.scope_len, 24);
    }
    assert_int_equal(ask(&world, "20.0.0.9", down, 8).count, 0);
    assert_int_equal(ask(&world, "20.0.128.9", NULL, 0).index[0], 1);
    assert_int_equal(ask(&world, "20.0.128.9", NULL, 0).scope_len, 17);
    assert_int_equal(ask(&world, "99.0.0.1", NULL, 0).index[0], 7);
    assert_int_equal(ask(&world, "99.0.0.1", NULL, 0).scope_len, 2);
    world_free(&world);
}

static void longer_prefixes_come_before_shorter_ones(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_rule(&world, "10.0.0.0/8", 0);
    add_rule(&world, "10.1.0.0/16", 1);
    add_rule(&world, "10.1.2.3", 2);
    add_rule(&world, "2001:db8::/32", 3);
    world_compile(&world, false);
    static const uint16_t first[] = { 2 }, second[] = { 1, 2 };
    assert_int_equal(ask(&world, "10.1.2.3", NULL, 0).index[0], 2);
    assert_int_equal(ask(&world, "10.1.2.3", first, 1).index[0], 1);
    assert_int_equal(ask(&world, "10.1.2.3", second, 2).index[0], 0);
    assert_int_equal(ask(&world, "10.2.2.3", NULL, 0).index[0], 0);
    assert_int_equal(ask(&world, "2001:db8::1", NULL, 0).index[0], 3);
    assert_int_equal(ask(&world, "11.0.0.1", NULL, 0).count, 0);
    assert_int_equal(ask(&world, "11.0.0.1", NULL, 0).scope_len, 8);
    world_free(&world);
}

static void with_default_alone_the_scope_is_zero(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0);
    add_rule(&world, "default", 4);
    world_compile(&world, true);
    struct choice choice = ask(&world, "20.0.0.9", NULL, 0);
    assert_int_equal(choice.index[0], 4);
    assert_int_equal(choice.scope_len, 0);
    assert_true(choice.depends_on_client);
    world_free(&world);
}

static void rules_about_locations_match_nobody_without_a_database(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0);
    add_rule(&world, "country:DE", 1);
    add_rule(&world, "30.0.0.0/8", 2);
    add_rule(&world, "default", 3);
    world_compile(&world, false);
    assert_int_equal(ask(&world, "20.0.0.9", NULL, 0).index[0], 3);
    assert_int_equal(ask(&world, "30.0.0.9", NULL, 0).index[0], 2);
    world_free(&world);
}

/* The scope of an answer is not cut where only the less specific levels differ. */
static void targets_that_are_equal_share_a_scope(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0); /* DE, Berlin */
    add_place(&world, "20.1.0.0/16", 2); /* FR */
    add_place(&world, "20.2.0.0/15", 3); /* US */
    add_rule(&world, "continent:EU", 0);
    add_rule(&world, "country:DE", 0);
    add_rule(&world, "country:FR", 0);
    add_rule(&world, "city:Berlin", 0);
    add_rule(&world, "default", 1);
    world_compile(&world, true);
    static const uint16_t down[] = { 0 };
    assert_int_equal(ask(&world, "20.1.0.9", NULL, 0).scope_len, 15);
    assert_int_equal(ask(&world, "20.1.0.9", down, 1).index[0], 1);
    assert_int_equal(ask(&world, "20.1.0.9", down, 1).scope_len, 15);
    assert_int_equal(world.plan->level_count, 2);
    assert_ptr_equal(world.plan->levels[0].shape,
                     world.plan->levels[1].shape); /* nothing is divided further */
    world_free(&world);
}

/* Own prefixes, own targets, another order: the same shape. */
static void nodes_with_the_same_pattern_have_the_same_shape(void **state)
{
    (void)state;
    const struct policy_rule a[] = { { "country:DE", 3 }, { "continent:EU", 3 }, { "default", 1 } };
    const struct policy_rule b[] = {
        { "10.0.0.0/8", 9 }, { "default", 7 }, { "continent:EU", 2 }, { "country:de", 2 }
    };
    const struct policy_rule c[] = { { "country:DE", 3 }, { "continent:EU", 1 }, { "default", 1 } };
    const struct policy_source sources[] = { { .rules = a, .count = 3 },
                                             { .rules = b, .count = 4 },
                                             { .rules = c, .count = 3 } };
    char *keys[3];
    for (size_t i = 0; i < 3; i++)
        keys[i] = policy_geo.common_key(&sources[i]);
    assert_string_equal(keys[0], keys[1]);
    assert_string_not_equal(keys[0], keys[2]);
    for (size_t i = 0; i < 3; i++)
        free(keys[i]);
}

static void two_spellings_of_one_rule_are_refused(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "country:us", "country:US" },
        { "2001:db8::/32", "2001:DB8:0::/32" },
        { "city:berlin", "city:BERLIN" },
        { "192.0.2.1", "192.0.2.1/32" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct policy_rule rules[] = { { pairs[i][0], 0 }, { pairs[i][1], 1 } };
        const struct policy_source source = { .rules = rules, .count = 2 };
        struct error err;
        void *plan = NULL;
        assert_false(policy_geo.compile(&source, &plan, &err));
        assert_non_null(strstr(err.text, "two rules are about"));
    }
}

static void keys_are_checked_with_advice(void **state)
{
    (void)state;
    static const struct {
        const char *key, *words; /* NULL: good */
    } rows[] = {
        { "default", NULL },
        { "continent:EU", NULL },
        { "country:US", NULL },
        { "subdivision:US-CA", NULL },
        { "subdivision:GB-ENG", NULL },
        { "city:Berlin", NULL },
        { "city:DE/Berlin", NULL },
        { "city:Frankfurt/Oder", NULL },
        { "asn:64500", NULL },
        { "192.0.2.0/24", NULL },
        { "192.0.2.1", NULL },
        { "2001:db8::/32", NULL },
        { "::/0", NULL },
        { "EU", "write continent:EU" },
        { "us", "write country:US" },
        { "NA", "write country:NA or continent:NA" },
        { "country:EU", "write continent:EU" },
        { "country:UK", "is GB" },
        { "country:Germany", "no country code \"Germany\"" },
        { "continent:EUR", "no continent \"EUR\"" },
        { "subdivision:CA", "subdivision:US-CA" },
        { "subdivision:XX-CA", "no country code \"XX\"" },
        { "asn:AS64500", "asn:64500" },
        { "asn:4294967296", "no AS number" },
        { "asn:", "no AS number" },
        { "city:", "1 to 47 bytes" },
        { "city:QQ/Berlin", "no country code \"QQ\"" },
        { "198.51.100.7/24", "write 198.51.100.0/24" },
        { "198.51.100.0/33", "must be 0 to 32" },
        { "2001:db8::1/32", "write 2001:db8::/32" },
        { "2001:db8::/x", "must be 0 to 128" },
        { "germany", "is no place" },
        { "", "is no place" },
        { "Default", "is no place" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error err = { "" };
        bool is_good = policy_geo.check_key(rows[i].key, &err);
        if (is_good != (rows[i].words == NULL) || (!is_good && strstr(err.text, rows[i].words) == NULL))
            fail_msg("\"%s\": '%s', expected '%s'", rows[i].key, err.text,
                     rows[i].words != NULL ? rows[i].words : "no error");
    }
}

/* ---- against a naive reference ---- */

static const struct location *naive_locate(const struct world *world, const struct address *address)
{
    const struct location *found = NULL;
    int best = -1;
    for (size_t i = 0; i < world->place_count; i++) {
        if (world->places[i].length >= best && prefix_contains(&world->places[i], address)) {
            best = world->places[i].length;
            found = &locations[world->at[i]];
        }
    }
    return found;
}

static void chain_append(uint16_t *chain, size_t *count, uint16_t child)
{
    for (size_t i = 0; i < *count; i++)
        if (chain[i] == child)
            return;
    chain[(*count)++] = child;
}

/* All rules about the address, most specific first; the rest of the chain is UINT16_MAX. */
static size_t naive_chain(const struct world *world, const struct address *address,
                          uint16_t chain[CHILDREN + 1])
{
    size_t count = 0;
    const struct location *at = naive_locate(world, address);
    for (size_t i = 0; i <= CHILDREN; i++)
        chain[i] = UINT16_MAX;
    for (int length = 128; length >= 0; length--) {
        for (size_t i = 0; i < world->rule_count; i++)
            if (world->prefixes[i].length == length && prefix_contains(&world->prefixes[i], address))
                chain_append(chain, &count, world->rules[i].child);
    }
    char keys[7][GEO_KEY_SIZE] = { "", "", "", "", "", "", "default" };
    if (at != NULL) {
        snprintf(keys[0], GEO_KEY_SIZE, "asn:%u", at->asn);
        snprintf(keys[1], GEO_KEY_SIZE, "city:%s/%s", at->country, at->city);
        snprintf(keys[2], GEO_KEY_SIZE, "city:%s", at->city);
        snprintf(keys[3], GEO_KEY_SIZE, "subdivision:%s", at->subdivision);
        snprintf(keys[4], GEO_KEY_SIZE, "country:%s", at->country);
        snprintf(keys[5], GEO_KEY_SIZE, "continent:%s", at->continent);
    }
    for (size_t level = 0; level < 7; level++)
        for (size_t i = 0; i < world->rule_count; i++)
            if (strcasecmp(keys[level], world->keys[i]) == 0)
                chain_append(chain, &count, world->rules[i].child);
    return count;
}

static bool same_chain(const struct world *world, const struct address *a, const struct address *b,
                       size_t levels)
{
    uint16_t of_a[CHILDREN + 1], of_b[CHILDREN + 1];
    naive_chain(world, a, of_a);
    naive_chain(world, b, of_b);
    return memcmp(of_a, of_b, levels * sizeof *of_a) == 0;
}

/* The first address behind a prefix; false at the end of the address space. */
static bool address_behind(const struct prefix *prefix, struct address *out)
{
    *out = prefix->address;
    for (unsigned bit = prefix->length; bit < address_bits(out); bit++)
        out->bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    for (int byte = address_bits(out) / 8 - 1; byte >= 0; byte--)
        if (++out->bytes[byte] != 0)
            return true;
    return false;
}

static bool edges_agree(const struct world *world, const struct prefix *area, const struct prefix *prefix,
                        size_t levels)
{
    struct address behind;
    if (prefix_contains(area, &prefix->address) &&
        !same_chain(world, &area->address, &prefix->address, levels))
        return false;
    return !address_behind(prefix, &behind) || !prefix_contains(area, &behind) ||
           same_chain(world, &area->address, &behind, levels);
}

/* True if the first `levels` targets are the same in all of `area`: they change at edges of prefixes only. */
static bool naive_is_uniform(const struct world *world, const struct prefix *area, size_t levels)
{
    for (size_t i = 0; i < world->place_count; i++)
        if (!edges_agree(world, area, &world->places[i], levels))
            return false;
    for (size_t i = 0; i < world->rule_count; i++)
        if (world->prefixes[i].address.family != ADDRESS_NONE &&
            !edges_agree(world, area, &world->prefixes[i], levels))
            return false;
    return true;
}

/* Few different leading bits, so that prefixes nest, touch and repeat. */
static struct prefix random_prefix(struct rng *rng)
{
    uint64_t bits = rng_next(rng);
    struct prefix prefix = { .address.family = bits & 1 ? ADDRESS_V4 : ADDRESS_V6 };
    for (unsigned i = 0; i < address_bits(&prefix.address) / 8; i++)
        prefix.address.bytes[i] = (uint8_t)(i < 3 ? (rng_next(rng) & 3) << 6 : rng_next(rng));
    prefix.length = (uint8_t)(rng_next(rng) % 5 == 0 ? rng_next(rng) % (address_bits(&prefix.address) + 1u)
                                                     : rng_next(rng) % 26);
    address_mask(&prefix.address, prefix.length);
    return prefix;
}

static bool has_rule(const struct world *world, const char *key)
{
    for (size_t i = 0; i < world->rule_count; i++)
        if (strcmp(world->keys[i], key) == 0)
            return true;
    return false;
}

static void fill_randomly(struct world *world, struct rng *rng)
{
    static const char *const keys[] = {
        "default",     "continent:EU",  "continent:NA",      "continent:AS",      "country:DE",
        "country:FR",  "country:US",    "subdivision:US-CA", "subdivision:DE-BE", "city:Paris",
        "city:Berlin", "city:FR/Paris", "city:DE/Berlin",    "asn:64500",         "asn:64501",
    };
    world->place_count = rng_next(rng) % PLACES_MAX;
    for (size_t i = 0; i < world->place_count; i++) {
        world->places[i] = random_prefix(rng);
        world->at[i] = (uint32_t)(rng_next(rng) % LOCATIONS);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (rng_next(rng) % 2)
            add_rule(world, keys[i], (uint16_t)(rng_next(rng) % CHILDREN));
    size_t prefix_count = rng_next(rng) % 20;
    for (size_t i = 0; i < prefix_count; i++) {
        struct prefix prefix = random_prefix(rng);
        char key[ADDRESS_TEXT_SIZE];
        prefix_format(&prefix, key);
        if (!has_rule(world, key))
            add_rule(world, key, (uint16_t)(rng_next(rng) % CHILDREN));
    }
}

static struct address random_client(const struct world *world, struct rng *rng)
{
    struct prefix prefix = random_prefix(rng);
    struct address address = prefix.address;
    if (world->place_count > 0 && rng_next(rng) % 2)
        prefix = world->places[rng_next(rng) % world->place_count];
    if (rng_next(rng) % 3 == 0)
        return prefix.address;
    return rng_next(rng) % 2 && address_behind(&prefix, &address) ? address : prefix.address;
}

static void check_one(const struct world *world, struct rng *rng)
{
    struct address client = random_client(world, rng);
    uint16_t down[CHILDREN], down_count = 0, chain[CHILDREN + 1];
    uint64_t bits = rng_next(rng) & rng_next(rng);
    for (uint16_t child = 0; child < CHILDREN; child++)
        if (bits >> child & 1)
            down[down_count++] = child;
    struct choice choice = ask_address(world, &client, down, down_count);

    size_t count = naive_chain(world, &client, chain), level = 0;
    while (level < count && (bits >> chain[level] & 1))
        level++;
    assert_int_equal(choice.count, level < count);
    if (level < count)
        assert_int_equal(choice.index[0], chain[level]);

    struct prefix scope = { .address = client, .length = choice.scope_len };
    address_mask(&scope.address, scope.length);
    assert_true(naive_is_uniform(world, &scope, level + 1));
    if (scope.length > 0) {
        scope.length--;
        address_mask(&scope.address, scope.length);
        assert_false(naive_is_uniform(world, &scope, level + 1));
    }
}

static void random_rules_agree_with_a_naive_reference(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %016llx\n", (unsigned long long)rng.state);
    for (int round = 0; round < 60; round++) {
        struct world world = { 0 };
        fill_randomly(&world, &rng);
        world.shares_shape = round % 2;
        world_compile(&world, true);
        for (int i = 0; i < 60; i++)
            check_one(&world, &rng);
        world_free(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_rule_wins_and_falls_through_in_order),
        cmocka_unit_test(longer_prefixes_come_before_shorter_ones),
        cmocka_unit_test(with_default_alone_the_scope_is_zero),
        cmocka_unit_test(rules_about_locations_match_nobody_without_a_database),
        cmocka_unit_test(targets_that_are_equal_share_a_scope),
        cmocka_unit_test(nodes_with_the_same_pattern_have_the_same_shape),
        cmocka_unit_test(two_spellings_of_one_rule_are_refused),
        cmocka_unit_test(keys_are_checked_with_advice),
        cmocka_unit_test(random_rules_agree_with_a_naive_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
