/* SPDX-License-Identifier: GPL-3.0-or-later */
/* geo: the target of the most specific rule about where the client is, or the next less specific one. */
#include "policy/policy.h"

#include "policy/geo_plan.h"
#include "policy/geo_rule.h"

static void geo_choose(const struct candidates *from, const struct client *client, const struct draw *draw,
                       uint16_t most, struct choice *out)
{
    (void)draw, (void)most;
    const struct geo_plan *plan = from->node->plan;
    uint32_t link = PREFIX_MAP_NONE;
    out->depends_on_client = true;
    out->reason = "no rule is about this client";
    for (size_t level = 0; level < plan->level_count; level++) {
        uint16_t child;
        if (!geo_level_is_as_before(plan, level))
            link = geo_level_find(&plan->levels[level], &client->address, &out->scope_len);
        if (link == PREFIX_MAP_NONE || !geo_plan_child(plan, level, link, &child))
            return;
        if (candidates_has(from, child)) {
            choice_add(out, child);
            out->reason = level == 0 ? "the most specific rule about this client"
                                     : "a less specific rule: nothing is available behind the better ones";
            return;
        }
        out->reason = "nothing is available behind the rules about this client";
    }
}

static bool geo_check_key(const char *key, struct error *err)
{
    struct geo_rule rule;
    return geo_rule_parse(key, &rule, err);
}

const struct policy policy_geo = {
    .name = "geo",
    .is_by_rule = true,
    .answers = 1,
    .choose = geo_choose,
    .compile = geo_plan_compile,
    .plan_free = geo_plan_free,
    .common_key = geo_plan_common_key,
    .compile_common = geo_plan_compile_common,
    .common_free = geo_shape_free,
    .check_key = geo_check_key,
};
