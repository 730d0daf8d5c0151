/* SPDX-License-Identifier: GPL-3.0-or-later */
/* round_robin: strict rotation by the ticket; the answer lists the candidates in rotated order. */
#include "policy/policy.h"

static void round_robin_choose(const struct candidates *from, const struct client *client,
                               const struct draw *draw, uint16_t most, struct choice *out)
{
    (void)client;
    uint16_t count = from->list->count;
    if (count == 0)
        return;
    uint32_t lead = draw->ticket % count;
    for (uint16_t i = 0; i < count && i < most; i++)
        choice_add(out, from->list->index[(lead + i) % count]);
    out->reason = "the next one in rotation leads";
}

const struct policy policy_round_robin = {
    .name = "round_robin",
    .spreads = true,
    .needs_ticket = true,
    .takes_turns = true,
    .answers = 8, /* Route 53's multivalue answer */
    .choose = round_robin_choose,
};
