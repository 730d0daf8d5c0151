/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "policy/geo_rule.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A rule of one geo node, understood. */
struct compiled_rule {
    struct geo_rule rule;
    uint16_t child;
    uint16_t class;                     /* of a rule that is no prefix */
    const struct compiled_rule *around; /* of a prefix the next shorter one, or NULL */
};

/*
 * All rules of one geo node: prefixes first, in order of address, then the common ones, sorted.  The children
 * of common rules are also counted in classes, in order of their first use, so that two nodes with the same
 * pattern of common rules say the same of them whatever their targets are called.
 */
struct geo_rules {
    struct compiled_rule *items;
    size_t count, prefix_count;
    uint16_t *child_of_class;
    size_t class_count;
};

/** False: `err` names the rule that is wrong or stands there twice. */
bool geo_rules_read(const struct policy_source *source, struct geo_rules *out, struct error *err);
void geo_rules_free(struct geo_rules *rules);
