/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/declared.h"
#include "api/exchange.h"
#include "api/override_body.h"
#include "api/problem.h"
#include "api/resources.h"
#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct command *command_on(const struct request *request, enum command_kind kind)
{
    struct command *command = command_new(kind);
    command->name = xstrdup(request->arguments[0]);
    command->endpoint = xstrdup(request->arguments[1]);
    return command;
}

static void go_on(struct request *request)
{
    if (request->command->is_dry_run)
        exchange_reply_written(request);
    else if (exchange_succeeded(request))
        endpoint_reply_now(request);
}

static bool read_body(struct request *request, struct override *out)
{
    struct document document;
    struct problems problems = { 0 };
    if (!exchange_scan_body(request, &document))
        return false;
    bool is_valid = override_body_parse(&document, clock_wall_ms(), &problems, out);
    if (!is_valid)
        problem_list(request, 422, "nothing was changed", &problems);
    problems_free(&problems);
    document_free(&document);
    return is_valid;
}

void override_put(struct request *request)
{
    struct command *command = command_on(request, COMMAND_OVERRIDE_SET);
    if (!exchange_prepare_write(request, command) || !read_body(request, &command->override)) {
        command_free(command);
        return;
    }
    snprintf(command->override.author, sizeof command->override.author, "%s", request->author);
    exchange_send(request, command, go_on);
}

void override_delete(struct request *request)
{
    struct command *command = command_on(request, COMMAND_OVERRIDE_CLEAR);
    if (!exchange_prepare_write(request, command)) {
        command_free(command);
        return;
    }
    exchange_send(request, command, go_on);
}
