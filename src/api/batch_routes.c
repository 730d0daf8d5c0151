/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/batch.h"
#include "api/declared.h"
#include "api/exchange.h"
#include "api/problem.h"
#include "api/resources.h"
#include "api/router.h"
#include "api/scope.h"
#include "api/state.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/*
 * Several changes of the configuration, all of them or none.  Each item is run through the handler of its
 * route as if it were a request of its own, but for exchange_send, which leaves the command with it.
 */

#define ITEMS_MOST 1000

struct batch {
    struct request *request;
    const struct document *document;
    struct command *command;
    struct problems problems;
    bool is_outside; /* an item is outside the sender's scope */
};

static void add_problem(struct batch *batch, const char *member, const char *what)
{
    char *pointer = xasprintf("/items/%zu%s", batch->command->item_count, member);
    unsigned line, column;
    document_locate(batch->document, declared_whole(batch->document), pointer, &line, &column);
    problems_add(&batch->problems, NULL, line, column, pointer, "%s", what);
    free(pointer);
}

/* The string at the key; NULL with a problem noted.  The caller frees it. */
static char *read_string(struct batch *batch, struct span item, const char *key)
{
    struct span span = declared_member(batch->document, item, key);
    cJSON *value = span.size > 0 ? document_parse(batch->document, span) : NULL;
    char *string = cJSON_IsString(value) ? xstrdup(value->valuestring) : NULL;
    cJSON_Delete(value);
    if (string == NULL)
        add_problem(batch, "", "needs \"method\" and \"path\", and \"body\" where there is one");
    return string;
}

static bool check_keys(struct batch *batch, struct span item)
{
    size_t at = 0, unknown = 0;
    char *key;
    struct span value;
    while (document_next_member(batch->document, item, &at, &key, &value)) {
        unknown += strcmp(key, "method") != 0 && strcmp(key, "path") != 0 && strcmp(key, "body") != 0;
        free(key);
    }
    if (unknown > 0)
        add_problem(batch, "", "has only \"method\", \"path\" and \"body\"");
    return unknown == 0;
}

static bool is_change(const struct command *command)
{
    return command->letter.kind == COMMAND_OBJECT_PUT || command->letter.kind == COMMAND_OBJECT_PATCH ||
           command->letter.kind == COMMAND_OBJECT_DELETE;
}

/* Runs the handler; the command stays with the item, or its reply says what is wrong.  The role that a batch
 * takes is enough for whatever can be part of one; the scope may not be. */
static bool run_item(struct request *item)
{
    if (!item->has_target)
        return problem_reply(item, 400, "%s", item->target_error.text);
    if (!router_find(api_routes, api_route_count, item))
        return false;
    if (item->target.param_count > 0)
        return problem_reply(item, 400, "parameters belong to the batch, not to an item");
    if (item->method == METHOD_GET || item->method == METHOD_POST)
        return problem_reply(item, 400, "only changes of the configuration can be part of a batch");
    if (!scope_allows(item))
        return problem_reply(item, 403, "this is outside the scope of \"%s\"", item->author);
    item->route->handle(item);
    if (item->reply.status != 0)
        return false;
    return (item->command != NULL && is_change(item->command)) ||
           problem_reply(item, 400, "only changes of the configuration can be part of a batch");
}

/* Of a problem document: its detail, and of what it lists the first. */
static void take_reply(struct batch *batch, const struct reply *reply)
{
    cJSON *json = cJSON_ParseWithLength(reply->body.bytes != NULL ? reply->body.bytes : "", reply->body.size);
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "errors"), 0);
    const cJSON *detail = cJSON_GetObjectItemCaseSensitive(first != NULL ? first : json, "detail");
    add_problem(batch, "", cJSON_IsString(detail) ? detail->valuestring : "cannot be done");
    cJSON_Delete(json);
}

static void take_item(struct batch *batch, struct span span)
{
    char *method = NULL, *path = NULL;
    struct span body = declared_member(batch->document, span, "body");
    if (check_keys(batch, span) && (method = read_string(batch, span, "method")) != NULL &&
        (path = read_string(batch, span, "path")) != NULL) {
        struct request *item = request_new(batch->request->api, path);
        item->is_item = true;
        item->author = batch->request->author;
        item->peer = batch->request->peer;
        item->scope = batch->request->scope != NULL ? xstrdup(batch->request->scope) : NULL;
        item->method = method_of(method);
        text_add(&item->body, batch->document->text + body.at, body.size);
        if (run_item(item)) {
            batch->command->items[batch->command->item_count] = item->command;
            item->command = NULL;
        } else {
            batch->is_outside |= item->reply.status == 403;
            take_reply(batch, &item->reply);
        }
        request_free(item);
    }
    free(method);
    free(path);
}

/* The array "items" as spans; the caller frees it.  NULL with a problem noted. */
static struct span *list_items(struct batch *batch, size_t *count)
{
    struct span span = declared_member(batch->document, declared_whole(batch->document), "items");
    struct span *items = NULL;
    size_t at = 0, room = 0;
    *count = 0;
    for (struct span item; span.size > 0 && document_next_element(batch->document, span, &at, &item);) {
        if (*count == room) {
            room = room == 0 ? 16 : room * 2;
            items = xrealloc(items, room, sizeof *items);
        }
        items[(*count)++] = item;
    }
    if (*count == 0 || *count > ITEMS_MOST)
        problems_add(&batch->problems, NULL, 1, 1, "/items", "must be a list of 1 to %d changes", ITEMS_MOST);
    return items;
}

static void take_items(struct batch *batch)
{
    size_t count;
    struct span *items = list_items(batch, &count);
    if (batch->problems.count == 0) {
        batch->command->items = xcalloc(count, sizeof(struct command *));
        for (size_t i = 0; i < count; i++) {
            take_item(batch, items[i]);
            batch->command->item_count++; /* also where there is none: problems count them */
        }
    }
    free(items);
}

void batch_post(struct request *request)
{
    struct document document;
    struct batch batch = { .request = request, .document = &document };
    if (!exchange_scan_body(request, &document))
        return;
    batch.command = command_new(COMMAND_BATCH);
    bool is_good = exchange_prepare_write(request, batch.command);
    if (is_good)
        take_items(&batch);
    if (is_good && batch.problems.count > 0)
        problem_list(request, batch.is_outside ? 403 : 422, "nothing was changed", &batch.problems);
    if (is_good && batch.problems.count == 0) {
        batch.command->body = document.text; /* for the places of errors */
        batch.command->body_size = document.size;
        document.text = NULL;
        exchange_send(request, batch.command, exchange_reply_written);
    } else {
        command_free(batch.command);
    }
    problems_free(&batch.problems);
    document_free(&document);
}

/* ---- what came back ---- */

/* What stands behind `base` in the pointer; NULL if it does not begin so. */
static const char *behind(const char *pointer, const char *base)
{
    size_t size = strlen(base);
    bool is_there = strncmp(pointer, base, size) == 0 && (pointer[size] == '/' || pointer[size] == '\0');
    return is_there ? pointer + size : NULL;
}

/* The item's own place, or with `whole` its object's. */
static char *place_of(const struct command *item, bool whole)
{
    struct objects one = { 0 };
    const struct object *object = objects_add(&one, item->object_kind, item->name, NULL, 0);
    char *above = object_pointer(object);
    char *place = xasprintf("%s%s", above, whole || item->pointer == NULL ? "" : item->pointer);
    free(above);
    objects_free(&one);
    return place;
}

/* The last item that changed the place, or else its object: it is why it is so. */
char *batch_place(const struct command *batch, const char *pointer)
{
    for (int whole = 0; whole < 2; whole++) {
        for (size_t i = batch->item_count; i > 0; i--) {
            const struct command *item = batch->items[i - 1];
            bool has_body = item->letter.kind != COMMAND_OBJECT_DELETE && !whole;
            char *place = place_of(item, whole);
            const char *rest = behind(pointer, place);
            free(place);
            if (rest != NULL)
                return xasprintf("/items/%zu%s%s", i - 1, has_body ? "/body" : "", has_body ? rest : "");
        }
    }
    return NULL;
}
