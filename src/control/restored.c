/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/restored.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

struct restored {
    struct store_verdict *verdicts;
    size_t count;
    struct store_report *reports;
    size_t report_count;
    struct store_pace *paces;
    size_t pace_count;
    struct table *paces_by_endpoint;
    struct table *by_key, *reports_by_key; /* "us/us-east-1 web": names have no space */
};

static void put(struct table *table, const char *endpoint, const char *check, void *value)
{
    char *key = xasprintf("%s %s", endpoint, check);
    table_put(table, key, value);
    free(key);
}

static void *find(const struct table *table, const char *endpoint, const char *check)
{
    char *key = xasprintf("%s %s", endpoint, check);
    void *value = table_find(table, key);
    free(key);
    return value;
}

struct restored *restored_new(struct store_head *head, int64_t now_ms, uint64_t most_ms)
{
    struct restored *restored = xcalloc(1, sizeof *restored);
    int64_t age_ms = now_ms - head->verdicts_seen_ms;
    restored->by_key = table_new();
    restored->reports_by_key = table_new();
    restored->paces_by_endpoint = table_new();
    restored->verdicts = head->verdicts;
    restored->count = head->verdict_count;
    head->verdicts = NULL;
    head->verdict_count = 0;
    restored->reports = head->reports;
    restored->report_count = head->report_count;
    head->reports = NULL;
    head->report_count = 0;
    restored->paces = head->paces;
    restored->pace_count = head->pace_count;
    head->paces = NULL;
    head->pace_count = 0;
    bool is_fresh = (uint64_t)(age_ms < 0 ? -age_ms : age_ms) < most_ms;
    for (size_t i = 0; is_fresh && i < restored->count; i++) {
        struct store_verdict *verdict = &restored->verdicts[i];
        put(restored->by_key, verdict->endpoint, verdict->evidence.check, verdict);
    }
    for (size_t i = 0; i < restored->report_count; i++) {
        struct store_report *report = &restored->reports[i];
        put(restored->reports_by_key, report->endpoint, report->check, report);
    }
    for (size_t i = 0; i < restored->pace_count; i++)
        table_put(restored->paces_by_endpoint, restored->paces[i].endpoint, &restored->paces[i]);
    return restored;
}

void restored_free(struct restored *restored)
{
    if (restored == NULL)
        return;
    store_verdicts_free(restored->verdicts, restored->count);
    store_reports_free(restored->reports, restored->report_count);
    table_free(restored->by_key);
    table_free(restored->reports_by_key);
    store_paces_free(restored->paces, restored->pace_count);
    table_free(restored->paces_by_endpoint);
    free(restored);
}

const struct store_verdict *restored_find(const struct restored *restored, const char *endpoint,
                                          const char *check, const char *target)
{
    if (restored == NULL)
        return NULL;
    const struct store_verdict *verdict = find(restored->by_key, endpoint, check);
    return verdict != NULL && strcmp(verdict->target, target) == 0 ? verdict : NULL;
}

const struct store_report *restored_report(const struct restored *restored, const char *endpoint,
                                           const char *check)
{
    return restored != NULL ? find(restored->reports_by_key, endpoint, check) : NULL;
}

const struct store_verdict *restored_next(const struct restored *restored, size_t *at)
{
    return restored != NULL && *at < restored->count ? &restored->verdicts[(*at)++] : NULL;
}

const struct store_pace *restored_pace(const struct restored *restored, const char *endpoint)
{
    return restored != NULL ? table_find(restored->paces_by_endpoint, endpoint) : NULL;
}

const struct store_pace *restored_next_pace(const struct restored *restored, size_t *at)
{
    return restored != NULL && *at < restored->pace_count ? &restored->paces[(*at)++] : NULL;
}
