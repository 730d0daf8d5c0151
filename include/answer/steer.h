/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/record.h"
#include "answer/trace.h"
#include "policy/policy.h"
#include "snapshot/snapshot.h"

/*
 * Walks a service's policy tree to the endpoints of one answer.  Queries take a short way where there is one
 * (answer/straight.h); where there is none, and to explain, it is the whole walk.  Both decide the same.
 */
struct steering {
    const struct snapshot *now;
    const struct service *service;
    const struct client *client;
    uint16_t qtype;
    uint64_t random;        /* fresh bits */
    bool peeks;             /* explain: tickets are looked at, not taken */
    struct trace *trace;    /* NULL for queries */
    struct draw_log *draws; /* notes the tickets, or gives those of another answer; NULL: neither */
};

enum steer_outcome { STEER_ENDPOINTS, STEER_NODATA, STEER_SERVFAIL };

struct decision {
    enum steer_outcome outcome;
    uint16_t count;
    const struct endpoint
        *endpoints[CHOICE_MAX]; /* in answer order; all have the queried family, or a hostname */
    uint32_t ttl_s;
    uint8_t scope_len; /* for the ECS option */
    bool depends_on_client;
    bool is_all_down;   /* nothing was available: when_all_down decided */
    bool is_unresolved; /* the addresses of a hostname are not known, and nothing else is left */
    enum view view;     /* other than HEALTHY: everything is down, and this was served anyhow */
};

/** Decides.  Pure but for the tickets; no allocation; any registered thread inside a read section. */
void steer(const struct steering *steering, struct decision *out);

/** The same for a query: nobody watches, and no tickets are noted or given.  Shorter nearly always. */
void steer_query(const struct steering *steering, struct decision *out);

/** The service's TTL, shortened toward `cap_s`, which is when the next change may come, and its min_ttl. */
static inline uint32_t steer_ttl_s(const struct service *service, uint32_t cap_s)
{
    if (cap_s >= service->ttl_s)
        return service->ttl_s;
    return cap_s > service->min_ttl_s ? cap_s : service->min_ttl_s;
}
