/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "api/api.h"
#include "snapshot/snapshot.h"

/* Sums over the snapshot and over the workers, for status and metrics. */

struct tally {
    uint64_t zones, pools, endpoints;
    uint64_t available, down, held, unknown, overridden; /* endpoints */
};

/** Of what is in the scope (config/scope.h). */
void tally_take(const struct snapshot *now, const char *scope, struct tally *out);

/** Visits every endpoint of every pool in the scope; `condition` may be NULL. */
void tally_walk(const struct snapshot *now, const char *scope,
                void (*visit)(void *context, const struct node *pool, const struct endpoint *endpoint,
                              const struct endpoint_condition *condition),
                void *context);

struct query_totals {
    uint64_t queries[2], rcodes[24];
    uint64_t dropped, truncated, ecs, steered, steered_degraded;
    uint64_t limited_dropped, limited_slipped, cookies[COOKIE_STATE_COUNT];
    uint64_t tcp_connections, receive_dropped;
    uint64_t log_taken, log_dropped, log_failed;
    struct {
        uint64_t counts[HISTOGRAM_BUCKETS], sum_us;
    } times[2]; /* by transport */
};

/** All workers together, as of now; each figure for itself. */
void query_totals_take(const struct api_data_plane *data_plane, struct query_totals *out);
