/* SPDX-License-Identifier: GPL-3.0-or-later */
/* geo: the target of the most specific rule about where the client is, or the next less specific one. */
#include "policy/policy.h"

#include "dns/name.h"
#include "policy/geo_plan.h"
#include "policy/geo_rule.h"

#include <limits.h>
#include <string.h>

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
            link = rule_level_find(&plan->levels[level], &client->address, &out->scope_len);
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

static void geo_fetch(const struct node *node, const struct address *address, unsigned step)
{
    const struct geo_plan *plan = node->plan;
    prefix_map_fetch(plan->levels[0].shape, address, step);
}

static bool geo_check_key(const char *key, struct error *err)
{
    struct geo_rule rule;
    return geo_rule_parse(key, &rule, err);
}

/* ---- for explain ---- */

static bool endpoints_are_same(const struct endpoint *a, const struct endpoint *b)
{
    const uint8_t *name = endpoint_more(a)->hostname, *other = endpoint_more(b)->hostname;
    if ((name != NULL) != (other != NULL))
        return false;
    if (name != NULL && (dns_name_wire_size(name) != dns_name_wire_size(other) ||
                         memcmp(name, other, dns_name_wire_size(name)) != 0))
        return false;
    if (a->families == 0 && b->families == 0)
        return name != NULL;
    return a->families == b->families && memcmp(a->ipv4, b->ipv4, sizeof a->ipv4) == 0 &&
           memcmp(endpoint_more(a)->ipv6, endpoint_more(b)->ipv6, sizeof endpoint_more(a)->ipv6) == 0;
}

/* True if rules with these targets give the same child. */
static bool targets_are_same(const struct child *a, const struct child *b)
{
    if (a->kind != b->kind || a->kind == CHILD_NODE)
        return a == b;
    return a->kind == CHILD_SHARED ? a->shared == b->shared : endpoints_are_same(a->endpoint, b->endpoint);
}

static bool is_about(const struct geo_rule *rule, const struct client *client)
{
    static const struct location nowhere;
    char key[GEO_KEY_SIZE];
    uint8_t scope_len;
    if (rule->kind == GEO_PREFIX)
        return prefix_contains(&rule->prefix, &client->address);
    const struct location *location = geo_find(client->geo, &client->address, &scope_len);
    return geo_rule_key_of(rule->kind, location != NULL ? location : &nowhere, key) &&
           strcmp(key, rule->key) == 0;
}

/* Less is more specific. */
static unsigned rank(const struct geo_rule *rule)
{
    return rule->kind == GEO_PREFIX ? 128u - rule->prefix.length : 128u + rule->kind;
}

static uint16_t geo_rule_of(const struct node *node, const struct client *client, uint16_t chosen)
{
    uint16_t best = chosen, map = UINT16_MAX;
    unsigned best_rank = UINT_MAX;
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        struct geo_rule rule;
        const char *key = node_rule(node, i);
        if (!targets_are_same(child, &node->children[chosen]) || key == NULL ||
            !geo_rule_parse(key, &rule, NULL))
            continue;
        if (rule.kind == GEO_MAP && map == UINT16_MAX)
            map = i; /* the plan alone knows whom it is about */
        if (rule.kind == GEO_MAP || !is_about(&rule, client) || rank(&rule) >= best_rank)
            continue;
        best = i;
        best_rank = rank(&rule);
    }
    return best_rank == UINT_MAX && map != UINT16_MAX ? map : best;
}

static bool geo_concerns(const struct node *node, const struct client *client, uint16_t ordinal)
{
    const char *key = node_rule(node, ordinal);
    struct geo_rule rule;
    return key == NULL || !geo_rule_parse(key, &rule, NULL) || rule.kind == GEO_MAP ||
           is_about(&rule, client);
}

const struct policy policy_geo = {
    .name = "geo",
    .is_by_rule = true,
    .answers = 1,
    .choose = geo_choose,
    .fetch = geo_fetch,
    .compile = geo_plan_compile,
    .plan_free = geo_plan_free,
    .common_key = geo_plan_common_key,
    .compile_common = geo_plan_compile_common,
    .common_free = geo_shape_free,
    .check_key = geo_check_key,
    .rule_of = geo_rule_of,
    .concerns = geo_concerns,
};
