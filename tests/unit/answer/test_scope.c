/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scope of an answer is exact: no address within it is answered otherwise, and one bit wider some would
 * be, where distance decides: is elsewhere.  What is said of an address can change only at an edge of some
 * prefix, so looking at all edges is a proof and not a sample.
 */
#include "support/cmocka_all.h"
#include "support/tree.h"

#include "answer/steer.h"
#include "base/rng.h"
#include "dns/type.h"
#include "policy/policy.h"
#include "snapshot/geo.h"
#include "snapshot/service.h"

enum { PLACES = 20, GEO_NODES = 6, RULES = 9, POOLS = 5, KEYS = 9, EDGES = 2 * (PLACES + GEO_NODES * RULES) };

static const struct location locations[] = {
    { .continent = "EU", .country = "DE", .city = "Berlin", .asn = 64500, .at = { 52, 13, true } },
    { .continent = "EU", .country = "FR", .at = { 48, 2, true } },
    { .continent = "NA", .country = "US", .subdivision = "US-CA", .asn = 64501, .at = { 37, -122, true } },
    { .continent = "NA", .country = "US", .asn = 64500, .at = { 40, -75, true } },
    { .continent = "AS" },
    { .continent = "EU", .country = "FR", .asn = 64502, .at = { 48, 2, true } }, /* where another one is */
};
enum { LOCATIONS = sizeof locations / sizeof *locations };

static const char *const place_keys[KEYS] = { "default",    "continent:EU", "continent:NA",
                                              "country:DE", "country:FR",   "subdivision:US-CA",
                                              "asn:64500",  "city:Berlin",  "continent:AS" };
static const uint8_t key_places[KEYS] = { 0x7f, 0x23, 0x0c, 0x01, 0x22, 0x04, 0x09, 0x01, 0x10 }; /* by bit:
    which locations a key is about, bit 6: none */
static const uint8_t key_ranks[KEYS] = { 9, 5, 5, 4, 4, 3, 1, 2, 5 }; /* most specific first */

struct rule {
    char key[ADDRESS_TEXT_SIZE];
    struct prefix prefix; /* family NONE: the key is about locations */
    uint8_t places, rank;
    uint16_t child;
};

struct world {
    struct tree tree;
    struct rng rng;
    struct tickets *tickets;
    struct service service;
    struct prefix places[PLACES];
    uint32_t located[PLACES];
    struct geo geo;
    struct rule rules[GEO_NODES][RULES];
    size_t rule_counts[GEO_NODES];
    struct node *geo_nodes[GEO_NODES];
    struct address edges[EDGES];
    size_t edge_count;
};

static size_t below(struct world *world, size_t bound)
{
    return (size_t)(rng_next(&world->rng) % bound);
}

/* ---- a random world ---- */

/* Few different leading bits, so that prefixes nest, touch and repeat. */
static struct prefix random_prefix(struct world *world)
{
    struct prefix prefix = { .address.family = below(world, 2) ? ADDRESS_V4 : ADDRESS_V6 };
    uint8_t bits = address_bits(&prefix.address);
    for (unsigned i = 0; i < bits / 8u; i++)
        prefix.address.bytes[i] = (uint8_t)(i < 3 ? below(world, 4) << 6 : below(world, 256));
    prefix.length = (uint8_t)(below(world, 5) == 0 ? below(world, bits + 1u) : below(world, 26));
    address_mask(&prefix.address, prefix.length);
    return prefix;
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

static void add_edges(struct world *world, const struct prefix *prefix)
{
    world->edges[world->edge_count++] = prefix->address;
    if (address_behind(prefix, &world->edges[world->edge_count]))
        world->edge_count++;
}

static void make_places(struct world *world)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < PLACES; i++) {
        world->places[i] = random_prefix(world);
        world->located[i] = (uint32_t)below(world, LOCATIONS);
        prefix_map_builder_add(builder, &world->places[i], world->located[i]);
        add_edges(world, &world->places[i]);
    }
    world->geo.map = prefix_map_build(builder);
    world->geo.locations = xmemdup(locations, sizeof locations);
    world->geo.count = LOCATIONS;
    geo_join_places(&world->geo);
    world->tree.dataset.geo = &world->geo;
}

static bool has_rule(const struct world *world, size_t at, const char *key)
{
    for (size_t i = 0; i < world->rule_counts[at]; i++)
        if (strcmp(world->rules[at][i].key, key) == 0)
            return true;
    return false;
}

static void add_rule(struct world *world, size_t at, uint16_t child)
{
    struct rule rule = { .child = child };
    if (below(world, 2)) {
        rule.prefix = random_prefix(world);
        prefix_format(&rule.prefix, rule.key);
    } else {
        size_t key = below(world, KEYS);
        strcpy(rule.key, place_keys[key]);
        rule.places = key_places[key];
        rule.rank = key_ranks[key];
    }
    if (has_rule(world, at, rule.key))
        return;
    if (rule.prefix.address.family != ADDRESS_NONE)
        add_edges(world, &rule.prefix);
    world->rules[at][world->rule_counts[at]++] = rule;
}

static void compile_rules(struct world *world, size_t at, bool shares_shape)
{
    const struct policy *policy = world->geo_nodes[at]->policy;
    struct policy_rule rules[RULES];
    for (size_t i = 0; i < world->rule_counts[at]; i++)
        rules[i] = (struct policy_rule){ world->rules[at][i].key, world->rules[at][i].child };
    struct policy_source source = { .rules = rules, .count = world->rule_counts[at], .geo = &world->geo };
    struct error err;
    void *plan, *shape = NULL;
    if (shares_shape && !policy->compile_common(&source, &shape, &err))
        fail_msg("%s", err.text);
    source.common = shape;
    if (!policy->compile(&source, &plan, &err))
        fail_msg("%s", err.text);
    world->geo_nodes[at]->plan = plan;
    if (shape != NULL)
        edition_replaced(&world->tree.edition, shape, policy->common_free);
    edition_replaced(&world->tree.edition, plan, policy->plan_free);
}

static struct node *make_pool(struct world *world)
{
    static const char *const policies[] = { "round_robin", "weighted", "failover", "sticky", "nearest" };
    const uint32_t weights[] = { 1, 3, 2 };
    struct node *pool = tree_pool(&world->tree, policies[below(world, 5)], weights, 3);
    for (uint16_t i = 0; i < 3; i++) {
        tree_more(pool->children[i].endpoint)->at =
            (struct coordinates){ (float)below(world, 60), (float)below(world, 120), true };
    }
    return pool;
}

/* Pools, a node over some of them, and geo nodes over what was made before. */
static void make_tree(struct world *world)
{
    static const char *const policies[] = { "failover", "weighted", "sticky", "nearest" };
    struct node *made[POOLS + 1 + GEO_NODES];
    size_t count = 0;
    while (count < POOLS)
        made[count++] = make_pool(world);
    struct node *mixed = tree_node(&world->tree, policies[below(world, 4)], 2);
    tree_hang(mixed, 0, made[0], 1);
    tree_hang(mixed, 1, made[1], 1);
    made[count++] = mixed;
    for (size_t at = 0; at < GEO_NODES; at++) {
        struct node *node = tree_node(&world->tree, "geo", RULES);
        for (uint16_t child = 0; child < RULES; child++)
            tree_hang(node, child, made[below(world, count)], 1);
        world->geo_nodes[at] = node;
        for (size_t rule = 0; rule < RULES; rule++)
            add_rule(world, at, (uint16_t)below(world, RULES));
        if (world->rule_counts[at] == 0)
            add_rule(world, at, 0);
        compile_rules(world, at, at % 2);
        made[count++] = node;
    }
    world->service =
        (struct service){ .id = 1, .ttl_s = 30, .min_ttl_s = 15, .name = "www", .uses_ecs = true };
    world->service.root = (struct child){ .kind = CHILD_SHARED, .shared = made[count - 1]->id };
}

static void world_open(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->rng.state = seed;
    world->tickets = tickets_new(256);
    make_places(world);
    make_tree(world);
    for (uint32_t slot = 0; slot < world->tree.endpoint_count; slot++)
        tree_set_up(&world->tree, slot, below(world, 3) > 0);
    if (below(world, 3) > 0) { /* whole pools down: chains fall through */
        for (uint32_t slot = 0; slot < 6; slot++)
            tree_set_up(&world->tree, slot, false);
    }
    tree_refresh_all(&world->tree);
}

static void world_close(struct world *world)
{
    tickets_free(world->tickets);
    tree_free(&world->tree);
    prefix_map_free(world->geo.map);
    prefix_map_free(world->geo.places);
    free(world->geo.points);
    free(world->geo.locations);
}

/* ---- what is said of an address ---- */

enum { SAID_MOST = 2048 };

/* Everything that a decision for an address depended on: each node visited, with the targets it tried. */
struct said {
    struct trace trace;
    const struct world *world;
    const struct address *address;
    uint32_t words[SAID_MOST];
    size_t count;
    uint8_t hashed; /* length of the client prefix that `sticky` took */
    struct decision decision;
};

static void say(struct said *said, uint32_t word)
{
    assert_true(said->count < SAID_MOST);
    said->words[said->count++] = word;
}

static unsigned naive_location(const struct world *world, const struct address *address)
{
    unsigned found = LOCATIONS;
    int best = -1;
    for (size_t i = 0; i < PLACES; i++) {
        if (world->places[i].length >= best && prefix_contains(&world->places[i], address)) {
            best = world->places[i].length;
            found = world->located[i];
        }
    }
    return found;
}

/* Distances depend on where the address is and on nothing else. */
static uint32_t naive_point(const struct world *world, const struct address *address)
{
    unsigned place = naive_location(world, address);
    bool is_somewhere = place < LOCATIONS && locations[place].at.is_known;
    return is_somewhere ? (uint32_t)(locations[place].at.latitude * 1000 + locations[place].at.longitude)
                        : UINT32_MAX;
}

/* The targets of all rules about the address, most specific first, each once; those of equal rank cannot
 * match together, but for two about one place of which the written form says nothing. */
static size_t naive_chain(const struct world *world, size_t at, const struct address *address,
                          uint16_t chain[RULES])
{
    unsigned place = naive_location(world, address);
    size_t count = 0;
    for (int order = 0; order < 139; order++) { /* prefixes by length, then the others by rank */
        for (size_t i = 0; i < world->rule_counts[at]; i++) {
            const struct rule *rule = &world->rules[at][i];
            bool is_prefix = rule->prefix.address.family != ADDRESS_NONE;
            bool matches = is_prefix ? prefix_contains(&rule->prefix, address) : rule->places >> place & 1;
            int rank = is_prefix ? 128 - rule->prefix.length : 129 + rule->rank;
            bool is_there = false;
            for (size_t k = 0; k < count; k++)
                is_there |= chain[k] == rule->child;
            if (matches && rank == order && !is_there)
                chain[count++] = rule->child;
        }
    }
    return count;
}

static void say_geo(struct said *said, size_t at, const struct choice *choice)
{
    uint16_t chain[RULES];
    size_t count = naive_chain(said->world, at, said->address, chain);
    for (size_t level = 0; level < count; level++) {
        say(said, chain[level]);
        if (choice->count > 0 && chain[level] == choice->index[0])
            return;
    }
    assert_int_equal(choice->count, 0); /* or the choice was of no rule about this address */
    say(said, UINT32_MAX);
}

static void note_step(struct trace *trace, const struct trace_step *step)
{
    struct said *said = (struct said *)trace;
    if (step->kind != TRACE_NODE && step->kind != TRACE_EMPTY)
        return;
    const struct node *node = step->candidates->node;
    say(said, node->id);
    for (size_t at = 0; at < GEO_NODES; at++)
        if (said->world->geo_nodes[at] == node)
            say_geo(said, at, step->choice);
    if (strcmp(node->policy->name, "nearest") == 0)
        say(said, naive_point(said->world, said->address));
    if (strcmp(node->policy->name, "sticky") == 0)
        said->hashed = step->choice->scope_len;
}

static void ask(struct world *world, const struct address *address, struct said *said)
{
    said->trace.step = note_step;
    said->world = world;
    said->address = address;
    said->count = 0;
    said->hashed = 0;
    const struct client client = {
        .address = *address, .prefix_len = address_bits(address), .is_ecs = true, .geo = &world->geo
    };
    const struct snapshot now = { .dataset = &world->tree.dataset,
                                  .conditions = &world->tree.conditions,
                                  .tickets = world->tickets };
    const struct steering steering = { .now = &now,
                                       .service = &world->service,
                                       .client = &client,
                                       .qtype = DNS_A,
                                       .random = 4711,
                                       .peeks = true,
                                       .trace = &said->trace };
    steer(&steering, &said->decision);
}

static bool said_the_same(const struct said *a, const struct said *b)
{
    return a->count == b->count && memcmp(a->words, b->words, a->count * sizeof *a->words) == 0;
}

static bool answered_the_same(const struct said *a, const struct said *b)
{
    const struct decision *x = &a->decision, *y = &b->decision;
    return x->outcome == y->outcome && x->count == y->count &&
           memcmp(x->endpoints, y->endpoints, x->count * sizeof(x->endpoints[0])) == 0;
}

/* ---- the property ---- */

static void complain(const struct address *client, const struct address *other, uint8_t scope_len,
                     const char *what)
{
    char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];
    address_format(client, a);
    address_format(other, b);
    fail_msg("%s/%u: %s %s", a, scope_len, what, b);
}

static void check_within(struct world *world, const struct said *said, const struct prefix *scope)
{
    static struct said other;
    for (size_t i = 0; i < world->edge_count + 8; i++) {
        struct address address = i < world->edge_count ? world->edges[i] : scope->address;
        for (unsigned bit = scope->length; i >= world->edge_count && bit < address_bits(&address); bit++)
            if (below(world, 2))
                address.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        if (!prefix_contains(scope, &address))
            continue;
        ask(world, &address, &other);
        if (!answered_the_same(said, &other) || other.decision.scope_len != scope->length)
            complain(said->address, &address, scope->length, "has another answer or scope within it:");
    }
}

/* One bit wider something else is said somewhere. */
static void check_widest(struct world *world, const struct said *said, const struct prefix *scope)
{
    static struct said other;
    struct prefix wider = { scope->address, (uint8_t)(scope->length - 1) };
    address_mask(&wider.address, wider.length);
    struct address half = scope->address;
    half.bytes[wider.length / 8] ^= (uint8_t)(0x80 >> wider.length % 8);
    for (size_t i = 0; i <= world->edge_count; i++) {
        const struct address *address = i < world->edge_count ? &world->edges[i] : &half;
        if (!prefix_contains(&wider, address))
            continue;
        ask(world, address, &other);
        if (!said_the_same(said, &other))
            return;
    }
    complain(said->address, &half, scope->length, "could be wider: the same is said of");
}

static void check_one(struct world *world)
{
    static struct said said;
    struct address client = random_prefix(world).address;
    if (below(world, 2))
        client = world->edges[below(world, world->edge_count)];
    ask(world, &client, &said);
    assert_true(said.decision.depends_on_client);
    struct prefix scope = { client, said.decision.scope_len };
    address_mask(&scope.address, scope.length);
    check_within(world, &said, &scope);
    if (scope.length > said.hashed)
        check_widest(world, &said, &scope);
    assert_true(scope.length >= said.hashed);
}

static void scopes_through_trees_are_exact(void **state)
{
    (void)state;
    const char *long_run = getenv("STEERD_TEST_LONG");
    int worlds = long_run != NULL && strcmp(long_run, "1") == 0 ? 1000 : 15;
    struct rng seeds;
    rng_seed(&seeds);
    printf("seed %016llx\n", (unsigned long long)seeds.state);
    for (int round = 0; round < worlds; round++) {
        static struct world world;
        world_open(&world, rng_next(&seeds));
        for (int i = 0; i < 100; i++)
            check_one(&world);
        world_close(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(scopes_through_trees_are_exact) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
