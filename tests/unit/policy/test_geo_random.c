/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Geo nodes of random rules over random places, against a naive reference. */
#include "policy/geo_world.h"

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

/* The rule that the name of the address in a map would have. */
static bool naive_name(const struct world *world, size_t map, const struct address *address,
                       char key[GEO_KEY_SIZE])
{
    int best = -1;
    for (size_t i = 0; i < world->named_count[map]; i++) {
        const struct prefix *prefix = &world->named[map][i];
        if (prefix->length <= best || !prefix_contains(prefix, address))
            continue;
        best = prefix->length;
        snprintf(key, GEO_KEY_SIZE, "map:%c/n%u", (char)('a' + map), world->names[map][i]);
    }
    return best >= 0;
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
    for (size_t map = 0; map < MAPS; map++) {
        char key[GEO_KEY_SIZE];
        if (!naive_name(world, map, address, key))
            continue;
        for (size_t i = 0; i < world->rule_count; i++)
            if (strcmp(key, world->keys[i]) == 0)
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
    for (size_t map = 0; map < MAPS; map++)
        for (size_t i = 0; i < world->named_count[map]; i++)
            if (!edges_agree(world, area, &world->named[map][i], levels))
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

static void fill_maps_randomly(struct world *world, struct rng *rng)
{
    for (size_t map = 0; map < MAPS; map++) {
        size_t wanted = rng_next(rng) % NAMED_MAX, count = 0;
        for (size_t i = 0; i < wanted; i++) {
            struct prefix prefix = random_prefix(rng);
            bool is_known = false;
            for (size_t k = 0; k < count; k++)
                is_known |= world->named[map][k].length == prefix.length &&
                            address_equal(&world->named[map][k].address, &prefix.address);
            if (is_known)
                continue;
            world->named[map][count] = prefix;
            world->names[map][count++] = (unsigned)(rng_next(rng) % 4);
        }
        world->named_count[map] = count;
    }
}

static void fill_randomly(struct world *world, struct rng *rng)
{
    static const char *const keys[] = {
        "default",     "continent:EU",  "continent:NA",      "continent:AS",      "country:DE",
        "country:FR",  "country:US",    "subdivision:US-CA", "subdivision:DE-BE", "city:Paris",
        "city:Berlin", "city:FR/Paris", "city:DE/Berlin",    "asn:64500",         "asn:64501",
        "map:a/n0",    "map:a/n1",      "map:b/n0",          "map:b/n1",          "map:b/n7",
        "map:c/n0",
    };
    world->place_count = rng_next(rng) % PLACES_MAX;
    for (size_t i = 0; i < world->place_count; i++) {
        world->places[i] = random_prefix(rng);
        world->at[i] = (uint32_t)(rng_next(rng) % LOCATIONS);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (rng_next(rng) % 2)
            add_rule(world, keys[i], (uint16_t)(rng_next(rng) % CHILDREN));
    fill_maps_randomly(world, rng);
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(random_rules_agree_with_a_naive_reference) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
