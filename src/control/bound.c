/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which checks an endpoint is under, and what is known of each when they change. */
#include "control/world_parts.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool entry_find_check(const struct entry *entry, const char *name, size_t *out)
{
    for (size_t i = 0; i < entry->check_count; i++) {
        if (strcmp(entry->checks[i]->name, name) != 0)
            continue;
        *out = i;
        return true;
    }
    return false;
}

static bool stays_bound(const struct compiled_endpoint *compiled, const char *name)
{
    for (size_t i = 0; i < compiled->check_count; i++) {
        if (strcmp(compiled->checks[i].check->name, name) == 0)
            return true;
    }
    return false;
}

/* What is known of a check stays with its name.  One that takes the place of another starts from the verdict
 * it finds, so that its first result decides and not the change. */
static struct observation inherit(struct entry *entry, const struct compiled_endpoint *compiled, size_t i)
{
    struct observation observed = { .verdict = HEALTH_UNKNOWN };
    size_t from;
    if (!entry_find_check(entry, compiled->checks[i].check->name, &from)) {
        from = i;
        if (i >= entry->check_count || stays_bound(compiled, entry->checks[i]->name))
            return observed;
    }
    observed = entry->observed[from];
    entry->observed[from].evidence = NULL;
    return observed;
}

void entry_forget_checks(struct world *world, struct entry *entry)
{
    for (size_t i = 0; i < entry->check_count; i++) {
        edition_replaced(&world->edition, entry->observed[i].evidence, NULL);
        check_release(entry->checks[i]);
    }
    free(entry->checks);
    free(entry->observed);
    entry->checks = NULL;
    entry->observed = NULL;
    entry->check_count = 0;
}

void entry_take_checks(struct world *world, struct entry *entry, const struct compiled_endpoint *compiled)
{
    size_t count = compiled->check_count;
    struct check **checks = count > 0 ? xcalloc(count, sizeof *checks) : NULL;
    struct observation *observed = count > 0 ? xcalloc(count, sizeof *observed) : NULL;
    for (size_t i = 0; i < count; i++) {
        checks[i] = check_acquire(compiled->checks[i].check);
        observed[i] = inherit(entry, compiled, i);
        observed[i].is_input = compiled->checks[i].is_input;
    }
    entry_forget_checks(world, entry);
    entry->checks = checks;
    entry->observed = observed;
    entry->check_count = count;
}

struct endpoint_condition *entry_condition(const struct entry *entry, const struct endpoint_condition *from)
{
    size_t count = entry->check_count > 1 ? entry->check_count : 0;
    struct check_state *states;
    struct endpoint_condition *condition = xcalloc(1, sizeof *condition + count * sizeof *states);
    states = (struct check_state *)(condition + 1);
    *condition = *from;
    condition->check_count = count;
    condition->checks = count > 0 ? states : NULL;
    for (size_t i = 0; i < count; i++) {
        const struct observation *observed = &entry->observed[i];
        snprintf(states[i].name, sizeof states[i].name, "%s", entry->checks[i]->name);
        states[i].verdict = observed->verdict;
        states[i].decides = !observed->is_input;
        states[i].evidence = observed->evidence;
    }
    return condition;
}
