/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_rules.h"

#include "base/memory.h"
#include "base/number_table.h"

#include <stdlib.h>
#include <string.h>

static int rule_compare(const void *left, const void *right)
{
    const struct geo_rule *a = &((const struct compiled_rule *)left)->rule;
    const struct geo_rule *b = &((const struct compiled_rule *)right)->rule;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind != GEO_PREFIX)
        return strcmp(a->key, b->key);
    int order = a->prefix.address.family - b->prefix.address.family;
    if (order == 0)
        order = memcmp(a->prefix.address.bytes, b->prefix.address.bytes, 16);
    return order != 0 ? order : a->prefix.length - b->prefix.length;
}

/* In order of address, the prefix around another one stands before it, and so do all around that one. */
static void nest_prefixes(struct geo_rules *rules)
{
    const struct compiled_rule *around = NULL;
    for (size_t i = 0; i < rules->prefix_count; i++) {
        struct compiled_rule *rule = &rules->items[i];
        while (around != NULL && !prefix_contains(&around->rule.prefix, &rule->rule.prefix.address))
            around = around->around;
        rule->around = around;
        around = rule;
    }
}

static void number_classes(struct geo_rules *rules)
{
    struct number_table class_of = { 0 };
    rules->child_of_class = xcalloc(rules->count + 1, sizeof *rules->child_of_class);
    for (size_t i = rules->prefix_count; i < rules->count; i++) {
        struct compiled_rule *rule = &rules->items[i];
        uint32_t class;
        if (!number_table_find(&class_of, rule->child, &class)) {
            class = (uint32_t)rules->class_count++;
            number_table_put(&class_of, rule->child, class);
            rules->child_of_class[class] = rule->child;
        }
        rule->class = (uint16_t) class;
    }
    number_table_free(&class_of);
}

/* Equal rules stand side by side. */
static bool are_distinct(const struct geo_rules *rules, struct error *err)
{
    for (size_t i = 1; i < rules->count; i++)
        if (rule_compare(&rules->items[i - 1], &rules->items[i]) == 0)
            return error_set(err, "two rules are about \"%s\": leave one of them out",
                             rules->items[i].rule.key);
    return true;
}

bool geo_rules_read(const struct policy_source *source, struct geo_rules *out, struct error *err)
{
    struct geo_rules rules = { .items = xcalloc(source->count + 1, sizeof *rules.items) };
    for (size_t i = 0; i < source->count; i++) {
        if (source->rules[i].key == NULL)
            continue;
        struct compiled_rule *rule = &rules.items[rules.count++];
        rule->child = source->rules[i].child;
        if (!geo_rule_parse(source->rules[i].key, &rule->rule, err))
            goto undo;
        rules.prefix_count += rule->rule.kind == GEO_PREFIX;
    }
    qsort(rules.items, rules.count, sizeof *rules.items, rule_compare);
    if (!are_distinct(&rules, err))
        goto undo;
    nest_prefixes(&rules);
    number_classes(&rules);
    *out = rules;
    return true;
undo:
    geo_rules_free(&rules);
    return false;
}

void geo_rules_free(struct geo_rules *rules)
{
    free(rules->items);
    free(rules->child_of_class);
    *rules = (struct geo_rules){ 0 };
}
