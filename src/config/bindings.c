/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/bindings.h"

#include "base/memory.h"
#include "base/table.h"
#include "config/check_inputs.h"

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
                                   .check = check_acquire(check),
                                   .endpoint_name = xasprintf("%s/%s", pool, endpoint->name) };
    if (check->target_host != NULL)
        return;
    if (endpoint->hostname != NULL)
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

static void bind_endpoint(struct build *build, const struct declared_pool *pool,
                          const struct declared_endpoint *declared, struct compiled_endpoint *out)
{
    bool has_own = declared->check_count > 0;
    char *const *names = has_own ? declared->checks : pool->checks;
    size_t count = has_own ? declared->check_count : pool->check_count;
    if (count == 0)
        return;
    struct bound bound = { .build = build, .names = names, .name_count = count };
    for (size_t i = 0; i < count; i++)
        bind_with_inputs(&bound, names[i]);
    out->checks = xcalloc(bound.count, sizeof *out->checks);
    out->check_count = bound.count;
    for (size_t i = 0; i < bound.count; i++) {
        fill_binding(bound.checks[i], out->pool, declared, out->endpoint->slot, &out->checks[i]);
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

void bindings_of_pool(struct build *build, const struct declared_pool *pool, struct compiled_node *out)
{
    out->endpoints = xcalloc(pool->count, sizeof *out->endpoints);
    out->endpoint_count = pool->count;
    for (size_t i = 0; i < pool->count; i++) {
        out->endpoints[i] = (struct compiled_endpoint){
            .endpoint = out->after->children[i].endpoint,
            .pool = out->after->name,
            .pace = pace_of(pool, &pool->endpoints[i]),
        };
        bind_endpoint(build, pool, &pool->endpoints[i], &out->endpoints[i]);
    }
}

static void rebind_if_touched(struct item *item, void *context)
{
    struct build *build = context;
    bool is_touched = false;
    for (size_t i = 0; i < item->source->reference_count; i++)
        is_touched |= check_inputs_touched(build, item->source->references[i].name);
    if (!is_touched)
        return;
    /* the text was good when it was accepted */
    struct declared_pool *pool = declared_pool_parse(&item->source->object, &build->problems);
    if (pool == NULL)
        return;
    bindings_of_pool(build, pool, build_note_node(build, item->node, item->node));
    declared_pool_free(pool);
}

void bindings_of_changed_checks(struct build *build)
{
    if (table_count(build->staged[OBJECT_CHECK]) > 0)
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
