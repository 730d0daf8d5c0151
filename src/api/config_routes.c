/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/api.h"
#include "api/exchange.h"
#include "api/problem.h"
#include "api/resources.h"
#include "base/memory.h"

#include <cjson/cJSON.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GENERATIONS_MOST 1000

static void reply_document(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    const struct command *command = request->command;
    struct writer json = { 0 };
    writer_raw(&json, NULL, command->body, command->body_size);
    reply_resource(request, &json, command->generation);
}

void config_get(struct request *request)
{
    exchange_send(request, command_new(COMMAND_CONFIG_READ), reply_document);
}

void config_put(struct request *request)
{
    if (request->if_match == NULL) {
        problem_reply(request, 428,
                      "replacing the whole configuration needs If-Match with the ETag of GET /v1/config, so "
                      "that nobody's change is lost");
        return;
    }
    struct command *command = command_new(COMMAND_CONFIG_REPLACE);
    if (!exchange_prepare_write(request, command) || !exchange_give_body(request, command)) {
        command_free(command);
        return;
    }
    exchange_send(request, command, exchange_reply_written);
}

/* A full page has a next one: everything before its last generation. */
static void reply_generations(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    const struct command *command = request->command;
    cJSON *items = cJSON_ParseWithLength(command->body, command->body_size);
    int count = cJSON_GetArraySize(items);
    const cJSON *last = count > 0 ? cJSON_GetArrayItem(items, count - 1) : NULL;
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(last, "generation");
    char next[32] = "";
    if (cJSON_IsNumber(number) && count == (int)command->most && number->valuedouble > 1)
        snprintf(next, sizeof next, "%.0f", number->valuedouble);
    cJSON_Delete(items);

    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_raw(&json, "items", command->body, command->body_size);
    writer_string(&json, "next", next[0] != '\0' ? next : NULL);
    writer_end(&json);
    reply_json(request, &json);
}

void config_generations(struct request *request)
{
    uint64_t most, before;
    if (!request_number(request, "limit", 1, GENERATIONS_MOST, 50, &most) ||
        !request_number(request, "before", 0, INT64_MAX, 0, &before))
        return;
    struct command *command = command_new(COMMAND_GENERATIONS);
    command->most = (unsigned)most;
    command->before = before;
    exchange_send(request, command, reply_generations);
}

/* The generation that the path names. */
static bool read_generation(struct request *request, size_t argument, uint64_t *out)
{
    const char *number = request->arguments[argument];
    size_t digits = strspn(number, "0123456789");
    if (digits == 0 || digits > 18 || number[digits] != '\0')
        return problem_reply(request, 404, "there is no generation \"%s\"", number);
    *out = strtoull(number, NULL, 10);
    return true;
}

void config_generation(struct request *request)
{
    uint64_t generation;
    if (!read_generation(request, 0, &generation))
        return;
    struct command *command = command_new(COMMAND_GENERATION_READ);
    command->generation = generation;
    exchange_send(request, command, reply_document);
}

static void reply_diff(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    const struct command *command = request->command;
    struct writer json = { 0 };
    writer_object(&json, NULL);
    writer_uint(&json, "from", command->before);
    writer_uint(&json, "to", command->generation);
    writer_raw(&json, "changes", command->body, command->body_size);
    writer_end(&json);
    reply_json(request, &json);
}

void config_diff(struct request *request)
{
    uint64_t from, to;
    if (!read_generation(request, 0, &from) || !read_generation(request, 1, &to))
        return;
    struct command *command = command_new(COMMAND_GENERATION_DIFF);
    command->before = from;
    command->generation = to;
    exchange_send(request, command, reply_diff);
}

void config_rollback(struct request *request)
{
    uint64_t generation;
    if (!read_generation(request, 0, &generation))
        return;
    struct command *command = command_new(COMMAND_ROLLBACK);
    command->generation = generation;
    if (!exchange_prepare_write(request, command)) {
        command_free(command);
        return;
    }
    if (command->comment == NULL)
        command->comment = xasprintf("rollback to generation %" PRIu64, generation);
    exchange_send(request, command, exchange_reply_written);
}

void config_reload(struct request *request)
{
    struct command *command = command_new(COMMAND_RELOAD);
    if (!exchange_prepare_write(request, command)) {
        command_free(command);
        return;
    }
    if (!command->is_dry_run)
        api_reload(request->api);
    exchange_send(request, command, exchange_reply_written);
}
