/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/bindings.h"

#include "base/memory.h"
#include "base/table.h"
#include "config/check_inputs.h"
#include "config/failover.h"
#include "config/objectives.h"

#include <stdlib.h>
#include <string.h>

static struct address address_of(const struct declared_endpoint *endpoint)
{
    struct address address = { .family = ADDRESS_NONE };
    if (endpoint->families & FAMILY_V4) {
        address.family = ADDRESS_V4;
        memcpy(address.bytes, endpoint->ipv4, sizeof endpoint->ipv4);
    } else if (endpoint->families & FAMILY_V6) {
        address.family = ADDRESS_V6;
        memcpy(address.bytes, endpoint->ipv6, sizeof endpoint->ipv6);
    }
    return address;
}

static void fill_binding(struct check *check, const char *pool, const struct declared_endpoint *endpoint,
                         uint32_t slot, struct check_binding *out)
{
    *out = (struct check_binding){ .endpoint_slot = slot,
                                   .check = check,
                                   .endpoint_name = xasprintf("%s/%s", pool, endpoint->name) };
    if (check->target_host != NULL)
        return;
    if (endpoint->families == 0 && endpoint->hostname != NULL)
        out->hostname = xstrdup(endpoint->hostname);
    else
        out->address = address_of(endpoint);
}

/* The checks of one endpoint, in the order in which they follow from each other: inputs first. */
struct bound {
    const struct build *build;
    char *const *names; /* those that decide */
    size_t name_count;
    struct check *checks[DECLARED_CHECKS_MAX * (CHECK_INPUTS_MAX + 1)];
    size_t count;
};

static bool decides(const struct bound *bound, const struct check *check)
{
    for (size_t i = 0; i < bound->name_count; i++)
        if (strcmp(bound->names[i], check->name) == 0)
            return true;
    return false;
}

static void bind_with_inputs(struct bound *bound, const char *name)
{
    struct check *check = build_find(bound->build, OBJECT_CHECK, name)->check;
    for (size_t i = 0; i < bound->count; i++)
        if (bound->checks[i] == check)
            return;
    for (size_t i = 0; i < check->input_count; i++)
        bind_with_inputs(bound, check_input_name(check->inputs[i]));
    bound->checks[bound->count++] = check;
}

enum { PACED_KEPT = 16 };

/* The pool being bound. */
struct binder {
    struct build *build;
    const struct declared_pool *pool;
    struct objective objective;
    struct {
        const struct check *said;
        struct check *paced;
    } kept[PACED_KEPT]; /* endpoints under the same check share the one that keeps the objective */
    size_t kept_count;
};

/* As it has to be run here; a reference. */
static struct check *binder_check(struct binder *binder, struct check *said)
{
    struct failover_pace pace;
    if (binder->objective.failover_ms == 0)
        return check_acquire(said);
    for (size_t i = 0; i < binder->kept_count; i++)
        if (binder->kept[i].said == said)
            return check_acquire(binder->kept[i].paced);
    (void)failover_derive(said, binder->objective.budget_ms, &pace); /* its service was accepted */
    struct check *paced = failover_check(said, &pace);
    if (binder->kept_count < PACED_KEPT) {
        binder->kept[binder->kept_count].said = said;
        binder->kept[binder->kept_count++].paced = check_acquire(paced);
    }
    return paced;
}

static void bind_endpoint(struct binder *binder, const struct declared_endpoint *declared,
                          struct compiled_endpoint *out)
{
    bool has_own = declared->check_count > 0;
    char *const *names = has_own ? declared->checks : binder->pool->checks;
    size_t count = has_own ? declared->check_count : binder->pool->check_count;
    if (count == 0)
        return;
    struct bound bound = { .build = binder->build, .names = names, .name_count = count };
    for (size_t i = 0; i < count; i++)
        bind_with_inputs(&bound, names[i]);
    out->checks = xcalloc(bound.count, sizeof *out->checks);
    out->check_count = bound.count;
    for (size_t i = 0; i < bound.count; i++) {
        fill_binding(binder_check(binder, bound.checks[i]), out->pool, declared, out->endpoint->slot,
                     &out->checks[i]);
        out->checks[i].is_input = !decides(&bound, bound.checks[i]);
    }
}

static struct compiled_pace pace_of(const struct declared_pool *pool,
                                    const struct declared_endpoint *endpoint)
{
    return (struct compiled_pace){
        .ramp_ms = endpoint->ramp_ms != 0 ? endpoint->ramp_ms : pool->ramp_ms,
        .hold_ms = endpoint->hold_ms != 0 ? endpoint->hold_ms : pool->hold_ms,
    };
}

static void bind_pool(struct build *build, const struct item *item, const struct declared_pool *pool,
                      struct compiled_node *out)
{
    struct binder binder = { .build = build, .pool = pool, .objective = objective_of(build, item) };
    out->endpoints = xcalloc(pool->count, sizeof *out->endpoints);
    out->endpoint_count = pool->count;
    for (size_t i = 0; i < pool->count; i++) {
        out->endpoints[i] = (struct compiled_endpoint){
            .endpoint = out->after->children[i].endpoint,
            .pool = out->after->name,
            .pace = pace_of(pool, &pool->endpoints[i]),
            .failover_ms = binder.objective.failover_ms,
            .failover_ttl_s = binder.objective.ttl_s,
        };
        bind_endpoint(&binder, &pool->endpoints[i], &out->endpoints[i]);
    }
    for (size_t i = 0; i < binder.kept_count; i++)
        check_release(binder.kept[i].paced);
}

static void rebind_if_touched(struct item *item, void *context)
{
    struct build *build = context;
    bool is_touched = objective_has_moved(build, item);
    for (size_t i = 0; i < item->source->reference_count; i++)
        is_touched |= check_inputs_touched(build, item->source->references[i].name);
    if (!is_touched)
        return;
    /* the text was good when it was accepted */
    struct declared_pool *pool = declared_pool_parse(&item->source->object, &build->problems);
    if (pool == NULL)
        return;
    bind_pool(build, item, pool, build_note_node(build, item->node, item->node));
    declared_pool_free(pool);
}

void bindings_of_build(struct build *build)
{
    objectives_spread(build);
    for (size_t i = 0; i < build->draft_count; i++) {
        const struct draft *draft = build->drafts[i];
        if (draft->pool != NULL)
            bind_pool(build, draft->item, draft->pool, &build->changed[draft->changed_at]);
    }
    if (table_count(build->staged[OBJECT_CHECK]) > 0 || build->objectives_walk != 0)
        build_each_untouched(build, OBJECT_POOL, rebind_if_touched, build);
}

static void free_endpoint(struct compiled_endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->check_count; i++) {
        check_release(endpoint->checks[i].check);
        free(endpoint->checks[i].hostname);
        free(endpoint->checks[i].endpoint_name);
    }
    free(endpoint->checks);
}

void compiled_nodes_free(struct compiled_node *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < nodes[i].endpoint_count; k++)
            free_endpoint(&nodes[i].endpoints[k]);
        free(nodes[i].endpoints);
    }
    free(nodes);
}
