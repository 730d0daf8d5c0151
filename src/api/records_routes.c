/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The RRsets of a zone as they are served: whatever says them, the zone's file, its records or an object. */
#include "api/exchange.h"
#include "api/presentation.h"
#include "api/problem.h"
#include "api/reader.h"
#include "api/records_page.h"
#include "api/resources.h"
#include "base/memory.h"
#include "dns/type.h"
#include "snapshot/zone_set.h"

#include <stdlib.h>
#include <string.h>

/* The zone's name in its one spelling.  The caller frees it. */
static char *zone_name(const struct request *request)
{
    return object_zone_name(request->arguments[0]);
}

/* The zone with exactly this apex, or NULL.  Inside a read section. */
static const struct zone *find_zone(const struct snapshot *now, const char *name)
{
    struct dns_name apex;
    if (now == NULL || !dns_name_parse(name, NULL, &apex))
        return NULL;
    const struct zone *zone = zone_set_find(now->dataset->zones, &apex, false);
    return zone != NULL && dns_name_equal(zone_apex(zone), &apex) ? zone : NULL;
}

/* ---- one ---- */

/* About the RRset that the arguments name; NULL with a reply of this status if there can be none. */
static struct command *command_on(struct request *request, enum command_kind kind, unsigned status)
{
    struct error err;
    char *zone = zone_name(request);
    char *name = object_rrset_name(zone, request->arguments[1], request->arguments[2], &err);
    free(zone);
    if (name == NULL) {
        problem_reply(request, status, "%s", err.text);
        return NULL;
    }
    struct command *command = command_new(kind);
    command->object_kind = OBJECT_RRSET;
    command->name = name;
    return command;
}

/* Writes what is served at `name` ("example.com/www/A"); false if there is nothing. */
static bool write_served(struct writer *json, const char *name, bool is_declared)
{
    struct dns_name apex, owner;
    uint16_t type;
    char *zone_text = xstrndup(name, strcspn(name, "/"));
    const struct zone *zone = find_zone(reader_acquire(), zone_text);
    const struct zone_node *node =
        zone != NULL && object_rrset_parse(name, &apex, &owner, &type) ? zone_find_exact(zone, &owner) : NULL;
    const struct dns_rrset *rrset = node != NULL ? zone_node_rrset(node, type) : NULL;
    if (rrset != NULL) {
        writer_object(json, NULL);
        records_write_rrset(json, zone, &owner, rrset);
        writer_bool(json, "declared", is_declared);
        writer_end(json);
    }
    reader_release();
    free(zone_text);
    return rrset != NULL;
}

static void reply_one(struct request *request)
{
    const struct command *command = request->command;
    struct writer json = { 0 };
    bool is_declared = command->result == RESULT_DONE;
    if (!is_declared && command->result != RESULT_NOT_FOUND) {
        exchange_succeeded(request);
        return;
    }
    if (write_served(&json, command->name, is_declared))
        reply_resource(request, &json, command->generation);
    else
        problem_reply(request, 404, "there are no such records%s",
                      is_declared ? ": they were taken away, whatever the zone's file says" : "");
}

void record_get(struct request *request)
{
    struct command *command = command_on(request, COMMAND_OBJECT_READ, 404);
    if (command != NULL)
        exchange_send(request, command, reply_one);
}

static void write_record(struct request *request, struct command *command, bool has_body)
{
    if (command == NULL)
        return;
    if (!exchange_prepare_write(request, command) || (has_body && !exchange_give_body(request, command))) {
        command_free(command);
        return;
    }
    exchange_send(request, command, exchange_reply_written);
}

void record_put(struct request *request)
{
    write_record(request, command_on(request, COMMAND_OBJECT_PUT, 422), true);
}

void record_delete(struct request *request)
{
    write_record(request, command_on(request, COMMAND_OBJECT_DELETE, 404), false);
}

/* ---- all ---- */

void record_list(struct request *request)
{
    struct records_page page;
    struct writer json = { 0 };
    char *name = zone_name(request);
    if (!records_page_begin(request, name, &page)) {
        free(name);
        return;
    }
    const struct snapshot *now = reader_acquire();
    const struct zone *zone = find_zone(now, name);
    uint64_t generation = now != NULL ? now->dataset->generation : 0;
    if (zone != NULL)
        records_page_write(&page, zone, &json);
    reader_release();
    if (zone != NULL)
        reply_resource(request, &json, generation);
    else
        problem_reply(request, 404, "there is no zone \"%s\"", name);
    free(name);
}
