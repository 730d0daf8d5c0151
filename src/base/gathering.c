/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/gathering.h"

#include <stdbool.h>

void gathering_begin(struct gathering *gathering, uint64_t now_us)
{
    gathering->began_us = now_us;
}

void gathering_end(struct gathering *gathering, size_t answered, size_t waiting, uint64_t now_us)
{
    size_t count = answered + waiting;
    bool was_quick = now_us - gathering->began_us < GATHERING_US;
    gathering->expected = count;
    gathering->until_us = was_quick && count > 1 && count < GATHERING_ENOUGH ? now_us + GATHERING_US : 0;
}

int gathering_left_ms(const struct gathering *gathering, size_t waiting, uint64_t now_us)
{
    if (waiting >= gathering->expected || now_us >= gathering->until_us)
        return 0;
    return (int)((gathering->until_us - now_us + 999) / 1000);
}
