/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/declared.h"
#include "api/exchange.h"
#include "api/page.h"
#include "api/problem.h"
#include "api/resources.h"
#include "api/router.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The zone that the first argument names, in its one spelling.  The caller frees it. */
static char *zone_name(const struct request *request)
{
    return object_zone_name(request->arguments[0]);
}

/* About the object that the arguments name. */
static struct command *command_on(struct request *request, enum command_kind kind)
{
    struct command *command = command_new(kind);
    command->object_kind = request->route->object_kind;
    if (command->object_kind == OBJECT_SERVICE) {
        char *zone = zone_name(request);
        command->name = object_service_name(zone, request->arguments[1]);
        free(zone);
    } else if (command->object_kind == OBJECT_ZONE) {
        command->name = zone_name(request);
    } else {
        command->name = xstrdup(request->arguments[0]);
    }
    return command;
}

static void reply_object(struct request *request)
{
    if (!exchange_succeeded(request))
        return;
    const struct command *command = request->command;
    struct writer json = { 0 };
    writer_raw(&json, NULL, command->body, command->body_size);
    reply_resource(request, &json, command->generation);
}

void object_get(struct request *request)
{
    exchange_send(request, command_on(request, COMMAND_OBJECT_READ), reply_object);
}

static void write_object(struct request *request, struct command *command, bool has_body)
{
    if (!exchange_prepare_write(request, command) || (has_body && !exchange_give_body(request, command))) {
        command_free(command);
        return;
    }
    exchange_send(request, command, exchange_reply_written);
}

void object_put(struct request *request)
{
    write_object(request, command_on(request, COMMAND_OBJECT_PUT), true);
}

void object_patch(struct request *request)
{
    struct command *command = command_on(request, COMMAND_OBJECT_PATCH);
    command->pointer = xstrdup("");
    write_object(request, command, true);
}

void object_delete(struct request *request)
{
    write_object(request, command_on(request, COMMAND_OBJECT_DELETE), false);
}

/* ---- lists ---- */

static void write_items(struct page *page, const struct document *document)
{
    size_t at = 0;
    char *name;
    struct span value;
    page->at = page->first;
    while (document_next_member(document, declared_whole(document), &at, &name, &value)) {
        if (page_wants(page)) {
            writer_object(&page->json, NULL);
            writer_string(&page->json, "name", name);
            writer_members_of(&page->json, document->text + value.at, value.size);
            writer_end(&page->json);
        }
        free(name);
    }
}

static void reply_list(struct request *request)
{
    struct document document;
    struct page page;
    if (!exchange_succeeded(request) || !declared_scan(request, &document))
        return;
    if (page_begin(request, &page)) {
        write_items(&page, &document);
        page.at = request->command->count; /* what came back is this page alone */
        page_reply(request, &page, request->command->generation);
    }
    document_free(&document);
}

void object_list(struct request *request)
{
    uint64_t first, limit;
    if (!page_bounds(request, &first, &limit))
        return;
    struct command *command = command_new(COMMAND_OBJECT_LIST);
    command->object_kind = request->route->object_kind;
    command->name = command->object_kind == OBJECT_SERVICE ? zone_name(request) : NULL;
    command->after = first;
    command->most = (unsigned)limit;
    exchange_send(request, command, reply_list);
}
