/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What push checks hear, one by one or in batches. */
#include "api/exchange.h"
#include "api/problem.h"
#include "api/report_body.h"
#include "api/resources.h"
#include "base/clock.h"
#include "base/memory.h"

static void reply_taken(struct request *request)
{
    struct writer json = { 0 };
    if (!exchange_succeeded(request))
        return;
    writer_object(&json, NULL);
    writer_uint(&json, "accepted", request->command->report_count);
    writer_end(&json);
    reply_json(request, &json);
}

void check_report(struct request *request)
{
    struct document document;
    struct problems problems = { 0 };
    if (!exchange_scan_body(request, &document))
        return;
    struct command *command = command_new(COMMAND_CHECK_REPORT);
    command->name = xstrdup(request->arguments[0]);
    bool is_good = report_body_parse(&document, clock_wall_ms(), &problems, command);
    document_free(&document);
    if (is_good) {
        exchange_send(request, command, reply_taken);
    } else {
        problem_list(request, 422, "no report was taken", &problems);
        command_free(command);
    }
    problems_free(&problems);
}
