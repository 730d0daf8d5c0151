/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/name_answer.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_addresses(const void *a, const void *b)
{
    const struct address *left = a, *right = b;
    return memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

/* In ascending order and each once, so that another order is no change. */
static uint8_t put_addresses(struct address *from, size_t count, size_t size, uint8_t *out)
{
    size_t kept = 0;
    qsort(from, count, sizeof *from, compare_addresses);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && memcmp(out + (kept - 1) * size, from[i].bytes, size) == 0)
            continue;
        memcpy(out + kept * size, from[i].bytes, size);
        kept++;
    }
    return (uint8_t)kept;
}

void name_answer_publish(struct name_answer *answer, struct resolved *out)
{
    uint64_t now_us = clock_monotonic_us();
    *out = (struct resolved){ .expires_us = answer->expires_us, .is_stale = answer->has_failed };
    out->count_v4 = put_addresses(answer->v4, answer->count_v4, 4, &out->ipv4[0][0]);
    out->count_v6 = put_addresses(answer->v6, answer->count_v6, 16, &out->ipv6[0][0]);
    if (answer->expires_us > now_us)
        out->ttl_s = (uint32_t)((answer->expires_us - now_us + 500000) / 1000000);
    if (answer->answered_us != NAME_NEVER)
        out->wall_ms = clock_wall_ms() - ((int64_t)now_us - answer->answered_us) / 1000;
    snprintf(out->problem, sizeof out->problem, "%s", answer->problem);
}
