/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "snapshot/zone.h"
#include "rdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The zone against a naive one: a list of records, asked by walking down from the apex as RFC 1034 §4.3.2
 * says.  Names are drawn from few labels, so that they meet: siblings, ancestors, wildcards, ENTs, cuts.
 */
#define RECORDS_MAX 1024
#define CASES       1000

struct record {
    struct dns_name owner;
    struct dns_rrset *rrset;       /* NULL for a service */
    const struct service *service; /* NULL for an RRset */
};

struct model {
    struct dns_name apex;
    struct record records[RECORDS_MAX];
    size_t count;
};

static const struct service services[3];
static const uint16_t types[] = { DNS_A,     DNS_NS,  DNS_CNAME, DNS_SOA, DNS_MX,   DNS_AAAA,
                                  DNS_DNAME, DNS_CAA, 65280,     DNS_SRV, DNS_HTTPS };

static uint32_t below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)(rng_next(rng) % bound);
}

/* ---- the naive zone ---- */

static struct record *model_find(struct model *model, const struct dns_name *owner, uint16_t type)
{
    for (size_t i = 0; i < model->count; i++) {
        struct record *record = &model->records[i];
        uint16_t held = record->rrset != NULL ? record->rrset->type : 0;
        if (held == type && dns_name_equal(&record->owner, owner))
            return record;
    }
    return NULL;
}

static void model_remove(struct model *model, const struct dns_name *owner, uint16_t type)
{
    struct record *record = model_find(model, owner, type);
    if (record == NULL)
        return;
    free(record->rrset);
    *record = model->records[--model->count];
}

static void model_add(struct model *model, const struct record *record)
{
    model_remove(model, &record->owner, record->rrset != NULL ? record->rrset->type : 0);
    assert_true(model->count < RECORDS_MAX);
    model->records[model->count++] = *record;
}

static struct dns_rrset *rrset_copy(const struct dns_rrset *rrset)
{
    if (rrset == NULL)
        return NULL;
    struct dns_rrset *copy = malloc(sizeof *copy + rrset->size);
    memcpy(copy, rrset, sizeof *copy + rrset->size);
    return copy;
}

static struct model *model_copy(const struct model *from)
{
    struct model *copy = malloc(sizeof *copy);
    copy->apex = from->apex;
    copy->count = from->count;
    for (size_t i = 0; i < from->count; i++) {
        copy->records[i] = from->records[i];
        copy->records[i].rrset = rrset_copy(from->records[i].rrset);
    }
    return copy;
}

static void model_free(struct model *model)
{
    for (size_t i = 0; i < model->count; i++)
        free(model->records[i].rrset);
    free(model);
}

static bool model_exists(const struct model *model, const struct dns_name *name)
{
    if (dns_name_equal(name, &model->apex))
        return true;
    for (size_t i = 0; i < model->count; i++)
        if (dns_name_is_within(&model->records[i].owner, name))
            return true;
    return false;
}

static bool model_has_children(const struct model *model, const struct dns_name *name)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct dns_name *owner = &model->records[i].owner;
        if (owner->label_count > name->label_count && dns_name_is_within(owner, name))
            return true;
    }
    return false;
}

static bool wildcard_of(const struct dns_name *encloser, struct dns_name *out)
{
    uint8_t wire[DNS_NAME_SIZE_MAX + 2] = { 1, '*' };
    if (encloser->size + 2 > DNS_NAME_SIZE_MAX)
        return false;
    memcpy(wire + 2, encloser->bytes, encloser->size);
    dns_name_from_wire(wire, out);
    return true;
}

static bool is_wildcard_name(const struct dns_name *name)
{
    return name->bytes[0] == 1 && name->bytes[1] == '*';
}

struct expected {
    enum zone_outcome outcome;
    struct dns_name owner; /* for NXDOMAIN the closest encloser */
    bool is_wildcard;
};

static struct expected model_lookup(struct model *model, const struct dns_name *qname, bool wants_parent_side)
{
    struct expected out = { .outcome = ZONE_FOUND, .owner = model->apex };
    for (unsigned k = model->apex.label_count; k <= qname->label_count; k++) {
        struct dns_name suffix;
        dns_name_strip(qname, qname->label_count - k, &suffix);
        bool is_last = k == qname->label_count;
        if (!model_exists(model, &suffix)) {
            struct dns_name wildcard;
            out.is_wildcard = wildcard_of(&out.owner, &wildcard) && model_exists(model, &wildcard);
            out.outcome = out.is_wildcard ? ZONE_FOUND : ZONE_NXDOMAIN;
            if (out.is_wildcard)
                out.owner = wildcard;
            return out;
        }
        out.owner = suffix;
        bool is_data = k > model->apex.label_count && is_wildcard_name(&suffix);
        if (!is_data && k > model->apex.label_count && model_find(model, &suffix, DNS_NS) != NULL &&
            !(is_last && wants_parent_side)) {
            out.outcome = ZONE_REFERRAL;
            return out;
        }
        if (!is_data && !is_last && model_find(model, &suffix, DNS_DNAME) != NULL) {
            out.outcome = ZONE_DNAME;
            return out;
        }
    }
    return out;
}

/* ---- random names ---- */

static struct dns_name random_name(struct rng *rng, const struct dns_name *apex, unsigned depth_max)
{
    static const char *const labels[] = { "a", "b", "c", "*", "d", "ab", "long-label", "e" };
    uint8_t wire[DNS_NAME_SIZE_MAX + 1];
    size_t size = 0;
    for (unsigned left = below(rng, depth_max + 1); left > 0; left--) {
        const char *label = labels[below(rng, 8)];
        size_t length = strlen(label);
        wire[size] = (uint8_t)length;
        memcpy(wire + size + 1, label, length);
        size += length + 1;
    }
    memcpy(wire + size, apex->bytes, apex->size);
    struct dns_name name;
    dns_name_from_wire(wire, &name);
    return name;
}

/* A name of the model, one above, or one below; or any. */
static struct dns_name near_name(struct rng *rng, const struct model *model)
{
    if (model->count == 0 || below(rng, 3) == 0)
        return random_name(rng, &model->apex, 6);
    const struct dns_name *owner = &model->records[below(rng, (uint32_t)model->count)].owner;
    struct dns_name above;
    unsigned spare = (unsigned)(owner->label_count - model->apex.label_count);
    dns_name_strip(owner, below(rng, spare + 1), &above);
    return random_name(rng, &above, 2);
}

static struct dns_rrset *random_rrset(struct rng *rng, uint16_t type)
{
    uint8_t rdata[3][RDATA_SIZE_MAX];
    const uint8_t *rdatas[3] = { rdata[0], rdata[1], rdata[2] };
    uint16_t sizes[3];
    for (int i = 0; i < 3; i++)
        sizes[i] = rdata_make(type, (uint8_t)below(rng, 4), rdata[i]);
    return dns_rrset_new(type, below(rng, 3), rdatas, sizes, 1 + below(rng, 3));
}

/* ---- comparison ---- */

static bool rrsets_equal(const struct dns_rrset *a, const struct dns_rrset *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->size == b->size && memcmp(a, b, sizeof *a + a->size) == 0;
}

/* It is that of the RRset as it is now. */
static void check_image(const struct zone *zone, const struct zone_node *node, const struct dns_name *owner,
                        uint16_t type)
{
    union {
        struct dns_image image;
        uint8_t room[DNS_IMAGE_ROOM];
    } expected;
    const struct dns_rrset *rrset = zone_node_rrset(node, type);
    const struct dns_image *image = zone_node_image(node, type);
    const bool is_cut = type == DNS_NS && !dns_name_equal(owner, zone_apex(zone));
    const size_t room = rrset != NULL && dns_image_is_of(type)
                            ? dns_image_make(owner, zone_apex(zone), is_cut, rrset, &expected.image)
                            : 0;
    assert_int_equal(image != NULL ? image->room : 0, room);
    if (image != NULL)
        assert_memory_equal(image, &expected, room);
}

/* By its bytes in front of the apex a name is found where a query or a target would lead to it. */
static void check_reach(const struct zone *zone, const struct zone_node *node, const struct dns_name *owner)
{
    const size_t size = (size_t)owner->size - zone_apex(zone)->size;
    const uint64_t hash = zone_hash(zone, owner);
    struct zone_match match;
    zone_lookup(zone, owner, hash, false, &match);
    const bool is_found = match.outcome == ZONE_FOUND && !match.is_wildcard, is_cut = match.node == node;
    assert_ptr_equal(zone_find_relative(zone, hash, owner->bytes, size, ZONE_REACH_ALL), node);
    assert_ptr_equal(zone_find_relative(zone, hash, owner->bytes, size, ZONE_REACH_TARGETS),
                     is_found || is_cut ? node : NULL);
    assert_ptr_equal(zone_find_relative(zone, hash, owner->bytes, size, ZONE_REACH_ANSWERS),
                     is_found ? node : NULL);
}

static void check_node(struct model *model, const struct zone *zone, const struct zone_node *node,
                       const struct dns_name *expected)
{
    struct dns_name owner;
    zone_node_owner(zone, node, &owner);
    assert_true(dns_name_equal(&owner, expected));
    assert_ptr_equal(zone_find_exact(zone, &owner), node);
    check_reach(zone, node, &owner);
    assert_int_equal(zone_node_has_children(node), model_has_children(model, &owner));
    const struct record *service = model_find(model, &owner, 0);
    assert_ptr_equal(zone_node_service(node), service != NULL ? service->service : NULL);
    const struct dns_rrset *walk = zone_node_next(node, NULL);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct record *record = model_find(model, &owner, types[i]);
        const struct dns_rrset *rrset = zone_node_rrset(node, types[i]);
        assert_true(rrsets_equal(rrset, record != NULL ? record->rrset : NULL));
        check_image(zone, node, &owner, types[i]);
    }
    size_t count = 0;
    for (uint16_t before = 0; walk != NULL; walk = zone_node_next(node, walk), count++) {
        assert_true(walk->type > before);
        assert_non_null(model_find(model, &owner, walk->type));
        before = walk->type;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        count -= model_find(model, &owner, types[i]) != NULL;
    assert_int_equal(count, 0);
}

/* Of the bytes of a name first, then of its labels. */
static void glance(const struct zone *zone, const struct dns_name *qname, struct zone_match *out)
{
    struct dns_name bytes = *qname;
    memset(bytes.label_at, 0xa5, sizeof bytes.label_at);
    bytes.label_count = 0xa5;
    if (zone_glance(zone, &bytes, zone_hash(zone, &bytes), out))
        out->owner_labels = qname->label_count;
    else
        zone_look_closer(zone, qname, out);
}

static void check_lookup(struct model *model, const struct zone *zone, const struct dns_name *qname,
                         bool wants_parent_side)
{
    struct zone_match match;
    zone_lookup(zone, qname, zone_hash(zone, qname), wants_parent_side, &match);
    if (!wants_parent_side) {
        struct zone_match glanced;
        glance(zone, qname, &glanced);
        assert_int_equal(glanced.outcome, match.outcome);
        assert_ptr_equal(glanced.zone, zone);
        assert_ptr_equal(glanced.node, match.node);
        assert_int_equal(glanced.is_wildcard, match.is_wildcard);
        assert_int_equal(glanced.owner_labels, match.owner_labels);
    }
    const struct expected expected = model_lookup(model, qname, wants_parent_side);
    assert_int_equal(match.outcome, expected.outcome);
    assert_int_equal(match.is_wildcard, expected.is_wildcard);
    assert_int_equal(match.owner_labels, expected.owner.label_count);
    assert_ptr_equal(match.zone, zone);
    assert_int_equal(match.node != NULL, match.outcome != ZONE_NXDOMAIN);
    if (match.node != NULL)
        check_node(model, zone, match.node, &expected.owner);
}

struct census {
    struct model *model;
    const struct zone *zone;
    size_t count;
};

static void count_name(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    struct census *census = context;
    assert_true(model_exists(census->model, owner));
    check_node(census->model, census->zone, node, owner);
    census->count++;
}

/* Every name the model has is there (below), and no other is (the walk meets only names that exist, once
 * each, as each is where its hash leads). */
static void check_zone(struct rng *rng, struct model *model, const struct zone *zone)
{
    struct census census = { .model = model, .zone = zone };
    zone_walk(zone, count_name, &census);
    assert_int_equal(census.count, zone_name_count(zone));
    for (size_t i = 0; i < model->count; i++)
        assert_non_null(zone_find_exact(zone, &model->records[i].owner));
    const struct record *soa = model_find(model, &model->apex, DNS_SOA);
    assert_true(rrsets_equal(zone_soa(zone), soa != NULL ? soa->rrset : NULL));
    for (int i = 0; i < 30; i++) {
        const struct dns_name qname = near_name(rng, model);
        check_lookup(model, zone, &qname, below(rng, 4) == 0);
    }
}

/* ---- random edits ---- */

static void change_service(struct rng *rng, struct model *model, struct zone_edit *edit,
                           const struct dns_name *owner)
{
    if (below(rng, 2) == 0) {
        zone_edit_set_service(edit, owner, NULL);
        model_remove(model, owner, 0);
        return;
    }
    const struct record record = { .owner = *owner, .service = &services[below(rng, 3)] };
    zone_edit_set_service(edit, owner, record.service);
    model_add(model, &record);
}

static void change(struct rng *rng, struct model *model, struct zone_edit *edit, uint32_t removals_of_8)
{
    struct dns_name owner = near_name(rng, model);
    if (owner.label_count > model->apex.label_count + 5)
        owner = random_name(rng, &model->apex, 4);
    if (below(rng, 8) == 0) {
        change_service(rng, model, edit, &owner);
        return;
    }
    uint16_t type = types[below(rng, sizeof types / sizeof *types)];
    if ((type == DNS_NS || type == DNS_DNAME) && below(rng, 3) > 0) /* else all would be occluded */
        type = DNS_A;
    if (below(rng, 8) < removals_of_8) {
        if (model->count > 0) {
            const struct record *victim = &model->records[below(rng, (uint32_t)model->count)];
            owner = victim->owner;
            type = victim->rrset != NULL ? victim->rrset->type : type;
        }
        zone_edit_remove(edit, &owner, type);
        model_remove(model, &owner, type);
    } else {
        const struct record record = { .owner = owner, .rrset = random_rrset(rng, type) };
        zone_edit_put(edit, &owner, record.rrset);
        model_add(model, &record);
    }
}

static void check_edit(struct rng *rng, struct model *model, const struct zone_edit *edit)
{
    const struct dns_name owner = near_name(rng, model);
    uint16_t type = types[below(rng, sizeof types / sizeof *types)];
    const struct record *record = model_find(model, &owner, type);
    assert_true(rrsets_equal(zone_edit_find(edit, &owner, type), record != NULL ? record->rrset : NULL));
    record = model_find(model, &owner, 0);
    assert_ptr_equal(zone_edit_service(edit, &owner), record != NULL ? record->service : NULL);
}

/* Edits `base` into the model's next state. */
static const struct zone *random_edit(struct rng *rng, struct model *model, const struct zone *base,
                                      struct edition *edition)
{
    struct zone_edit *edit = zone_edit_begin(&model->apex, base, edition);
    uint32_t removals = below(rng, 9), changes = below(rng, 4) == 0 ? below(rng, 80) : below(rng, 6);
    for (uint32_t i = 0; i < changes; i++) {
        change(rng, model, edit, removals);
        check_edit(rng, model, edit);
    }
    return zone_edit_end(edit);
}

/* A zone made at once from all that the model holds. */
static const struct zone *from_scratch(const struct model *model, struct edition *edition)
{
    struct zone_edit *edit = zone_edit_begin(&model->apex, NULL, edition);
    for (size_t i = 0; i < model->count; i++) {
        const struct record *record = &model->records[i];
        if (record->rrset != NULL)
            zone_edit_put(edit, &record->owner, record->rrset);
        else
            zone_edit_set_service(edit, &record->owner, record->service);
    }
    return zone_edit_end(edit);
}

struct run {
    struct rng rng;
    struct model *model;
    const struct zone *zone;
};

/* One edition of one to three edits; then it is published or abandoned. */
static void step(struct run *run)
{
    struct rng *rng = &run->rng;
    struct edition edition = { 0 };
    struct model *model = model_copy(run->model);
    const struct zone *zone = run->zone;
    for (uint32_t edits = 1 + below(rng, 3); edits > 0; edits--)
        zone = random_edit(rng, model, zone, &edition);
    if (below(rng, 10) == 0) {
        edition_replaced(&edition, zone, zone_free);
        zone = from_scratch(model, &edition);
    }
    check_zone(rng, model, zone);
    check_zone(rng, run->model, run->zone); /* the base is what it was */
    if (below(rng, 4) == 0) {
        edition_abandon(&edition);
        check_zone(rng, run->model, run->zone);
        model_free(model);
        return;
    }
    edition_free_replaced(&edition);
    model_free(run->model);
    run->model = model;
    run->zone = zone;
    check_zone(rng, run->model, run->zone);
}

static void run_case(uint64_t seed)
{
    static const char *const apexes[] = { ".", "test.", "example.test.", "*.test.", "a.b.c.d." };
    struct run run = { .rng = { .state = seed }, .model = calloc(1, sizeof *run.model) };
    assert_true(dns_name_parse(apexes[below(&run.rng, 5)], NULL, &run.model->apex));
    struct edition edition = { 0 };
    run.zone = from_scratch(run.model, &edition); /* empty */
    edition_free_replaced(&edition);
    for (int i = 0; i < 8; i++)
        step(&run);
    zone_free((void *)(uintptr_t)run.zone);
    model_free(run.model);
}

static void a_zone_says_what_a_naive_one_says(void **state)
{
    (void)state;
    struct rng seeds;
    rng_seed(&seeds);
    const char *fixed = getenv("STEERD_TEST_SEED");
    uint64_t first = fixed != NULL ? strtoull(fixed, NULL, 0) : rng_next(&seeds);
    printf("STEERD_TEST_SEED=%llu\n", (unsigned long long)first);
    fflush(stdout);
    for (uint64_t i = 0; i < CASES; i++)
        run_case(first + i * UINT64_C(0x632be59bd9b4e019));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_zone_says_what_a_naive_one_says) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
