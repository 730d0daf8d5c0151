/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/node.h"
#include "snapshot/paged.h"
#include "snapshot/resolved.h"

#include <stdint.h>

/*
 * What is true now, per endpoint and per node, made ready by the control thread for the workers to read.
 * Slots stay the same across datasets. A change makes a fresh element, copies one page of pointers and
 * publishes: microseconds.
 */

enum health_verdict { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN, HEALTH_UNCHECKED };
enum override_state { OVERRIDE_NONE, OVERRIDE_UP, OVERRIDE_DOWN, OVERRIDE_DRAIN };

#define TTL_CAP_NONE  UINT32_MAX
#define HELD_MANUALLY INT64_MAX /* until an operator says up */

/* Why the last verdict was reached; immutable, replaced with each transition. */
struct evidence {
    int64_t since_wall_ms;      /* of the verdict */
    uint32_t latency_us;        /* of that check; 0: it did not finish */
    int status;                 /* HTTP code, 0 if none */
    int64_t certificate_ends_s; /* Unix time, of the certificate shown last; 0: none */
    bool has_replied;           /* the peer sent something, if only a reset */
    char text[160];             /* "connection refused", "HTTP 503, expected 200-299" */
    char check[64];             /* name of the check */
};

/* What an operator says now, with who and why; outlives restarts and configurations.  Immutable, replaced as
 * a whole. */
struct override {
    uint8_t state; /* enum override_state; NONE if only the weight is overridden */
    bool has_weight;
    uint32_t weight;
    int64_t set_wall_ms;
    int64_t expires_wall_ms;      /* 0: never */
    int64_t cached_until_wall_ms; /* down, drain: when the last answer with it expires in caches; 0: else */
    char author[64];
    char reason[256];
};

/* What one of several checks of an endpoint says. */
struct check_state {
    char name[64];
    uint8_t verdict;                 /* enum health_verdict */
    bool decides;                    /* false: it is an input of another one and nothing more */
    const struct evidence *evidence; /* NULL before the first verdict */
};

/* How soon it is out of answers and of caches when it dies, and was the last time. */
struct failover {
    uint32_t promised_ms;  /* from a death to the first changed answer, at most; 0: nobody checks it */
    uint32_t objective_ms; /* the tightest of the services that reach it; 0: none */
    uint32_t ttl_s;        /* of the service that has that */
    /* the last time */
    int64_t at_wall_ms;      /* when answers changed; 0: it never died */
    uint32_t noticed_ms;     /* from the last good check before to then */
    uint32_t measured_ttl_s; /* ttl_s of that time: caches followed that much later, at most */
};

/** From a death until no cache leads to it, at most. */
static inline uint64_t failover_promised_ms(const struct failover *failover)
{
    return failover->promised_ms + (uint64_t)failover->ttl_s * 1000;
}

/** The same, the last time. */
static inline uint64_t failover_achieved_ms(const struct failover *failover)
{
    return failover->noticed_ms + (uint64_t)failover->measured_ttl_s * 1000;
}

static inline bool failover_is_kept(const struct failover *failover)
{
    return failover_achieved_ms(failover) <= failover->objective_ms;
}

/* One block with its check states: free with free(). */
struct endpoint_condition {
    uint32_t weight;                 /* effective: override over declared */
    uint32_t latency_us;             /* smoothed time of its checks from here; 0: unknown, or too few */
    uint32_t ttl_cap_s;              /* shorter while a change of verdict is near; TTL_CAP_NONE otherwise */
    uint16_t withheld;               /* of 10,000 parts of its share, while it ramps up */
    uint8_t verdict;                 /* enum health_verdict: what the checks say */
    bool is_available;               /* the one formula: override over declared over observed */
    bool is_held;                    /* down or drained by an operator */
    int64_t certificate_ends_s;      /* Unix time, the earliest of its checks; 0: none */
    int64_t hold_until_wall_ms;      /* healthy again but held back until then, or HELD_MANUALLY; 0: not */
    const struct evidence *evidence; /* NULL before the first verdict */
    const struct override *override; /* NULL: no operator says anything */
    size_t check_count;              /* 0 where there is only one: it is the evidence's */
    const struct check_state *checks;
    struct failover failover;
};

/*
 * Three ways to look at the same tree.  A service whose root has nothing available is asked again with the
 * next one (when_all_down: serve_all): HEALTHY respects health and operators, UNHELD operators only,
 * EVERYTHING nobody.
 */
enum view { VIEW_HEALTHY, VIEW_UNHELD, VIEW_EVERYTHING, VIEW_COUNT };

/* Ready-made candidates: ordinals of children in written order, and the sums of effective weights up to each.
 */
struct candidate_list {
    uint16_t count;
    bool is_even; /* all weigh 1: the sum up to each is its place, and one */
    const uint16_t *index;
    const uint32_t *cumulative; /* cumulative[count - 1] is the total, >= 1 if count >= 1 */
    uint64_t stride;            /* the order of tickets (policy/stride.h); 0: nobody takes turns, or alone */
};

/* Lists by family for nodes over endpoints; other nodes use `any` only (the others are the same). */
enum list_family { LIST_ANY, LIST_V4, LIST_V6, LIST_COUNT };

/* One block: the lists point into it.  Free with free(). */
struct node_state {
    bool is_available[VIEW_COUNT];
    bool has_lists;    /* false for an unweighted node over nodes: its children's bits are read instead */
    bool has_withheld; /* not weighted, and a child gives away a part of its share */
    uint16_t available_count; /* children available in VIEW_HEALTHY */
    uint16_t first_available; /* the first of these in the written order; UINT16_MAX: none */
    uint16_t preferred;       /* `latency`: the child favoured with hysteresis; UINT16_MAX: none */
    uint32_t ttl_cap_s;       /* lowest of the endpoints below it */
    uint32_t latency_us;      /* best of the available ones; 0: unknown */
    uint32_t capacity;        /* what all below it can take, in the unit of weights; 0: not stated */
    /* where in `lists`, which has each different one once: mostly there is a single one */
    uint8_t list_at[VIEW_COUNT][LIST_COUNT];
    struct candidate_list lists[]; /* >= 1; without lists an empty one */
};

/** The candidates of one view and family. */
static inline const struct candidate_list *node_list(const struct node_state *state, enum view view,
                                                     enum list_family family)
{
    return &state->lists[state->list_at[view][family]];
}

struct latency_view; /* snapshot/latency_table.h */

struct conditions {
    uint64_t number;                    /* counts publications */
    struct paged endpoints;             /* struct endpoint_condition, by endpoint.slot */
    struct paged nodes;                 /* struct node_state, by node.slot */
    struct paged names;                 /* struct resolved, by endpoint.name_id */
    const struct latency_view *latency; /* what clients measured; NULL: nothing */
};

/** The state of `node`: from its slot, or steady.  Never NULL for a node of the same snapshot. */
static inline const struct node_state *conditions_node(const struct conditions *now, const struct node *node)
{
    if (node->slot == SLOT_NONE)
        return node->steady;
    return (const struct node_state *)paged_get(&now->nodes, node->slot);
}

/** The condition of an endpoint; NULL for one without a slot, which is always available with its declared
 * weight. */
static inline const struct endpoint_condition *conditions_endpoint(const struct conditions *now,
                                                                   const struct endpoint *endpoint)
{
    if (endpoint->slot == SLOT_NONE)
        return NULL;
    return (const struct endpoint_condition *)paged_get(&now->endpoints, endpoint->slot);
}

/** What is known of the hostname of an endpoint; NULL: nothing, or it has none, or nobody needs it resolved.
 */
static inline const struct resolved *conditions_resolved(const struct conditions *now,
                                                         const struct endpoint *endpoint)
{
    if (!endpoint_is_name(endpoint) || endpoint->name_id == 0)
        return NULL;
    return (const struct resolved *)paged_get(&now->names, endpoint->name_id);
}

/** The families of which an endpoint has addresses now: declared ones, or those of its hostname. */
static inline uint8_t conditions_families(const struct conditions *now, const struct endpoint *endpoint)
{
    const struct resolved *resolved = conditions_resolved(now, endpoint);
    return resolved != NULL ? resolved_families(resolved) : endpoint->families;
}
