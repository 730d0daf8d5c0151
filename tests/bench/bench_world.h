/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/memory.h"
#include "config/compiler.h"
#include "config/document.h"
#include "policy/node_state.h"
#include "snapshot/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A configuration compiled to a snapshot that programs which measure ask directly.  Goes with the process. */
struct bench_world {
    struct compiler *compiler;
    struct conditions conditions;
    struct snapshot now;
    struct edition edition;
};

/* What is true of an endpoint that has a slot. */
typedef struct endpoint_condition bench_condition_fn(const struct endpoint *endpoint);

static inline void bench_give_up(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count && i < 10; i++)
        fprintf(stderr, "%s: %s\n", problems->items[i].pointer, problems->items[i].message);
    exit(1);
}

static inline void bench_world_set_node(struct bench_world *world, const struct compiled *compiled,
                                        const struct compiled_node *node, bench_condition_fn *condition_of)
{
    struct conditions *now = &world->conditions;
    struct paged_edit *edit = paged_edit_begin(&now->endpoints, &world->edition);
    for (size_t i = 0; i < node->endpoint_count; i++) {
        const struct endpoint *endpoint = node->endpoints[i].endpoint;
        const struct endpoint_condition condition = condition_of(endpoint);
        paged_edit_set(edit, endpoint->slot, xmemdup(&condition, sizeof condition));
    }
    now->endpoints = paged_edit_end(edit);
    if (node->after == NULL)
        return;
    edit = paged_edit_begin(&now->nodes, &world->edition);
    paged_edit_set(edit, node->after->slot, node_state_new(node->after, compiled->dataset, now, NULL));
    now->nodes = paged_edit_end(edit);
}

/* Two addresses of each family for every hostname. */
static inline void bench_world_resolve(struct bench_world *world, const struct compiled *compiled)
{
    static const struct resolved resolved = { .count_v4 = 2,
                                              .count_v6 = 2,
                                              .ipv4 = { { 192, 0, 2, 201 }, { 192, 0, 2, 202 } },
                                              .ipv6 = { { 32, 1, 13, 184 }, { 32, 1, 13, 185 } },
                                              .ttl_s = 60,
                                              .expires_us = UINT64_MAX };
    struct paged_edit *edit = paged_edit_begin(&world->conditions.names, &world->edition);
    for (size_t i = 0; i < compiled->name_count; i++)
        paged_edit_set(edit, compiled->names[i].id, xmemdup(&resolved, sizeof resolved));
    world->conditions.names = paged_edit_end(edit);
}

static inline void bench_world_accept(struct bench_world *world, struct compiled *compiled,
                                      bench_condition_fn *condition_of)
{
    bench_world_resolve(world, compiled);
    for (size_t i = 0; i < compiled->node_count; i++)
        bench_world_set_node(world, compiled, &compiled->nodes[i], condition_of);
    world->now.dataset = compiled->dataset;
    world->now.conditions = &world->conditions;
    if (world->now.tickets == NULL)
        world->now.tickets = tickets_new(1 << 18);
    compiler_accept(world->compiler, compiled);
    edition_free_replaced(&compiled->edition);
    problems_free(&compiled->warnings);
}

static inline void bench_world_set_geo(struct bench_world *world, struct geo *geo)
{
    struct problems problems = { 0 };
    struct compiled compiled;
    if (world->compiler == NULL)
        world->compiler = compiler_new();
    if (!compiler_set_geo(world->compiler, geo, &problems, &compiled))
        bench_give_up(&problems);
    bench_world_accept(world, &compiled, NULL);
}

static inline void bench_world_steer(struct bench_world *world, const char *steering,
                                     bench_condition_fn *condition_of)
{
    struct problems problems = { 0 };
    struct document document;
    struct objects objects;
    struct compiled compiled;
    if (!document_scan(NULL, steering, strlen(steering), &problems, &document) ||
        !objects_of_steering(&document, NULL, &problems, &objects) ||
        !compiler_apply(world->compiler, objects.items, objects.count, &problems, &compiled))
        bench_give_up(&problems);
    bench_world_accept(world, &compiled, condition_of);
    objects_free(&objects);
    document_free(&document);
}
