/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/restored.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct restored {
    struct store_verdict *verdicts;
    size_t count;
    struct table *by_key; /* "us/us-east-1 web": names have no space */
};

struct restored *restored_new(struct store_head *head, int64_t now_ms, uint64_t most_ms)
{
    struct restored *restored = xcalloc(1, sizeof *restored);
    int64_t age_ms = now_ms - head->verdicts_seen_ms;
    restored->by_key = table_new();
    restored->verdicts = head->verdicts;
    restored->count = head->verdict_count;
    head->verdicts = NULL;
    head->verdict_count = 0;
    bool is_fresh = (uint64_t)(age_ms < 0 ? -age_ms : age_ms) < most_ms;
    for (size_t i = 0; is_fresh && i < restored->count; i++) {
        const struct store_verdict *verdict = &restored->verdicts[i];
        char *key = xasprintf("%s %s", verdict->endpoint, verdict->evidence.check);
        table_put(restored->by_key, key, &restored->verdicts[i]);
        free(key);
    }
    return restored;
}

void restored_free(struct restored *restored)
{
    if (restored == NULL)
        return;
    store_verdicts_free(restored->verdicts, restored->count);
    table_free(restored->by_key);
    free(restored);
}

const struct store_verdict *restored_find(const struct restored *restored, const char *endpoint,
                                          const char *check, const char *target)
{
    if (restored == NULL)
        return NULL;
    char *key = xasprintf("%s %s", endpoint, check);
    const struct store_verdict *verdict = table_find(restored->by_key, key);
    free(key);
    return verdict != NULL && strcmp(verdict->target, target) == 0 ? verdict : NULL;
}

const struct store_verdict *restored_next(const struct restored *restored, size_t *at)
{
    return restored != NULL && *at < restored->count ? &restored->verdicts[(*at)++] : NULL;
}
