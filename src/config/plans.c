/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/plans.h"

#include "base/memory.h"
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

/* ---- plans ---- */

/* Orders targets; those that are the same are equal, an inline node only to itself. */
static int target_compare(const struct declared_target *a, const struct declared_target *b)
{
    const struct declared_endpoint *left = a->endpoint, *right = b->endpoint;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == TARGET_NAME)
        return strcmp(a->name, b->name);
    if (a->kind == TARGET_NODE)
        return (a > b) - (a < b);
    int order = left->families - right->families;
    if (order == 0)
        order = memcmp(left->ipv4, right->ipv4, sizeof left->ipv4);
    if (order == 0)
        order = memcmp(left->ipv6, right->ipv6, sizeof left->ipv6);
    return order != 0 ? order
                      : strcmp(left->hostname != NULL ? left->hostname : "",
                               right->hostname != NULL ? right->hostname : "");
}

static int rule_compare(const void *a, const void *b, void *children)
{
    const struct declared_child *all = children;
    uint16_t left = *(const uint16_t *)a, right = *(const uint16_t *)b;
    int order = target_compare(&all[left].to, &all[right].to);
    return order != 0 ? order : left - right;
}

/* The rules of a node.  Those with the same target get the same child, the first of them. */
static struct policy_rule *rules_of(const struct declared_node *declared)
{
    struct policy_rule *rules = xcalloc(declared->count, sizeof *rules);
    uint16_t *order = xcalloc(declared->count, sizeof *order), first = 0;
    for (size_t i = 0; i < declared->count; i++)
        order[i] = (uint16_t)i;
    qsort_r(order, declared->count, sizeof *order, rule_compare, declared->children);
    for (size_t i = 0; i < declared->count; i++) {
        const struct declared_child *child = &declared->children[order[i]];
        if (i == 0 || target_compare(&declared->children[first].to, &child->to) != 0)
            first = order[i];
        rules[order[i]] = (struct policy_rule){ .key = child->rule, .child = first };
    }
    free(order);
    return rules;
}

static const struct name_map *map_of_rule(const struct policy_source *source, const char *rule)
{
    char name[NAME_SIZE];
    return name_map_of_rule(rule, name) ? source->map_of(source, name) : NULL;
}

/* Room for one key: each is looked up before the next is made. */
static struct text key_begin(struct build *build)
{
    struct text key = build->key;
    key.size = 0;
    build->key = (struct text){ 0 };
    return key;
}

static void key_end(struct build *build, struct text *key)
{
    text_free(&build->key);
    build->key = *key;
}

static struct text plan_key(struct build *build, const struct policy *policy,
                            const struct policy_source *source)
{
    struct text key = key_begin(build);
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
    return key;
}

/* Anything but a prefix, a name in a map or the default asks where the client is. */
static bool needs_location(const char *rule)
{
    struct prefix prefix;
    char map[NAME_SIZE];
    return strcmp(rule, "default") != 0 && !prefix_parse(rule, &prefix) && !name_map_of_rule(rule, map);
}

typedef bool compile_fn(const struct policy_source *source, void **block, struct error *err);

/* A new block under `key`, with one use; NULL: an error was noted. */
static struct interned *make(struct build *build, struct item *item, const char *pointer, const char *key,
                             compile_fn *compile, edition_free_fn *free_block,
                             const struct policy_source *source)
{
    struct error err = { .text = "" };
    void *block;
    if (compile(source, &block, &err))
        return intern_add(build->compiler->intern, key, block, free_block, &build->edition);
    object_problem(&build->problems, item_said(item), pointer, false, "%s", err.text);
    return NULL;
}

/* What plans of other rules may have in common with this one, with one more use.  False: an error was noted.
 */
static bool get_common(struct build *build, struct item *item, const struct policy *policy,
                       const char *pointer, const struct policy_source *source, struct interned **out)
{
    char *key = policy->common_key != NULL ? policy->common_key(source) : NULL;
    *out = NULL;
    if (key == NULL)
        return true;
    *out = intern_use(build->compiler->intern, key);
    if (*out == NULL)
        *out = make(build, item, pointer, key, policy->compile_common, policy->common_free, source);
    free(key);
    return *out != NULL;
}

/* The plan that is not there yet. */
static struct interned *make_plan(struct build *build, struct item *item, const struct policy *policy,
                                  const char *pointer, const char *key, struct policy_source *source)
{
    struct interned *common;
    if (!get_common(build, item, policy, pointer, source, &common))
        return NULL;
    source->common = common != NULL ? common->block : NULL;
    struct interned *plan = make(build, item, pointer, key, policy->compile, policy->plan_free, source);
    if (common != NULL)
        item_add_use(item, common);
    if (plan != NULL)
        plan->below = common;
    return plan;
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
    for (size_t i = 0; i < source.count && build->geo == NULL; i++)
        build->lacks_geo |= rules[i].key != NULL && needs_location(rules[i].key);
    struct text key = plan_key(build, policy, &source);
    struct interned *plan = intern_use(build->compiler->intern, key.bytes);
    if (plan == NULL) {
        plan = make_plan(build, item, policy, pointer, key.bytes, &source);
    } else if (plan->below != NULL) {
        intern_use_again(build->compiler->intern, plan->below);
        item_add_use(item, plan->below);
    }
    if (plan != NULL)
        item_add_use(item, plan);
    key_end(build, &key);
    free(rules);
    return plan != NULL ? plan->block : NULL;
}

/* ---- rules ---- */

/* The keys behind a table of them, in one block. */
static void *rules_new(const struct declared_node *declared, size_t size)
{
    char **table = xcalloc(1, declared->count * sizeof *table + size),
         *at = (char *)(table + declared->count);
    for (size_t i = 0; i < declared->count; i++) {
        table[i] = at;
        at = stpcpy(at, declared->children[i].rule) + 1;
    }
    return table;
}

void rules_share(struct build *build, struct item *item, const struct declared_node *declared,
                 struct node *node)
{
    struct text key = key_begin(build);
    text_puts(&key, "rules");
    for (size_t i = 0; i < declared->count; i++) {
        text_add(&key, "\n", 1);
        text_puts(&key, declared->children[i].rule);
    }
    struct interned *interned = intern_use(build->compiler->intern, key.bytes);
    if (interned == NULL)
        interned = intern_add(build->compiler->intern, key.bytes, rules_new(declared, key.size), free,
                              &build->edition);
    key_end(build, &key);
    item_add_use(item, interned);
    node->rules = interned->block;
}

/* ---- steady states ---- */

static struct text state_key(struct build *build, const struct node_state *state)
{
    struct text key = key_begin(build);
    text_puts(&key, "state ");
    for (int view = 0; view < VIEW_COUNT; view++)
        key_add(&key, state->is_available[view]);
    key_add(&key, state->available_count);
    key_add(&key, state->ttl_cap_s);
    key_add(&key, state->latency_us);
    key_add(&key, state->capacity);
    key_add(&key, state->has_lists);
    key_add(&key, state->has_withheld);
    key_add(&key, state->preferred);
    for (int i = 0; i < VIEW_COUNT * LIST_COUNT; i++) {
        const struct candidate_list *list =
            node_list(state, (enum view)(i / LIST_COUNT), (enum list_family)(i % LIST_COUNT));
        key_add(&key, list->count);
        for (uint16_t k = 0; k < list->count; k++) {
            key_add(&key, list->index[k]);
            key_add(&key, list->cumulative[k]);
        }
    }
    return key;
}

static const struct node_state *share(struct build *build, struct item *item, struct node_state *state)
{
    struct text key = state_key(build, state);
    struct interned *interned = intern_use(build->compiler->intern, key.bytes);
    if (interned != NULL)
        free(state);
    else
        interned = intern_add(build->compiler->intern, key.bytes, state, free, &build->edition);
    key_end(build, &key);
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
    return share(build, item, node_state_open(node->child_count));
}
