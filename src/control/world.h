/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "control/chronicle.h"
#include "control/doubt.h"
#include "control/effective.h"
#include "control/restored.h"
#include "health/checker.h"
#include "snapshot/latency_table.h"
#include "snapshot/snapshot.h"

/*
 * The control thread's own side of the snapshot: for every endpoint what was observed and what operators say,
 * for every node who its parents are.  Changes are noted, then published together:
 *
 *     report, override ──▶ endpoint dirty ─┐
 *                                          ├─▶ world_publish: endpoints ▶ nodes bottom-up ▶ snapshot
 *     compiled ──▶ new dataset ────────────┘
 *
 * One thread owns it.
 */
struct world;

struct world *world_new(struct tickets *tickets);
/** After snapshot_shutdown: nobody reads any more. */
void world_free(struct world *world);

/** Takes over the secrets of cookies; published by the next world_publish. */
void world_set_keys(struct world *world, struct server_keys *keys);

/** Binds checks by this checker (NULL: none, for tests). */
void world_set_checker(struct world *world, struct checker *checker);

/** Writes down here what changes (NULL: nowhere). */
void world_set_chronicle(struct world *world, struct chronicle *chronicle);

/** Endpoints that appear start with what was known of them; with NULL no longer.  Taken over. */
void world_set_restored(struct world *world, struct restored *restored);

/** Takes the dataset of `compiled` in: endpoints and nodes appear, change, vanish; checks are bound.
 * Published by the next world_publish. */
void world_take(struct world *world, struct compiled *compiled, uint64_t generation);

/** Takes in what the checker found, once it is believed. */
void world_observe(struct world *world, const struct health_report *report);

/** Whether "pool/endpoint" is under a push check of that name; otherwise `err` says why not. */
bool world_takes_report(const struct world *world, const char *key, const char *check, struct error *err);
/** Hands a report to the checker; its result comes by world_observe. */
void world_report(struct world *world, const char *key, const char *check, const struct check_report *report);

/** Takes in what name servers said of a hostname. */
void world_resolve(struct world *world, const struct name_report *report);
/** Hostnames that wait for their first answer. */
size_t world_names_unresolved(const struct world *world);

/** Asks whether this server has to suspect itself, after reports and now and then (doubt_wait_ms). */
enum doubt_turn world_judge(struct world *world, uint64_t now_ms);
struct doubt *world_doubt(struct world *world);

/** Sets (copied) or with NULL clears what operators say of "pool/endpoint". Known also while no such endpoint
 * exists. */
void world_override(struct world *world, const char *key, const struct override *override);
/** When the last answer that leads to the endpoint will have expired in all caches, if it gets this override
 * at `now_ms` (wall time), by the TTLs that the services that reach it have and had; 0 if the override does
 * not take it out.
 */
int64_t world_cached_until_ms(struct world *world, const char *key, const struct override *override,
                              int64_t now_ms);
/** True if the endpoint is available now and would not be with this override (NULL: without one). */
bool world_holds(const struct world *world, const char *key, const struct override *override);
/** False with the reason if that would leave a service without a healthy endpoint which has one now; as if
 * those in `under_way` (keys) were not available any more. */
struct table;
bool world_may_override(const struct world *world, const char *key, const struct override *override,
                        const struct table *under_way, struct error *why);
/** True if such an endpoint exists now. */
bool world_has_endpoint(const struct world *world, const char *key);
/** The key of an override that has expired at `wall_ms`, or NULL; with the time of the next expiry (0: none)
 * in `next_wall_ms`. */
const char *world_expired_override(struct world *world, int64_t wall_ms, int64_t *next_wall_ms);

/** Tells the time (monotonic ms), for holds and ramps; before world_publish.  Returns when to tell it again,
 * 0: no need. */
uint64_t world_tick(struct world *world, uint64_t now_ms);

/** Takes over what clients measured (NULL: nothing); published by the next world_publish. */
void world_set_latency(struct world *world, struct latency_table *table);

/** Publishes what has changed since the last time; false if nothing has. */
bool world_publish(struct world *world);
/** Deaths that kept the objective of a service, and those that did not. */
void world_failovers(const struct world *world, uint64_t *kept, uint64_t *missed);
uint64_t world_publications(const struct world *world);
