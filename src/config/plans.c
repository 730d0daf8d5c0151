/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/plans.h"

#include "base/memory.h"
#include "base/text.h"
#include "policy/node_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- plans ---- */

static char *plan_key(const struct declared_node *declared, const struct geo *geo)
{
    struct text key = { 0 };
    text_printf(&key, "plan %s %llu", declared->policy->name,
                geo != NULL ? (unsigned long long)geo->number : 0);
    for (size_t i = 0; i < declared->count; i++) {
        if (declared->children[i].rule == NULL)
            continue;
        text_add(&key, "\n", 1); /* stands in no rule */
        text_puts(&key, declared->children[i].rule);
        text_printf(&key, "\n%zu", i);
    }
    return text_take(&key);
}

/* Anything but a prefix or the default asks where the client is. */
static bool needs_location(const char *rule)
{
    struct prefix prefix;
    return strcmp(rule, "default") != 0 && !prefix_parse(rule, &prefix);
}

static void *compile(struct build *build, const struct declared_node *declared, struct error *err)
{
    struct policy_rule *rules = xcalloc(declared->count, sizeof *rules);
    for (size_t i = 0; i < declared->count; i++) {
        rules[i] = (struct policy_rule){ .key = declared->children[i].rule, .child = (uint16_t)i };
        if (build->geo == NULL && rules[i].key != NULL && needs_location(rules[i].key))
            build->lacks_geo = true;
    }
    const struct policy_source source = { .rules = rules, .count = declared->count, .geo = build->geo };
    void *plan = NULL;
    if (!declared->policy->compile(&source, &plan, err))
        plan = NULL;
    free(rules);
    return plan;
}

const void *plan_get(struct build *build, struct item *item, const struct declared_node *declared,
                     const char *pointer)
{
    if (declared->policy->compile == NULL)
        return NULL;
    char *key = plan_key(declared, build->geo);
    struct interned *interned = intern_use(build->compiler->intern, key);
    if (interned == NULL) {
        struct error err = { .text = "" };
        void *plan = compile(build, declared, &err);
        if (plan == NULL)
            object_problem(&build->problems, item_said(item), pointer, false, "%s", err.text);
        else
            interned =
                intern_add(build->compiler->intern, key, plan, declared->policy->plan_free, &build->edition);
    }
    free(key);
    if (interned == NULL)
        return NULL;
    item_add_use(item, interned);
    return interned->block;
}

/* ---- steady states ---- */

/* A number in bytes that are never zero, six bits each, the last one marked. */
static void key_add(struct text *key, uint32_t number)
{
    char bytes[6];
    size_t size = 0;
    do {
        bytes[size++] = (char)(0x40 | (number & 0x3f));
        number >>= 6;
    } while (number > 0);
    bytes[size - 1] = (char)(bytes[size - 1] | 0x80);
    text_add(key, bytes, size);
}

static char *state_key(const struct node_state *state)
{
    struct text key = { 0 };
    text_puts(&key, "state ");
    for (int view = 0; view < VIEW_COUNT; view++)
        key_add(&key, state->is_available[view]);
    key_add(&key, state->available_count);
    key_add(&key, state->ttl_cap_s);
    key_add(&key, state->latency_us);
    key_add(&key, state->has_lists);
    key_add(&key, state->preferred);
    const struct candidate_list *lists = &state->lists[0][0];
    for (int i = 0; i < VIEW_COUNT * LIST_COUNT; i++) {
        key_add(&key, lists[i].count);
        for (uint16_t k = 0; k < lists[i].count; k++) {
            key_add(&key, lists[i].index[k]);
            key_add(&key, lists[i].cumulative[k]);
        }
    }
    return text_take(&key);
}

static const struct node_state *share(struct build *build, struct item *item, struct node_state *state)
{
    char *key = state_key(state);
    struct interned *interned = intern_use(build->compiler->intern, key);
    if (interned != NULL)
        free(state);
    else
        interned = intern_add(build->compiler->intern, key, state, free, &build->edition);
    free(key);
    item_add_use(item, interned);
    return interned->block;
}

const struct node_state *state_get_fixed(struct build *build, struct item *item, const struct node *node)
{
    static const struct dataset nothing;
    static const struct conditions unknown;
    return share(build, item, node_state_new(node, &nothing, &unknown, NULL));
}

const struct node_state *state_get_open(struct build *build, struct item *item, const struct node *node)
{
    struct node_state *state = xcalloc(1, sizeof *state);
    *state = (struct node_state){
        .is_available = { true, true, true },
        .available_count = node->child_count,
        .ttl_cap_s = TTL_CAP_NONE,
        .preferred = UINT16_MAX,
    };
    return share(build, item, state);
}
