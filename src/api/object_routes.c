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

/* The zone that the first argument names, which may have its final dot.  The caller frees it. */
static char *zone_name(const struct request *request)
{
    const char *name = request->arguments[0];
    size_t size = strlen(name);
    return xstrndup(name, size > 1 && name[size - 1] == '.' ? size - 1 : size);
}

/* About the object that the arguments name. */
static struct command *command_on(struct request *request, enum command_kind kind)
{
    struct command *command = command_new(kind);
    command->object_kind = request->route->object_kind;
    if (command->object_kind == OBJECT_SERVICE) {
        char *zone = zone_name(request);
        command->name = xasprintf("%s/%s", zone, request->arguments[1]);
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

static void write_item(struct writer *json, const struct document *document, const char *name,
                       struct span value, enum object_kind kind)
{
    writer_object(json, NULL);
    writer_string(json, "name", name);
    if (kind != OBJECT_ZONE) {
        writer_members_of(json, document->text + value.at, value.size);
        writer_end(json);
        return;
    }
    size_t at = 0;
    char *key;
    struct span member;
    while (document_next_member(document, value, &at, &key, &member)) {
        if (strcmp(key, "services") != 0) /* they have a list of their own */
            writer_raw(json, key, document->text + member.at, member.size);
        free(key);
    }
    writer_end(json);
}

static void write_list(struct request *request, const struct document *document, struct span objects)
{
    struct page page;
    if (!page_begin(request, &page))
        return;
    size_t at = 0;
    char *name;
    struct span value;
    while (objects.size > 0 && document_next_member(document, objects, &at, &name, &value)) {
        if (page_wants(&page))
            write_item(&page.json, document, name, value, request->route->object_kind);
        free(name);
    }
    page_reply(request, &page, request->command->generation);
}

/* The object whose members are listed; of services, those of the zone in the path. */
static bool find_objects(struct request *request, const struct document *document, struct span *out)
{
    static const char *const keys[OBJECT_KIND_COUNT] = {
        [OBJECT_CHECK] = "checks",        [OBJECT_POOL] = "pools",
        [OBJECT_POLICY] = "policies",     [OBJECT_MAP] = "maps",
        [OBJECT_ZONE] = "zones",          [OBJECT_SERVICE] = "zones",
        [OBJECT_LOCATIONS] = "locations",
    };
    enum object_kind kind = request->route->object_kind;
    *out = declared_member(document, declared_whole(document), keys[kind]);
    if (kind != OBJECT_SERVICE)
        return true;
    char *apex = zone_name(request);
    struct span zone = declared_member(document, *out, apex);
    if (zone.size == 0)
        problem_reply(request, 404, "there is no zone \"%s\"", apex);
    *out = declared_member(document, zone, "services");
    free(apex);
    return zone.size > 0;
}

static void reply_list(struct request *request)
{
    struct document document;
    struct span objects;
    if (!exchange_succeeded(request) || !declared_scan(request, &document))
        return;
    if (find_objects(request, &document, &objects))
        write_list(request, &document, objects);
    document_free(&document);
}

void object_list(struct request *request)
{
    exchange_send(request, command_new(COMMAND_CONFIG_READ), reply_list);
}
