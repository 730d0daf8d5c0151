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

/* With what the pool declared when it was looked at, and the generation that did. */
static void reply_now(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    if (request->command->is_dry_run)
        exchange_reply_written(request);
    else
        endpoint_reply(request);
}

/* True if the pool that came back has the endpoint of the path. */
static bool pool_has_endpoint(struct request *request)
{
    struct document document;
    if (!declared_scan(request, &document))
        return false;
    struct span endpoints = declared_member(&document, declared_whole(&document), "endpoints");
    bool is_there = declared_member(&document, endpoints, request->arguments[1]).size > 0;
    document_free(&document);
    return is_there || problem_reply(request, 404, "pool \"%s\" has no endpoint \"%s\"",
                                     request->arguments[0], request->arguments[1]);
}

/* Overrides are no part of a generation, but a write may still say which one it was made for. */
static void go_on(struct request *request)
{
    const struct command *prepared = request->prepared;
    struct command *pool = request->command;
    if (!exchange_succeeded(request) || !pool_has_endpoint(request))
        return;
    if (prepared->has_if_match && prepared->if_match != pool->generation) {
        exchange_reply_stale(request, prepared->if_match);
    } else {
        struct command *command = request->prepared;
        request->prepared = NULL;
        command->generation = pool->generation;
        command->pool_id = pool->pool_id;
        command->body = pool->body;
        command->body_size = pool->body_size;
        pool->body = NULL;
        exchange_send(request, command, reply_now);
    }
}

static void send_after_look(struct request *request, struct command *command)
{
    request->prepared = command;
    exchange_send(request, exchange_read_object(OBJECT_POOL, request->arguments[0]), go_on);
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
    send_after_look(request, command);
}

void override_delete(struct request *request)
{
    struct command *command = command_on(request, COMMAND_OVERRIDE_CLEAR);
    if (!exchange_prepare_write(request, command)) {
        command_free(command);
        return;
    }
    send_after_look(request, command);
}
