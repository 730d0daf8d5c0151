/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/verdict.h"

static uint32_t verdict_top(const struct verdict *verdict)
{
    return (uint32_t)verdict->rise + verdict->fall - 1;
}

void verdict_start(struct verdict *verdict, uint16_t rise, uint16_t fall)
{
    *verdict = (struct verdict){ .rise = rise == 0 ? 1 : rise, .fall = fall == 0 ? 1 : fall };
}

void verdict_restore(struct verdict *verdict, bool is_up)
{
    verdict->is_known = true;
    verdict->level = is_up ? verdict_top(verdict) : 0;
}

bool verdict_is_up(const struct verdict *verdict)
{
    return verdict->is_known && verdict->level >= verdict->rise;
}

bool verdict_note(struct verdict *verdict, bool is_success)
{
    bool was_known = verdict->is_known, was_up = verdict_is_up(verdict);
    verdict->is_known = true;
    uint32_t end = is_success ? verdict_top(verdict) : 0;
    if (!was_known || was_up == is_success) {
        verdict->level = end;
        return !was_known;
    }
    verdict->level = is_success ? verdict->level + 1 : verdict->level - 1;
    if (verdict_is_up(verdict) == was_up)
        return false;
    verdict->level = end;
    return true;
}

uint32_t verdict_results_needed(const struct verdict *verdict)
{
    if (!verdict->is_known || verdict->level == 0 || verdict->level == verdict_top(verdict))
        return 0;
    if (verdict_is_up(verdict))
        return verdict->level - verdict->rise + 1;
    return verdict->rise - verdict->level;
}

bool verdict_must_confirm(struct verdict *verdict, bool is_success)
{
    bool is_first = !is_success && verdict_is_up(verdict) && verdict_results_needed(verdict) == 0;
    verdict->is_confirming = is_first && !verdict->is_confirming;
    return verdict->is_confirming;
}
