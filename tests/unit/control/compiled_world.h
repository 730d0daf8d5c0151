/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "support/cmocka_all.h"

#include "base/memory.h"
#include "base/rng.h"
#include "control/world.h"

#include <string.h>

/* The real compiler and the real world, without threads: what control does, one step after the other. */
struct compiled_world {
    struct compiler *compiler;
    struct world *world;
    struct tickets *tickets;
    uint64_t generation;
    struct rng rng;
};

/* Publishes. */
static inline void compiled_world_take(struct compiled_world *all, struct compiled *compiled)
{
    world_take(all->world, compiled, all->generation++);
    world_publish(all->world);
    compiler_accept(all->compiler, compiled);
    problems_free(&compiled->warnings);
}

static inline void compiled_world_open(struct compiled_world *all)
{
    struct problems problems = { 0 };
    struct compiled compiled = { 0 };
    *all = (struct compiled_world){ .compiler = compiler_new(), .tickets = tickets_new(1024) };
    all->world = world_new(all->tickets);
    rng_seed(&all->rng);
    assert_true(compiler_set_geo(all->compiler, NULL, &problems, &compiled));
    compiled_world_take(all, &compiled);
}

static inline void compiled_world_close(struct compiled_world *all)
{
    snapshot_shutdown();
    world_free(all->world);
    compiler_free(all->compiler);
    tickets_free(all->tickets);
}

/* Empties `changes`, which must be good. */
static inline struct compiled compiled_world_compile(struct compiled_world *all, struct objects *changes)
{
    struct problems problems = { 0 };
    struct compiled compiled = { 0 };
    if (!compiler_apply(all->compiler, changes->items, changes->count, &problems, &compiled))
        fail_msg("%s", problems.items[0].message);
    objects_free(changes);
    return compiled;
}

static inline void compiled_world_apply(struct compiled_world *all, struct objects *changes)
{
    struct compiled compiled = compiled_world_compile(all, changes);
    compiled_world_take(all, &compiled);
}

static inline void add_object(struct objects *changes, enum object_kind kind, const char *name,
                              const char *text)
{
    objects_add(changes, kind, name, xstrdup(text), strlen(text));
}

static inline unsigned below(struct rng *rng, unsigned limit)
{
    return (unsigned)(rng_next(rng) % limit);
}
