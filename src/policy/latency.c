/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latency: the child with the lowest latency that clients like this one have measured; where they have not,
 * from here: then the favourite moves only when another is better by a margin, so that two near equals do not
 * trade places with every measurement.  Without measurements: nearest.
 */
#include "policy/network_latency.h"

extern const struct policy policy_nearest;

#define MARGIN_US 1000 /* and a tenth of the favourite's figure, whichever is more */

static uint16_t best_of(const uint32_t *latency_us, uint16_t count)
{
    uint16_t best = UINT16_MAX;
    for (uint16_t i = 0; i < count; i++) {
        if (latency_us[i] != 0 && (best == UINT16_MAX || latency_us[i] < latency_us[best]))
            best = i;
    }
    return best;
}

static uint16_t latency_prefer(const struct node *node, const uint32_t *latency_us, uint16_t before)
{
    uint16_t best = best_of(latency_us, node->child_count);
    if (best == UINT16_MAX || before >= node->child_count || latency_us[before] == 0)
        return best;
    uint32_t margin = latency_us[before] / 10 > MARGIN_US ? latency_us[before] / 10 : MARGIN_US;
    return latency_us[best] + margin < latency_us[before] ? best : before;
}

static bool list_has(const struct candidate_list *list, uint16_t ordinal)
{
    for (uint16_t i = 0; i < list->count; i++) {
        if (list->index[i] == ordinal)
            return true;
    }
    return false;
}

/* The listed child with the lowest figure that is above `after` in the order (figure, position); UINT16_MAX:
 * no more. */
static uint16_t next_fastest(const struct candidates *from, const struct choice *chosen)
{
    uint16_t best = UINT16_MAX;
    uint32_t best_us = 0;
    for (uint16_t i = 0; i < from->list->count; i++) {
        uint16_t ordinal = from->list->index[i];
        uint32_t us = candidates_latency_us(from, ordinal);
        bool is_chosen = false;
        for (uint16_t k = 0; k < chosen->count; k++)
            is_chosen |= chosen->index[k] == ordinal;
        if (us != 0 && !is_chosen && (best == UINT16_MAX || us < best_us)) {
            best = ordinal;
            best_us = us;
        }
    }
    return best;
}

/* The listed child with the lowest figure that clients measured, of those not chosen yet. */
static uint16_t next_for_clients(const struct candidates *from, const struct latency_row *row,
                                 const struct choice *chosen)
{
    uint16_t best = UINT16_MAX;
    uint32_t best_us = 0;
    for (uint16_t i = 0; i < from->list->count; i++) {
        uint16_t ordinal = from->list->index[i];
        uint32_t us = network_latency_of(from, ordinal, row, LATENCY_SAMPLES_LEAST)->median_us;
        bool is_chosen = false;
        for (uint16_t k = 0; k < chosen->count; k++)
            is_chosen |= chosen->index[k] == ordinal;
        if (!is_chosen && (best == UINT16_MAX || us < best_us)) {
            best = ordinal;
            best_us = us;
        }
    }
    return best;
}

static void choose_for_clients(const struct candidates *from, const struct network_latency *network,
                               uint16_t most, struct choice *out)
{
    static const char *const reasons[LATENCY_LEVELS] = {
        [LATENCY_NETWORK] = "lowest latency that clients of this network measured",
        [LATENCY_ASN] = "lowest latency that clients of this AS measured",
        [LATENCY_COUNTRY] = "lowest latency that clients of this country measured",
    };
    while (out->count < most && out->count < CHOICE_MAX && out->count < from->list->count)
        choice_add(out, next_for_clients(from, network->row, out));
    out->reason = reasons[network->level];
}

static void choose_from_here(const struct candidates *from, const struct client *client,
                             const struct draw *draw, uint16_t most, struct choice *out)
{
    uint16_t preferred = from->view == VIEW_HEALTHY ? from->state->preferred : UINT16_MAX;
    out->reason = "lowest measured latency from here";
    if (preferred != UINT16_MAX && list_has(from->list, preferred))
        choice_add(out, preferred);
    while (out->count < most && out->count < CHOICE_MAX) {
        uint16_t next = next_fastest(from, out);
        if (next == UINT16_MAX)
            break;
        choice_add(out, next);
    }
    if (out->count == 0)
        policy_nearest.choose(from, client, draw, most, out);
}

static void latency_choose(const struct candidates *from, const struct client *client,
                           const struct draw *draw, uint16_t most, struct choice *out)
{
    struct network_latency network;
    network_latency_find(from, client, &network);
    if (network.row != NULL)
        choose_for_clients(from, &network, most, out);
    else
        choose_from_here(from, client, draw, most, out);
    if (network.is_asked) {
        out->depends_on_client = true;
        if (network.scope_len > out->scope_len)
            out->scope_len = network.scope_len;
    }
}

const struct policy policy_latency = {
    .name = "latency",
    .answers = 1,
    .choose = latency_choose,
    .prefer = latency_prefer,
};
