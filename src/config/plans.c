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

static void find_firsts_of_many(const struct declared_node *declared, uint16_t *firsts)
{
    uint16_t *order = xcalloc(declared->count, sizeof *order), first = 0;
    for (size_t i = 0; i < declared->count; i++)
        order[i] = (uint16_t)i;
    qsort_r(order, declared->count, sizeof *order, rule_compare, declared->children);
    for (size_t i = 0; i < declared->count; i++) {
        const struct declared_child *child = &declared->children[order[i]];
        if (i == 0 || target_compare(&declared->children[first].to, &child->to) != 0)
            first = order[i];
        firsts[order[i]] = first;
    }
    free(order);
}

#define PAIRWISE_MOST 16 /* so few are compared each with each; more are sorted */

/* For each rule the first child that has the same target: that is the one it gets. */
static void find_firsts(const struct declared_node *declared, uint16_t *firsts)
{
    if (declared->count > PAIRWISE_MOST) {
        find_firsts_of_many(declared, firsts);
        return;
    }
    for (uint16_t i = 0; i < declared->count; i++) {
        uint16_t first = 0;
        while (first < i && target_compare(&declared->children[first].to, &declared->children[i].to) != 0)
            first++;
        firsts[i] = first;
    }
}

static struct policy_rule *rules_of(const struct declared_node *declared, const uint16_t *firsts)
{
    struct policy_rule *rules = xcalloc(declared->count, sizeof *rules);
    for (size_t i = 0; i < declared->count; i++)
        rules[i] = (struct policy_rule){ .key = declared->children[i].rule, .child = firsts[i] };
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

/* Who uses a plan uses what it has in common with others as well. */
static void use_common(struct build *build, struct item *item, const struct interned *plan)
{
    if (plan->below == NULL)
        return;
    intern_use_again(build->compiler->intern, plan->below);
    item_add_use(item, plan->below);
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

/* Looked up or made; NULL: an error was noted. */
static struct interned *find_plan(struct build *build, struct item *item,
                                  const struct declared_node *declared, const char *pointer,
                                  const uint16_t *firsts)
{
    struct policy_rule *rules = rules_of(declared, firsts);
    struct policy_source source = {
        .rules = rules, .count = declared->count, .geo = build->geo, .map_of = build_map_of, .context = build
    };
    for (size_t i = 0; i < source.count && build->geo == NULL; i++)
        build->lacks_geo |= rules[i].key != NULL && needs_location(rules[i].key);
    struct text key = plan_key(build, declared->policy, &source);
    struct interned *plan = intern_use(build->compiler->intern, key.bytes);
    if (plan == NULL)
        plan = make_plan(build, item, declared->policy, pointer, key.bytes, &source);
    else
        use_common(build, item, plan);
    key_end(build, &key);
    free(rules);
    return plan;
}

static struct interned *known_plan(struct build *build, struct item *item,
                                   const struct declared_node *declared, const uint16_t *firsts)
{
    const struct node_parts *parts = declared->parts;
    if (parts == NULL || parts->plan == NULL ||
        memcmp(parts->firsts, firsts, declared->count * sizeof *firsts) != 0)
        return NULL;
    intern_use_again(build->compiler->intern, parts->plan);
    use_common(build, item, parts->plan);
    return parts->plan;
}

static void know_plan(const struct declared_node *declared, struct interned *plan, const uint16_t *firsts)
{
    struct node_parts *parts = declared->parts;
    if (parts == NULL)
        return;
    parts->plan = plan;
    memcpy(parts->firsts, firsts, declared->count * sizeof *firsts);
}

const void *plan_get(struct build *build, struct item *item, const struct declared_node *declared,
                     const char *pointer)
{
    uint16_t few[PAIRWISE_MOST], *firsts = few;
    if (declared->policy->compile == NULL)
        return NULL;
    if (declared->count > PAIRWISE_MOST)
        firsts = xcalloc(declared->count, sizeof *firsts);
    find_firsts(declared, firsts);
    struct interned *plan = known_plan(build, item, declared, firsts);
    if (plan == NULL) {
        plan = find_plan(build, item, declared, pointer, firsts);
        know_plan(declared, plan, firsts);
    }
    if (plan != NULL)
        item_add_use(item, plan);
    if (firsts != few)
        free(firsts);
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

/* Looked up or made. */
static struct interned *find_rules(struct build *build, const struct declared_node *declared)
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
    return interned;
}

void rules_share(struct build *build, struct item *item, const struct declared_node *declared,
                 struct node *node)
{
    struct node_parts *parts = declared->parts;
    struct interned *rules = parts != NULL ? parts->rules : NULL;
    if (rules != NULL)
        intern_use_again(build->compiler->intern, rules);
    else
        rules = find_rules(build, declared);
    if (parts != NULL)
        parts->rules = rules;
    item_add_use(item, rules);
    node->rules = rules->block;
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

/* Takes the state over. */
static struct interned *share(struct build *build, struct node_state *state)
{
    struct text key = state_key(build, state);
    struct interned *interned = intern_use(build->compiler->intern, key.bytes);
    if (interned != NULL)
        free(state);
    else
        interned = intern_add(build->compiler->intern, key.bytes, state, free, &build->edition);
    key_end(build, &key);
    return interned;
}

static struct node_state *make_state(const struct node *node, bool is_fixed)
{
    static const struct dataset nothing;
    static const struct conditions unknown;
    return is_fixed ? node_state_new(node, &nothing, &unknown, NULL) : node_state_open(node->child_count);
}

/* Whether hostnames below have to be resolved, and so change, is what nodes of one mould may differ in. */
static struct interned *known_state(const struct tree *tree, const struct node_parts *parts)
{
    return parts != NULL && parts->state_needs_no_addresses == tree->needs_no_addresses ? parts->state : NULL;
}

const struct node_state *state_get(struct tree *tree, const struct declared_node *declared,
                                   const struct node *node, bool is_fixed)
{
    struct node_parts *parts = declared->parts;
    struct interned *state = known_state(tree, parts);
    if (state != NULL)
        intern_use_again(tree->build->compiler->intern, state);
    else
        state = share(tree->build, make_state(node, is_fixed));
    if (parts != NULL) {
        parts->state = state;
        parts->state_needs_no_addresses = tree->needs_no_addresses;
    }
    item_add_use(tree->item, state);
    return state->block;
}

struct node_parts *node_parts_new(const struct declared_node *declared)
{
    struct node_parts *parts;
    return xcalloc(1, sizeof *parts + declared->count * sizeof *parts->firsts);
}
