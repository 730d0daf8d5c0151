/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/exchange.h"

#include "api/audit_log.h"
#include "api/batch.h"
#include "api/problem.h"
#include "api/state.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COMMENT_SIZE_MAX 1000 /* bytes */

/* RFC 9110 §13.1.1.  One entity tag or "*"; quotes may be missing, for people with curl.  A tag that is no
 * generation, or weak, can match nothing. */
static bool parse_if_match(struct request *request, struct command *command)
{
    const char *header = request->if_match;
    if (header == NULL || strcmp(header, "*") == 0)
        return true;
    if (strchr(header, ',') != NULL)
        return problem_reply(request, 400, "If-Match takes one ETag here");
    bool is_quoted = header[0] == '"';
    const char *number = header + is_quoted;
    size_t digits = strspn(number, "0123456789");
    const char *end = number + digits;
    if (digits == 0 || digits > 19 || strcmp(end, is_quoted ? "\"" : "") != 0)
        return problem_reply(request, 412, "If-Match: %s is no generation of this configuration", header);
    command->has_if_match = true;
    command->if_match = strtoull(number, NULL, 10);
    return true;
}

/* RFC 9110 §13.1.2: of all it may say, "make it only if it is not there" is what can be kept here. */
static bool parse_if_none_match(struct request *request, struct command *command)
{
    if (request->if_none_match == NULL)
        return true;
    if (command->letter.kind != COMMAND_OBJECT_PUT || strcmp(request->if_none_match, "*") != 0)
        return problem_reply(request, 400, "If-None-Match is \"*\" here, with PUT of one object");
    command->must_be_new = true;
    return true;
}

bool exchange_prepare_write(struct request *request, struct command *command)
{
    const char *comment = target_param(&request->target, "comment");
    if (comment != NULL && strlen(comment) > COMMENT_SIZE_MAX)
        return problem_parameter(request, "comment", "has at most %d bytes", COMMENT_SIZE_MAX);
    if (!parse_if_match(request, command) || !parse_if_none_match(request, command) ||
        !request_bool(request, "dry_run", false, &command->is_dry_run) ||
        !request_bool(request, "force", false, &command->is_forced))
        return false;
    command->author = xstrdup(request->author);
    audit_log_give(request, command);
    command->comment = comment != NULL ? xstrdup(comment) : NULL;
    return true;
}

/* The command is back, on the thread that had it last: MHD's goes on with the connection. */
static void came_back(struct command *command)
{
    struct request *request = command->context;
    struct api *api = request->api;
    request->command = command;
    http_resume(request->connection);
    atomic_fetch_sub(&api->under_way, 1); /* the last touch: api_close waits for it */
}

void exchange_send(struct request *request, struct command *command, void (*then)(struct request *))
{
    struct api *api = request->api;
    command_free(request->command);
    command->scope = request->scope != NULL ? xstrdup(request->scope) : NULL;
    request->command = request->is_item ? command : NULL;
    if (request->is_item)
        return;
    atomic_fetch_add(&api->under_way, 1); /* before the look: api_close waits for what is counted */
    if (atomic_load(&api->is_stopping)) {
        atomic_fetch_sub(&api->under_way, 1);
        command_free(command);
        problem_reply(request, 503, "steerd is stopping");
        return;
    }
    command->came = came_back;
    command->context = request;
    request->then = then;
    request->is_waiting = true;
    http_suspend(request->connection);
    control_post(api->control, command);
}

char *exchange_pointer_of(const struct command *command)
{
    bool is_one = command->letter.kind == COMMAND_OBJECT_PUT || command->letter.kind == COMMAND_OBJECT_PATCH;
    if (!is_one)
        return xstrdup("");
    struct objects one = { 0 };
    const struct object *object = objects_add(&one, command->object_kind, command->name, NULL, 0);
    char *above = object_pointer(object);
    char *pointer = xasprintf("%s%s", above, command->pointer != NULL ? command->pointer : "");
    free(above);
    objects_free(&one);
    return pointer;
}

static void find_in_batch(const struct command *batch, struct problem *problem)
{
    char *place = problem->pointer != NULL ? batch_place(batch, problem->pointer) : NULL;
    if (place == NULL)
        return;
    free(problem->pointer);
    problem->pointer = place;
}

/* Problems name places in the whole configuration; the sender knows only the body: takes off what the path
 * of the resource says already, and finds the line. */
static void make_relative(const struct request *request, struct problems *problems)
{
    const struct command *command = request->command;
    struct document body = { .text = command->body, .size = command->body_size };
    char *base = exchange_pointer_of(command);
    size_t size = strlen(base);
    for (size_t i = 0; i < problems->count; i++) {
        struct problem *problem = &problems->items[i];
        if (command->item_count > 0)
            find_in_batch(command, problem);
        char *pointer = problem->pointer;
        if (pointer == NULL || strncmp(pointer, base, size) != 0 ||
            (pointer[size] != '/' && pointer[size] != '\0'))
            continue;
        memmove(pointer, pointer + size, strlen(pointer + size) + 1);
        if (problem->line == 0 && body.text != NULL)
            document_locate(&body, (struct span){ 0, body.size }, pointer, &problem->line, &problem->column);
    }
    free(base);
}

static bool reply_invalid(struct request *request)
{
    struct command *command = request->command;
    unsigned status = command->letter.kind == COMMAND_OBJECT_DELETE ? 409 : 422; /* it is in use */
    size_t count = command->problems.error_count;
    if (count == 0)
        return problem_reply(request, status, "%s", command->error.text);
    make_relative(request, &command->problems);
    problems_sort(&command->problems);
    char *detail = xasprintf("nothing was changed: %zu error%s", count, count == 1 ? "" : "s");
    problem_list(request, status, detail, &command->problems);
    free(detail);
    return false;
}

void exchange_reply_stale(struct request *request, uint64_t if_match)
{
    request->reply.has_etag = true;
    request->reply.etag = request->command->generation;
    problem_reply(request, 412,
                  "the configuration is at generation %" PRIu64 ", not %" PRIu64
                  ": read it again and repeat the change",
                  request->command->generation, if_match);
}

bool exchange_succeeded(struct request *request)
{
    const struct command *command = request->command;
    const char *why = command->error.text;
    switch (command->result) {
    case RESULT_DONE: return true;
    case RESULT_INVALID: return reply_invalid(request);
    case RESULT_NOT_FOUND:
        return problem_reply(request, 404, "%s", why[0] != '\0' ? why : "it does not exist");
    case RESULT_STALE: exchange_reply_stale(request, command->if_match); return false;
    case RESULT_EXISTS: return problem_reply(request, 412, "%s", why);
    case RESULT_FILE_MODE:
        return problem_reply(request, 409, "steering_mode is \"file\": change the steering file and reload");
    case RESULT_CONFLICT: return problem_reply(request, 409, "%s", why);
    case RESULT_UNAVAILABLE:
        request->reply.retry_in_s = 5;
        return problem_reply(request, 503, "nothing was changed: %s", why);
    }
    return problem_reply(request, 500, "unknown result %d", (int)command->result);
}

static void reply_written(struct request *request, bool is_dry_run)
{
    const struct command *command = request->command;
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_uint(&json, "generation", command->generation);
    writer_bool(&json, "dry_run", is_dry_run);
    writer_bool(&json, "changed", command->is_change);
    problem_write_array(&json, "warnings", &command->problems, true);
    if (is_dry_run && command->outcome != NULL)
        writer_raw(&json, "changes", command->outcome, strlen(command->outcome));
    writer_end(&json);
    reply_resource(request, &json, command->generation);
}

void exchange_reply_written(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    make_relative(request, &request->command->problems);
    reply_written(request, request->command->is_dry_run);
}

struct command *exchange_read_object(enum object_kind kind, const char *name)
{
    struct command *command = command_new(COMMAND_OBJECT_READ);
    command->object_kind = kind;
    command->name = xstrdup(name);
    return command;
}

bool exchange_scan_body(struct request *request, struct document *out)
{
    struct problems problems = { 0 };
    const char *bytes = request->body.bytes != NULL ? request->body.bytes : "";
    bool is_json = document_scan(NULL, bytes, request->body.size, &problems, out);
    if (!is_json)
        problem_list(request, 400, request->body.size == 0 ? "a JSON body is needed" : "the body is not JSON",
                     &problems);
    problems_free(&problems);
    return is_json;
}

bool exchange_give_body(struct request *request, struct command *command)
{
    struct document document;
    if (!exchange_scan_body(request, &document))
        return false;
    text_free(&request->body);
    command->body = document.text; /* comments blanked, positions kept */
    command->body_size = document.size;
    document.text = NULL;
    document_free(&document);
    return true;
}
