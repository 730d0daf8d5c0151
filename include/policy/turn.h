/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/inlined.h"
#include "policy/stride.h"
#include "snapshot/conditions.h"

/* Whose turn a ticket is: every policy that gives its candidates turns does so by the stride of their list.
 */

/** The place in the list of the candidate that `point` falls to, which is below the total. */
static INLINED uint16_t turn_place(const struct candidate_list *list, uint32_t point)
{
    if (list->is_even)
        return (uint16_t)point;
    const uint32_t *sums = list->cumulative; /* it is the first place whose sum is above the point */
    uint32_t place = 0;
    for (uint32_t count = list->count; count > 1;) {
        uint32_t half = count / 2;
        place = sums[place + half - 1] <= point ? place + half : place;
        count -= half;
    }
    return (uint16_t)place;
}

/** The child whose turn it is, of a ready list that is not empty. */
static INLINED uint16_t turn_of(const struct candidate_list *list, uint32_t ticket)
{
    uint32_t total = list->cumulative[list->count - 1];
    return list->index[turn_place(list, stride_point(list->stride, ticket, total))];
}
