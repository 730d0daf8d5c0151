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
    uint16_t low = 0, high = (uint16_t)(list->count - 1);
    if (list->is_even)
        return (uint16_t)point;
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        if (point < list->cumulative[middle])
            high = middle;
        else
            low = (uint16_t)(middle + 1);
    }
    return low;
}

/** The child whose turn it is, of a ready list that is not empty. */
static INLINED uint16_t turn_of(const struct candidate_list *list, uint32_t ticket)
{
    uint32_t total = list->cumulative[list->count - 1];
    return list->index[turn_place(list, stride_point(list->stride, ticket, total))];
}
