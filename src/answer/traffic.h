/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/count.h"
#include "policy/policy.h"
#include "snapshot/service.h"

/* A steered answer, as far as it is counted. */
struct traffic {
    const struct service *service; /* that was asked first */
    const struct address *client;  /* by whom */
    const struct geo *geo;         /* where to look that up; may be NULL */
    uint32_t lead_slot;            /* of the endpoint that stands first in the answer, or SLOT_NONE */
    bool is_degraded;
};

/** Fetches ahead what counts the answers of `service`. */
static inline void traffic_fetch(const struct answer_counters *counters, const struct service *service)
{
    if (service->id < SERVED_ROOM && counters->services != NULL)
        __builtin_prefetch(&counters->services[service->id], 1);
}

/** Counts the country of a client, and draws which answer is the next one whose client is located. */
void traffic_sample(struct answerer *answerer, const struct traffic *traffic);

/** Counts a steered answer: by endpoint and by service, and now and then by country.  Worker thread. */
static inline void traffic_count(struct answerer *answerer, const struct traffic *traffic)
{
    struct answer_counters *counters = answerer->counters;
    count_one(&counters->steered);
    if (traffic->lead_slot < SERVED_ROOM && counters->served != NULL)
        count_one(&counters->served[traffic->lead_slot]);
    if (traffic->service->id < SERVED_ROOM && counters->services != NULL)
        count_one(&counters->services[traffic->service->id]);
    if (traffic->is_degraded)
        count_one(&counters->steered_degraded);
    /* Where a client is takes a lookup, which most answers can do without: a sample of them is located. */
    if (answerer->until_sample-- == 0)
        traffic_sample(answerer, traffic);
}
