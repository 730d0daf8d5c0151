/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/table.h"
#include "control/graph.h"
#include "control/names.h"
#include "control/ramp.h"
#include "control/transitions.h"
#include "control/world.h"

/* What world.c (structure, publication) and observations.c (what checks say) share. */

/* One endpoint of a named pool. */
struct entry {
    char *key;    /* "pool/endpoint" */
    char *target; /* what is measured: an address or a name; "" while nothing is */
    const struct endpoint *endpoint;
    uint32_t pool_slot;
    struct check **checks; /* by position, as the checker knows them */
    struct observation *observed;
    size_t check_count;
    struct compiled_pace pace;
    struct ramp ramp;
    struct failover failover;
    struct store_pace noted; /* what the store has of it; its name is not used */
    uint64_t wake_ms;        /* when to look again; 0: when something happens */
    bool is_dirty, is_paced;
};

struct world {
    struct tickets *tickets;
    struct checker *checker;
    struct chronicle *chronicle;
    struct transitions *transitions;
    struct restored *restored; /* only while it starts */
    struct doubt *doubt;
    struct names *names;
    const struct dataset *dataset;
    struct conditions conditions; /* as last published, or further */
    struct conditions *published; /* the copy that the current snapshot points at */
    struct server_keys *keys;     /* NULL: no cookies */
    struct graph *graph;
    struct entry **entries; /* by endpoint slot */
    size_t entry_room;
    struct table *by_key;        /* key → entry */
    struct table *overrides;     /* key → struct override */
    int64_t next_expiry_wall_ms; /* no override expires before; 0: none does */
    uint32_t *dirty;             /* endpoint slots */
    size_t dirty_count, dirty_room;
    uint32_t *paced; /* endpoint slots with a time to wake; may hold one twice or one that went */
    size_t paced_count, paced_room;
    uint64_t now_ms;
    struct latency_table *latency; /* what clients measured, or NULL */
    bool is_latency_stale;         /* conditions.latency has to be made again: endpoints or figures changed */
    bool is_changed;               /* something to publish */
    uint64_t failovers_kept, failovers_missed;
    struct edition edition;
};

/* world_failover.c */
void entry_take_objective(struct entry *entry, const struct compiled_endpoint *compiled);
/** Measures if it died, by the checks that say so. */
void world_measure_failover(struct world *world, struct entry *entry, const struct endpoint_condition *before,
                            const struct endpoint_condition *after);

struct entry *world_entry(const struct world *world, uint32_t slot); /* or NULL */
void world_mark_dirty(struct world *world, struct entry *entry);

/* bound.c */
bool entry_find_check(const struct entry *entry, const char *name, size_t *out);
/** From now on it is under these checks. */
void entry_take_checks(struct world *world, struct entry *entry, const struct compiled_endpoint *compiled);
/** The condition as it is published, with what each of several checks says. */
struct endpoint_condition *entry_condition(const struct entry *entry, const struct endpoint_condition *from);
/** Under none any more. */
void entry_forget_checks(struct world *world, struct entry *entry);

/** Makes conditions.latency if it is stale (world_latency.c). */
void world_refresh_latency(struct world *world);

/** Lets the endpoint be checked as `compiled` says. */
void world_bind(struct world *world, struct entry *entry, const struct compiled_endpoint *compiled,
                bool is_new);
/** Goes on with its hold or ramp where an earlier process was. */
void world_restore_pace(struct world *world, struct entry *entry);
/** Writes down how far it is on its way back, if that is news. */
void world_note_pace(struct world *world, struct entry *entry);
/** It is gone; and what was restored of others that are. */
void world_forget_pace(struct world *world, const struct entry *entry);
void world_forget_gone_paces(struct world *world);

/** It is gone: nobody checks it, and no verdict is kept. */
void world_unbind(struct world *world, const struct entry *entry);
