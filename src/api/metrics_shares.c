/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/metrics_shares.h"

#include "answer/answer.h"
#include "api/metrics.h"
#include "api/reader.h"
#include "policy/policy.h"

#include <inttypes.h>
#include <stdatomic.h>

/* One family of samples, a sample an endpoint. */
struct shares {
    struct text *out;
    const struct snapshot *now;
    const struct api_data_plane *data_plane;
};

static uint64_t served_by(const struct shares *shares, uint32_t slot)
{
    uint64_t served = 0;
    for (unsigned worker = 0; slot < SERVED_ROOM && worker < shares->data_plane->worker_count; worker++) {
        const struct answer_counters *counters =
            shares->data_plane->counters(shares->data_plane->server, worker);
        if (counters->served != NULL)
            served += atomic_load_explicit(&counters->served[slot], memory_order_relaxed);
    }
    return served;
}

static void begin_sample(const struct shares *shares, const char *name, const struct node *pool,
                         uint16_t ordinal)
{
    text_printf(shares->out, "%s{", name);
    metrics_label(shares->out, "pool", pool->name);
    text_puts(shares->out, ",");
    metrics_label(shares->out, "endpoint", endpoint_more(pool->children[ordinal].endpoint)->name);
}

static void write_served(const struct shares *shares, const struct node *pool)
{
    for (uint16_t i = 0; i < pool->child_count; i++) {
        begin_sample(shares, "steerd_endpoint_served_total", pool, i);
        text_printf(shares->out, "} %" PRIu64 "\n", served_by(shares, pool->children[i].endpoint->slot));
    }
}

static void write_share(const struct shares *shares, const struct node *pool, uint16_t ordinal,
                        const char *kind, double part, double whole)
{
    begin_sample(shares, "steerd_endpoint_share_ratio", pool, ordinal);
    text_printf(shares->out, ",kind=\"%s\"} %.6f\n", kind, whole > 0 ? part / whole : 0);
}

/* What the endpoint gets of answers that any family could give; 0: it is not among the candidates. */
static double effective_share(const struct candidate_list *list, uint16_t ordinal)
{
    for (uint16_t i = 0; i < list->count; i++) {
        if (list->index[i] == ordinal)
            return list->cumulative[i] - (i > 0 ? (double)list->cumulative[i - 1] : 0);
    }
    return 0;
}

/* Where weights or turns say what is due. */
static void write_shares(const struct shares *shares, const struct node *pool)
{
    const struct node_state *state = conditions_node(shares->now->conditions, pool);
    const struct candidate_list *list = node_list(state, VIEW_HEALTHY, LIST_ANY);
    double declared = 0, served = 0, effective = list->count > 0 ? list->cumulative[list->count - 1] : 0;
    bool is_weighted = pool->policy->is_weighted;
    if (!is_weighted && !pool->policy->needs_ticket)
        return;
    for (uint16_t i = 0; i < pool->child_count; i++) {
        declared += is_weighted ? pool->children[i].weight : 1;
        served += (double)served_by(shares, pool->children[i].endpoint->slot);
    }
    for (uint16_t i = 0; i < pool->child_count; i++) {
        write_share(shares, pool, i, "declared", is_weighted ? pool->children[i].weight : 1, declared);
        write_share(shares, pool, i, "effective", effective_share(list, i), effective);
        write_share(shares, pool, i, "served", (double)served_by(shares, pool->children[i].endpoint->slot),
                    served);
    }
}

static void each_pool(const struct shares *shares,
                      void (*write)(const struct shares *shares, const struct node *pool))
{
    uint32_t at = 0;
    const struct node *node;
    while ((node = reader_next_node(shares->now->dataset, &at)) != NULL) {
        if (reader_is_pool(node))
            write(shares, node);
    }
}

void metrics_write_shares(struct text *out, const struct snapshot *now,
                          const struct api_data_plane *data_plane)
{
    const struct shares shares = { out, now, data_plane };
    metrics_family(out, "steerd_endpoint_served_total", "counter",
                   "Answers that the endpoint stood first in.");
    each_pool(&shares, write_served);
    metrics_family(out, "steerd_endpoint_share_ratio", "gauge",
                   "Share of its pool: by declared weights, in force now, and served since the start.");
    each_pool(&shares, write_shares);
}
