/* SPDX-License-Identifier: GPL-3.0-or-later */
/* failover: the first available candidate, in configured order. */
#include "policy/policy.h"

static void failover_choose(const struct candidates *from, const struct client *client,
                            const struct draw *draw, uint16_t most, struct choice *out)
{
    (void)client, (void)draw;
    for (uint16_t i = 0; i < from->list->count && i < most; i++)
        choice_add(out, from->list->index[i]);
    out->reason = "the first available one in the written order";
}

const struct policy policy_failover = {
    .name = "failover",
    .is_in_order = true,
    .answers = 1,
    .choose = failover_choose,
};
