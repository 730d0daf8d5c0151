/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/exchange.h"
#include "api/problem.h"
#include "api/resources.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>

enum { LIMIT_MOST = 1000, LIMIT_USUAL = 50 };

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void write_entry(struct writer *json, const struct audit_entry *entry)
{
    writer_object(json, NULL);
    writer_uint(json, "number", entry->number);
    writer_time(json, "time", entry->wall_ms);
    writer_string(json, "who", or_null(entry->who));
    writer_string(json, "how", or_null(entry->how));
    writer_string(json, "from", entry->from);
    writer_string(json, "method", entry->method);
    writer_string(json, "target", entry->target);
    writer_uint(json, "status", entry->status);
    writer_bool(json, "dry_run", entry->is_dry_run);
    if (entry->generation != 0)
        writer_uint(json, "generation", entry->generation);
    else
        writer_null(json, "generation");
    writer_string(json, "comment", or_null(entry->comment));
    writer_string(json, "detail", or_null(entry->detail));
    writer_end(json);
}

static void reply_list(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    const struct audit *audit = &request->command->audit;
    struct writer json = { 0 };
    char next[32] = "";
    writer_object(&json, NULL);
    writer_array(&json, "items");
    for (size_t i = 0; i < audit->count; i++)
        write_entry(&json, &audit->items[i]);
    writer_end(&json);
    if (audit->count > 0 && audit->count == request->command->most)
        snprintf(next, sizeof next, "%" PRIu64, audit->items[audit->count - 1].number);
    writer_string(&json, "next", or_null(next));
    writer_end(&json);
    reply_json(request, &json);
}

static char *copy_param(const struct request *request, const char *name)
{
    const char *value = target_param(&request->target, name);
    return value != NULL ? xstrdup(value) : NULL;
}

void audit_list(struct request *request)
{
    uint64_t limit, before;
    bool only_refused;
    if (!request_number(request, "limit", 1, LIMIT_MOST, LIMIT_USUAL, &limit) ||
        !request_number(request, "before", 0, INT64_MAX, 0, &before) ||
        !request_bool(request, "refused", false, &only_refused))
        return;
    struct command *command = command_new(COMMAND_AUDIT);
    command->most = (unsigned)limit;
    command->audit_filter = (struct audit_filter){ .before = before,
                                                   .most = (unsigned)limit,
                                                   .only_refused = only_refused,
                                                   .who = copy_param(request, "who"),
                                                   .target = copy_param(request, "target") };
    exchange_send(request, command, reply_list);
}
