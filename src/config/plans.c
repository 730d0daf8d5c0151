/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/plans.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "policy/node_state.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys ---- */

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

/* In fours. */
static void key_add_bytes(struct text *key, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 4) {
        uint32_t number;
        memcpy(&number, bytes + i, sizeof number);
        key_add(key, number);
    }
}

/* ---- plans ---- */

/* What a target is, if it can be the same as another one's: NULL for an inline node. */
static char *target_key(const struct declared_target *target)
{
    const struct declared_endpoint *endpoint = target->endpoint;
    struct text key = { 0 };
    if (target->kind == TARGET_NODE)
        return NULL;
    if (target->kind == TARGET_NAME) {
        text_puts(&key, "name ");
        text_puts(&key, target->name);
        return text_take(&key);
    }
    text_puts(&key, endpoint->hostname != NULL ? endpoint->hostname : "address");
    key_add(&key, endpoint->families);
    key_add_bytes(&key, endpoint->ipv4, sizeof endpoint->ipv4);
    key_add_bytes(&key, endpoint->ipv6, sizeof endpoint->ipv6);
    return text_take(&key);
}

/* The rules of a node.  Those with the same target get the same child, the first of them. */
static struct policy_rule *rules_of(const struct declared_node *declared)
{
    struct policy_rule *rules = xcalloc(declared->count, sizeof *rules);
    struct table *by_target = table_new();
    for (size_t i = 0; i < declared->count; i++) {
        rules[i] = (struct policy_rule){ .key = declared->children[i].rule, .child = (uint16_t)i };
        char *key = target_key(&declared->children[i].to);
        const struct policy_rule *first = key != NULL ? table_find(by_target, key) : NULL;
        if (first != NULL)
            rules[i].child = first->child;
        else if (key != NULL)
            table_put(by_target, key, &rules[i]);
        free(key);
    }
    table_free(by_target);
    return rules;
}

static const struct name_map *map_of_rule(const struct policy_source *source, const char *rule)
{
    char name[NAME_SIZE];
    return name_map_of_rule(rule, name) ? source->map_of(source, name) : NULL;
}

static char *plan_key(const struct policy *policy, const struct policy_source *source)
{
    struct text key = { 0 };
    text_puts(&key, "plan ");
    text_puts(&key, policy->name);
    text_add(&key, " ", 1);
    text_put_number(&key, source->geo != NULL ? source->geo->number : 0);
    for (size_t i = 0; i < source->count; i++) {
        if (source->rules[i].key == NULL)
            continue;
        text_add(&key, "\n", 1); /* stands in no rule */
        text_puts(&key, source->rules[i].key);
        text_add(&key, "\n", 1);
        text_put_number(&key, source->rules[i].child);
        const struct name_map *map = map_of_rule(source, source->rules[i].key);
        if (map == NULL)
            continue;
        text_add(&key, " ", 1);
        text_put_number(&key, map->number);
    }
    return text_take(&key);
}

/* Anything but a prefix, a name in a map or the default asks where the client is. */
static bool needs_location(const char *rule)
{
    struct prefix prefix;
    char map[NAME_SIZE];
    return strcmp(rule, "default") != 0 && !prefix_parse(rule, &prefix) && !name_map_of_rule(rule, map);
}

typedef bool compile_fn(const struct policy_source *source, void **block, struct error *err);

/* The block under `key`, compiled if it is not there yet, with one more use by `item`; NULL: an error was
 * noted. */
static const void *get(struct build *build, struct item *item, const char *pointer, const char *key,
                       compile_fn *compile, edition_free_fn *free_block, const struct policy_source *source)
{
    struct interned *interned = intern_use(build->compiler->intern, key);
    struct error err = { .text = "" };
    void *block;
    if (interned == NULL && !compile(source, &block, &err)) {
        object_problem(&build->problems, item_said(item), pointer, false, "%s", err.text);
        return NULL;
    }
    if (interned == NULL)
        interned = intern_add(build->compiler->intern, key, block, free_block, &build->edition);
    item_add_use(item, interned);
    return interned->block;
}

const void *plan_get(struct build *build, struct item *item, const struct declared_node *declared,
                     const char *pointer)
{
    const struct policy *policy = declared->policy;
    if (policy->compile == NULL)
        return NULL;
    struct policy_rule *rules = rules_of(declared);
    struct policy_source source = {
        .rules = rules, .count = declared->count, .geo = build->geo, .map_of = build_map_of, .context = build
    };
    const void *plan = NULL;
    bool is_good = true;
    for (size_t i = 0; i < source.count && build->geo == NULL; i++)
        build->lacks_geo |= rules[i].key != NULL && needs_location(rules[i].key);
    char *common_key = policy->common_key != NULL ? policy->common_key(&source) : NULL;
    if (common_key != NULL) {
        source.common =
            get(build, item, pointer, common_key, policy->compile_common, policy->common_free, &source);
        is_good = source.common != NULL;
    }
    char *key = plan_key(policy, &source);
    if (is_good)
        plan = get(build, item, pointer, key, policy->compile, policy->plan_free, &source);
    free(key);
    free(common_key);
    free(rules);
    return plan;
}

/* ---- rules ---- */

void rules_share(struct build *build, struct item *item, const struct declared_node *declared,
                 struct node *node)
{
    struct text key = { 0 }, words = { 0 };
    text_puts(&key, "rules");
    for (size_t i = 0; i < declared->count; i++) {
        const char *rule = declared->children[i].rule != NULL ? declared->children[i].rule : "";
        text_add(&key, "\n", 1);
        text_puts(&key, rule);
        text_add(&words, rule, strlen(rule) + 1);
    }
    struct interned *interned = intern_use(build->compiler->intern, key.bytes);
    if (interned != NULL)
        text_free(&words);
    else
        interned = intern_add(build->compiler->intern, key.bytes, text_take(&words), free, &build->edition);
    text_free(&key);
    item_add_use(item, interned);
    const char *at = interned->block;
    for (size_t i = 0; i < declared->count; at += strlen(at) + 1, i++)
        node->children[i].rule = declared->children[i].rule != NULL ? at : NULL;
}

/* ---- steady states ---- */

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
