/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * weighted: share = weight / sum.  The n-th ticket meets the point n·s mod sum (policy/stride.h), so any
 * `sum` answers in a row hold every candidate exactly by its weight, and fewer in a row are off by a few at
 * most.
 */
#include "policy/policy.h"

#include "policy/turn.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / φ */

/* floor(fraction · total), the fraction being `bits` / 2^64. */
static uint32_t scaled(uint64_t bits, uint32_t total)
{
    return (uint32_t)(((unsigned __int128)bits * total) >> 64);
}

static uint32_t weight_at(const struct candidate_list *list, uint16_t place)
{
    return list->cumulative[place] - (place > 0 ? list->cumulative[place - 1] : 0);
}

/* Draws one more among those not taken yet: by weight, without putting back. */
static uint16_t place_among_rest(const struct candidate_list *list, const uint16_t *taken,
                                 uint16_t taken_count, uint64_t random)
{
    uint32_t rest = list->cumulative[list->count - 1];
    for (uint16_t i = 0; i < taken_count; i++)
        rest -= weight_at(list, taken[i]);
    uint32_t point = scaled(random, rest);
    for (uint16_t place = 0; place < list->count; place++) {
        bool is_taken = false;
        for (uint16_t i = 0; i < taken_count; i++)
            is_taken |= taken[i] == place;
        if (is_taken)
            continue;
        if (point < weight_at(list, place))
            return place;
        point -= weight_at(list, place);
    }
    return UINT16_MAX;
}

/* Where the candidate stands whose turn it is. */
static uint16_t place_of_ticket(const struct candidate_list *list, uint32_t ticket)
{
    uint64_t stride = list->stride != 0 ? list->stride : GOLDEN;
    return turn_place(list, stride_point(stride, ticket, list->cumulative[list->count - 1]));
}

static void weighted_choose(const struct candidates *from, const struct client *client,
                            const struct draw *draw, uint16_t most, struct choice *out)
{
    (void)client;
    const struct candidate_list *list = from->list;
    if (list->count == 0)
        return;
    uint16_t taken[CHOICE_MAX];
    uint16_t wanted = list->count < most ? list->count : most;
    if (wanted > CHOICE_MAX)
        wanted = CHOICE_MAX;
    taken[0] = place_of_ticket(list, draw->ticket);
    choice_add(out, list->index[taken[0]]);
    uint64_t random = draw->random;
    for (uint16_t i = 1; i < wanted; i++) {
        taken[i] = place_among_rest(list, taken, i, random);
        if (taken[i] == UINT16_MAX)
            break;
        choice_add(out, list->index[taken[i]]);
        random = (random ^ (random >> 29)) * GOLDEN + i;
    }
    out->reason = "its turn by weight";
}

const struct policy policy_weighted = {
    .name = "weighted",
    .is_weighted = true,
    .spreads = true,
    .needs_ticket = true,
    .takes_turns = true,
    .answers = 1,
    .choose = weighted_choose,
};
