/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/latency_view.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct latency_view *latency_view_new(const struct latency_table *table,
                                      uint32_t (*slot_of)(const void *context, const char *key),
                                      const void *context)
{
    uint32_t *slots = xcalloc(table->endpoint_count + 1, sizeof *slots), slot_count = 0;
    for (size_t i = 0; i < table->endpoint_count; i++) {
        slots[i] = slot_of(context, table->endpoints[i]);
        if (slots[i] != UINT32_MAX && slots[i] >= slot_count)
            slot_count = slots[i] + 1;
    }
    struct latency_view *view =
        xcalloc(1, sizeof *view + (size_t)slot_count * sizeof *view->endpoint_of_slot);
    view->table = table;
    view->slot_count = slot_count;
    memset(view->endpoint_of_slot, 0xff, (size_t)slot_count * sizeof *view->endpoint_of_slot);
    for (size_t i = 0; i < table->endpoint_count; i++)
        if (slots[i] != UINT32_MAX)
            view->endpoint_of_slot[slots[i]] = (uint32_t)i;
    free(slots);
    return view;
}
