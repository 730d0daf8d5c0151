/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiling.h"

#include "base/rng.h"
#include "config/dataset_text.h"

#include <stdio.h>

/*
 * Random changes, one after the other, against a compilation of all objects from nothing: both must refuse
 * the same and make the same dataset.  What control is told of nodes must lead from each to the next.  Some
 * are kept and then accepted or rejected together.
 */
enum { GROUP_MOST = 8 };
enum { CHECKS = 2, POOLS = 5, POLICIES = 5, ZONES = 3, SERVICES = 4, RRSETS = 9, SLOTS = 4096, STEPS = 600 };

enum {
    FIRST_POOL = CHECKS,
    FIRST_POLICY = FIRST_POOL + POOLS,
    FIRST_ZONE = FIRST_POLICY + POLICIES,
    FIRST_DATA = FIRST_ZONE + ZONES,
    FIRST_SERVICE = FIRST_DATA + ZONES,
    FIRST_RRSET = FIRST_SERVICE + ZONES * SERVICES,
    FIRST_SERIAL = FIRST_RRSET + ZONES * RRSETS,
    OBJECTS = FIRST_SERIAL + ZONES
};

struct world {
    struct rng rng;
    struct bench bench;
    char *texts[OBJECTS];            /* accepted; NULL: absent */
    const struct node *slots[SLOTS]; /* as control knows them */
    uint64_t geo_number;             /* 0: none */
    unsigned accepted, refused;
    struct group { /* what is kept, and what was there before */
        unsigned wanted, count;
        struct compiled kept[GROUP_MOST];
        char *texts[OBJECTS];
        const struct node *slots[SLOTS];
        const struct dataset *dataset;
        uint64_t geo_number;
    } group;
};

static unsigned below(struct world *world, unsigned limit)
{
    return (unsigned)(rng_next(&world->rng) % limit);
}

static enum object_kind kind_of(unsigned object)
{
    return object < FIRST_POOL      ? OBJECT_CHECK
           : object < FIRST_POLICY  ? OBJECT_POOL
           : object < FIRST_ZONE    ? OBJECT_POLICY
           : object < FIRST_DATA    ? OBJECT_ZONE
           : object < FIRST_SERVICE ? OBJECT_ZONE_DATA
           : object < FIRST_RRSET   ? OBJECT_SERVICE
           : object < FIRST_SERIAL  ? OBJECT_RRSET
                                    : OBJECT_SERIAL;
}

/* Over what file and lines may say, beside services, at and below cuts. */
static const char *const rrset_names[RRSETS] = { "www/TXT", "www/A",  "b/CNAME", "a/NS",     "@/SOA",
                                                 "@/NS",    "d1/TXT", "x.a/A",   "www/DNAME" };
static const char *const rrset_values[RRSETS][2] = {
    { "x", "\"y z\"" },
    { "192.0.2.1", "192.0.2.2" },
    { "c", "www" },
    { "ns.example.", "ns" },
    { "a b 5 1 2 3 4", "a b 9 1 2 3 4" },
    { "ns.example.", "ns2.example." },
    { "x", "y" },
    { "192.0.2.3", "192.0.2.4" },
    { "example.", "example.net." },
};

static void name_of(unsigned object, char out[32])
{
    switch (kind_of(object)) {
    case OBJECT_CHECK: snprintf(out, 32, "c%u", object); break;
    case OBJECT_POOL: snprintf(out, 32, "p%u", object - FIRST_POOL); break;
    case OBJECT_POLICY: /* the last pool and policies share a name */
        snprintf(out, 32, object - FIRST_POLICY == 0 ? "p%u" : "q%u",
                 object - FIRST_POLICY == 0 ? POOLS - 1 : object - FIRST_POLICY);
        break;
    case OBJECT_ZONE: snprintf(out, 32, "z%u.test", object - FIRST_ZONE); break;
    case OBJECT_ZONE_DATA: snprintf(out, 32, "z%u.test", object - FIRST_DATA); break;
    case OBJECT_SERIAL: snprintf(out, 32, "z%u.test", object - FIRST_SERIAL); break;
    case OBJECT_RRSET: {
        unsigned rrset = object - FIRST_RRSET;
        snprintf(out, 32, "z%u.test/%s", rrset / RRSETS, rrset_names[rrset % RRSETS]);
        break;
    }
    default: {
        static const char *const owners[SERVICES] = { "www", "@", "*.www", "a.b" };
        unsigned service = object - FIRST_SERVICE;
        snprintf(out, 32, "z%u.test/%s", service / SERVICES, owners[service % SERVICES]);
    }
    }
}

/* ---- random texts ---- */

static void put_endpoint(struct world *world, struct text *out)
{
    unsigned which = below(world, 6);
    if (which == 0)
        text_puts(out, "{ \"hostname\": \"cdn.example.net\" }");
    else
        text_printf(out, "{ \"ipv4\": \"192.0.2.%u\", \"ipv6\": \"2001:db8::%u\" }", which, which);
}

static void put_pool(struct world *world, struct text *out)
{
    static const char *const policies[] = { "round_robin", "weighted", "failover", "latency" };
    text_printf(out, "{ \"policy\": \"%s\", ", policies[below(world, 4)]);
    if (below(world, 3) == 0)
        text_printf(out, "\"check\": \"c%u\", ", below(world, CHECKS));
    text_puts(out, "\"endpoints\": {");
    unsigned first = below(world, 3), count = 1 + below(world, 3);
    bool is_named = below(world, 4) == 0;
    for (unsigned i = 0; i < count; i++) {
        text_printf(out, "%s\"e%u\": ", i > 0 ? ", " : "", first + i);
        if (is_named)
            text_puts(out, "{ \"hostname\": \"cdn.example.net\" }");
        else
            text_printf(out, "{ \"ipv4\": \"192.0.2.%u\", \"weight\": %u }", i, below(world, 5));
    }
    text_puts(out, "} }");
}

static void put_target(struct world *world, struct text *out, unsigned depth);

static void put_node(struct world *world, struct text *out, unsigned depth)
{
    static const char *const rules[] = { "continent:EU", "192.0.2.0/24", "default" };
    unsigned which = below(world, 5), count = 1 + below(world, 3);
    if (which == 0) {
        text_puts(out, "{ \"geo\": {");
        for (unsigned i = 0; i < count; i++) {
            text_printf(out, "%s\"%s\": ", i > 0 ? ", " : "", rules[i]);
            put_target(world, out, depth + 1);
        }
        text_puts(out, "} }");
        return;
    }
    static const char *const policies[] = { "", "failover", "latency", "round_robin", "failover" };
    text_printf(out, "{ \"%s\": { \"of\": [", policies[which]);
    for (unsigned i = 0; i < count; i++) {
        text_puts(out, i > 0 ? ", " : "");
        put_target(world, out, depth + 1);
    }
    text_printf(out, "]%s } }", count > 1 && which == 4 ? ", \"min_healthy\": 2" : "");
}

static void put_target(struct world *world, struct text *out, unsigned depth)
{
    unsigned which = below(world, 10);
    if (which < 5)
        text_printf(out, "\"p%u\"", below(world, POOLS));
    else if (which < 7)
        text_printf(out, "\"q%u\"", 1 + below(world, POLICIES - 1));
    else if (which < 8 || depth > 3)
        put_endpoint(world, out);
    else
        put_node(world, out, depth);
}

static void put_service(struct world *world, struct text *out)
{
    text_printf(out, "{ \"ttl\": %u, \"policy\": ", 1 + below(world, 3));
    put_target(world, out, 0);
    if (below(world, 4) == 0) {
        text_puts(out, ", \"when_all_down\": { \"target\": ");
        put_target(world, out, 0);
        text_puts(out, " }");
    }
    text_puts(out, " }");
}

static void put_zone(struct world *world, struct text *out)
{
    static const char *const records[] = { "@ NS ns.example.", "www TXT x",        "www A 192.0.2.1",
                                           "b CNAME c",        "a NS ns.example.", "x.a A 192.0.2.9" };
    text_puts(out, "{ \"records\": [\"@ MX 1 mail\"");
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        if (below(world, i == 2 ? 8 : 3) == 0)
            text_printf(out, ", \"%s\"", records[i]);
    }
    text_puts(out, "] }");
}

static void put_rrset(struct world *world, struct text *out, unsigned rrset)
{
    unsigned which = below(world, 4);
    text_printf(out, "{ \"ttl\": %u, \"values\": [", 1 + below(world, 2));
    for (unsigned i = 0; i < 2 && which > 0; i++) {
        if (which == 3 || i == which - 1) {
            text_puts(out, out->bytes[out->size - 1] == '[' ? "" : ", ");
            text_put_json(out, rrset_values[rrset][i]);
        }
    }
    text_puts(out, "] }");
}

static char *random_text(struct world *world, unsigned object)
{
    struct text out = { 0 };
    switch (kind_of(object)) {
    case OBJECT_CHECK: text_printf(&out, "{ \"type\": \"tcp\", \"port\": %u }", 1 + below(world, 9)); break;
    case OBJECT_POOL: put_pool(world, &out); break;
    case OBJECT_POLICY: put_node(world, &out, 1); break;
    case OBJECT_ZONE: put_zone(world, &out); break;
    case OBJECT_ZONE_DATA:
        text_printf(&out, "@ SOA a b %u 2 3 4 5\n@ NS ns.example.\nd%u TXT x\n", below(world, 9),
                    below(world, 9));
        break;
    case OBJECT_RRSET: put_rrset(world, &out, (object - FIRST_RRSET) % RRSETS); break;
    default: put_service(world, &out);
    }
    return text_take(&out);
}

/* ---- compared ---- */

static void add_object(struct objects *objects, unsigned object, const char *text)
{
    char name[32];
    name_of(object, name);
    objects_add(objects, kind_of(object), name, text != NULL ? xstrdup(text) : NULL,
                text != NULL ? strlen(text) : 0);
}

static struct geo *table_of_locations(uint64_t number)
{
    struct geo *geo = xcalloc(1, sizeof *geo);
    geo->map = prefix_map_build(prefix_map_builder_new());
    geo->locations = xcalloc(1, sizeof *geo->locations);
    geo->source = xstrdup("test");
    geo->number = number;
    return geo;
}

static void set_geo(struct bench *bench, uint64_t number)
{
    struct geo *geo = number > 0 ? table_of_locations(number) : NULL;
    problems_free(&bench->problems);
    bench_must(bench, compiler_set_geo(bench->compiler, geo, &bench->problems, &bench->compiled));
}

/* The dataset of `texts` made from nothing, as text; NULL if they are refused. */
static char *from_nothing(const struct world *world, char *const texts[OBJECTS])
{
    struct bench bench = bench_new();
    struct objects all = { 0 };
    char *text = NULL;
    set_geo(&bench, world->geo_number);
    bench_accept(&bench);
    for (unsigned i = 0; i < OBJECTS; i++) {
        if (texts[i] != NULL)
            add_object(&all, i, texts[i]);
    }
    if (bench_apply(&bench, &all)) {
        bench_accept(&bench);
        text = dataset_to_text(bench.dataset);
    }
    objects_free(&all);
    bench_free(&bench);
    return text;
}

/* ---- what control is told ---- */

static void take_changed_nodes(struct world *world)
{
    for (size_t i = 0; i < world->bench.compiled.node_count; i++) {
        const struct compiled_node *node = &world->bench.compiled.nodes[i];
        uint32_t slot = (node->after != NULL ? node->after : node->before)->slot;
        assert_true(slot < SLOTS);
        assert_ptr_equal(world->slots[slot], node->before);
        world->slots[slot] = node->after;
        if (node->after != NULL && node->endpoint_count > 0)
            assert_int_equal(node->endpoint_count, node->after->child_count);
    }
}

struct seen {
    const struct world *world;
    bool nodes[SLOTS], endpoints[SLOTS];
    uint32_t node_count;
};

static void see_node(struct seen *seen, const struct node *node)
{
    if (node->slot != SLOT_NONE) {
        assert_ptr_equal(seen->world->slots[node->slot], node);
        assert_false(seen->nodes[node->slot]);
        seen->nodes[node->slot] = true;
        seen->node_count++;
    }
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        if (child->kind == CHILD_NODE)
            see_node(seen, child->node);
        if (child->kind != CHILD_ENDPOINT || child->endpoint->slot == SLOT_NONE)
            continue;
        assert_true(child->endpoint->slot < SLOTS);
        assert_false(seen->endpoints[child->endpoint->slot]);
        seen->endpoints[child->endpoint->slot] = true;
    }
}

static void see_owner(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    (void)owner;
    const struct service *service = zone_node_service(node);
    if (service != NULL && service->root.kind == CHILD_NODE)
        see_node(context, service->root.node);
    if (service != NULL && service->more->sorry.kind == CHILD_NODE &&
        service->when_all_down == ALL_DOWN_TARGET)
        see_node(context, service->more->sorry.node);
}

/* Every slot has the node that control was told of, and only one. */
static void check_slots(const struct world *world)
{
    const struct dataset *dataset = world->bench.dataset;
    struct seen *seen = xcalloc(1, sizeof *seen);
    uint32_t known = 0;
    seen->world = world;
    for (uint32_t id = 0; id < dataset->nodes.page_count * PAGED_PAGE_SIZE; id++) {
        const struct node *node = paged_get(&dataset->nodes, id);
        if (node != NULL)
            see_node(seen, node);
    }
    for (size_t i = 0; i < zone_set_count(dataset->zones); i++)
        zone_walk(zone_set_at(dataset->zones, i), see_owner, seen);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        known += world->slots[slot] != NULL;
    assert_int_equal(seen->node_count, known);
    free(seen);
}

/* ---- several together ---- */

static void begin_group(struct world *world)
{
    struct group *group = &world->group;
    group->wanted = 1 + below(world, GROUP_MOST);
    group->count = 0;
    for (unsigned i = 0; i < OBJECTS; i++)
        group->texts[i] = world->texts[i] != NULL ? xstrdup(world->texts[i]) : NULL;
    memcpy(group->slots, world->slots, sizeof group->slots);
    group->dataset = world->bench.dataset;
    group->geo_number = world->geo_number;
}

/* Readers see what there was before the group. */
static void check_accepted(const struct world *world)
{
    struct objects all;
    size_t count = 0;
    for (unsigned i = 0; i < OBJECTS; i++) {
        char name[32];
        name_of(i, name);
        const struct object *shown = compiler_find_accepted(world->bench.compiler, kind_of(i), name);
        assert_int_equal(shown != NULL, world->group.texts[i] != NULL);
        count += shown != NULL;
        struct arena arena = { 0 };
        if (shown != NULL)
            assert_string_equal(object_text(shown, &arena), world->group.texts[i]);
        arena_free(&arena);
    }
    compiler_list_accepted(world->bench.compiler, &all);
    assert_int_equal(all.count, count);
    objects_free(&all);
}

static void end_group(struct world *world, bool is_accepted)
{
    struct group *group = &world->group;
    (is_accepted ? compiler_accept_kept : compiler_reject_kept)(world->bench.compiler);
    for (unsigned i = 0; i < group->count; i++) {
        if (!is_accepted) {
            compiled_abandon(&group->kept[i]);
            continue;
        }
        compiled_free(&group->kept[i]);
        edition_free_replaced(&group->kept[i].edition);
        problems_free(&group->kept[i].warnings);
    }
    for (unsigned i = 0; i < OBJECTS; i++) {
        free(is_accepted ? group->texts[i] : world->texts[i]);
        world->texts[i] = is_accepted ? world->texts[i] : group->texts[i];
        group->texts[i] = NULL;
    }
    group->wanted = 0;
    if (is_accepted)
        return;
    memcpy(world->slots, group->slots, sizeof world->slots);
    world->bench.dataset = group->dataset;
    world->geo_number = group->geo_number;
}

/* The change counts: alone, or as one of a group. */
static void take_compiled(struct world *world)
{
    struct group *group = &world->group;
    take_changed_nodes(world);
    if (group->wanted == 0) {
        bench_accept(&world->bench);
        return;
    }
    compiler_keep(world->bench.compiler, &world->bench.compiled);
    world->bench.dataset = world->bench.compiled.dataset;
    group->kept[group->count++] = world->bench.compiled;
}

/* ---- steps ---- */

static void geo_step(struct world *world)
{
    uint64_t number = below(world, 3);
    if (number == world->geo_number && number != 0)
        return;
    set_geo(&world->bench, number);
    if (below(world, 2) == 0) {
        bench_reject(&world->bench);
        return;
    }
    take_compiled(world);
    world->geo_number = number;
}

static void take_next(struct world *world, char *next[OBJECTS], const char *expected)
{
    take_compiled(world);
    char *got = dataset_to_text(world->bench.dataset);
    assert_string_equal(got, expected);
    free(got);
    for (unsigned i = 0; i < OBJECTS; i++) {
        free(world->texts[i]);
        world->texts[i] = next[i];
        next[i] = NULL;
    }
    world->accepted++;
}

/* What the compiler adds to the change belongs to the next state, too. */
static void take_derived(const struct world *world, char *next[OBJECTS])
{
    const struct objects *derived = &world->bench.compiled.derived;
    for (size_t i = 0; i < derived->count; i++) {
        unsigned zone = (unsigned)(derived->items[i].name[1] - '0');
        assert_int_equal(derived->items[i].kind, OBJECT_SERIAL);
        free(next[FIRST_SERIAL + zone]);
        next[FIRST_SERIAL + zone] = derived->items[i].text != NULL ? xstrdup(derived->items[i].text) : NULL;
    }
}

/* Tells serials of zones before and after: none goes back while its zone lives. */
static void check_serials(char *const before[OBJECTS], char *const after[OBJECTS])
{
    for (unsigned zone = 0; zone < ZONES; zone++) {
        const char *old = before[FIRST_SERIAL + zone], *new = after[FIRST_SERIAL + zone];
        if (old != NULL && new != NULL)
            assert_true(strtoul(new, NULL, 10) >= strtoul(old, NULL, 10));
        if (after[FIRST_ZONE + zone] == NULL)
            assert_null(new);
    }
}

static void change_objects(struct world *world, char *next[OBJECTS], struct objects *changes)
{
    for (unsigned count = 1 + below(world, 3); count > 0; count--) {
        unsigned object = below(world, FIRST_SERIAL);
        free(next[object]);
        next[object] = below(world, 4) == 0 ? NULL : random_text(world, object);
        add_object(changes, object, next[object]);
    }
}

/* Changes some objects, where each is tried against a compilation from nothing. */
static void object_step(struct world *world)
{
    char *next[OBJECTS];
    struct objects changes = { 0 };
    for (unsigned i = 0; i < OBJECTS; i++)
        next[i] = world->texts[i] != NULL ? xstrdup(world->texts[i]) : NULL;
    change_objects(world, next, &changes);
    char *before = dataset_to_text(world->bench.dataset);
    world->bench.is_import = below(world, 3) == 0;
    bool is_good = bench_apply(&world->bench, &changes);
    if (is_good)
        take_derived(world, next);
    char *expected = from_nothing(world, next);
    assert_int_equal(is_good, expected != NULL);
    if (is_good && below(world, 4) > 0) {
        check_serials(world->texts, next);
        take_next(world, next, expected);
    } else {
        if (is_good)
            bench_reject(&world->bench);
        else
            world->refused++;
        char *after = dataset_to_text(world->bench.dataset);
        assert_string_equal(after, before);
        free(after);
    }
    for (unsigned i = 0; i < OBJECTS; i++)
        free(next[i]);
    free(before);
    free(expected);
    objects_free(&changes);
}

static void changes_alone_and_in_groups_make_what_all_at_once_makes(void **state)
{
    (void)state;
    uint64_t seed;
    struct world *world = xcalloc(1, sizeof *world);
    rng_seed(&world->rng);
    seed = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 0) : world->rng.state;
    world->rng.state = seed;
    printf("seed %llu\n", (unsigned long long)seed);
    world->bench = bench_new();
    set_geo(&world->bench, 0);
    bench_accept(&world->bench);
    for (unsigned step = 0; step < STEPS; step++) {
        if (world->group.wanted == 0 && below(world, 8) == 0)
            begin_group(world);
        if (below(world, 20) == 0)
            geo_step(world);
        else
            object_step(world);
        if (world->group.wanted > 0)
            check_accepted(world);
        if (world->group.wanted > 0 && world->group.count == world->group.wanted)
            end_group(world, below(world, 2) == 0);
        check_slots(world);
    }
    if (world->group.wanted > 0)
        end_group(world, true);
    printf("%u accepted, %u refused\n", world->accepted, world->refused);
    assert_true(world->accepted > STEPS / 20);
    for (unsigned i = 0; i < OBJECTS; i++)
        free(world->texts[i]);
    bench_free(&world->bench);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_alone_and_in_groups_make_what_all_at_once_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
