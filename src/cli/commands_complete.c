/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Completion by shells: the scripts are written from the tables of commands and options, and ask
 * `steerctl names KIND` for what only the server knows.
 */
#include "base/memory.h"
#include "cli/call.h"
#include "cli/object.h"
#include "cli/place.h"
#include "cli/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

struct names {
    struct client *client;
    struct text out;
};

static void add_name(struct names *names, const char *before, const char *name)
{
    struct text line = { 0 };
    text_printf(&line, "%s%s", before, name);
    grid_add_safe(&names->out, line.bytes, false);
    text_puts(&names->out, "\n");
    text_free(&line);
}

/* The names of a list, with `before` in front. */
static enum cli_exit add_list(struct names *names, const char *path, const char *before)
{
    cJSON *items = cJSON_CreateArray();
    const cJSON *item;
    enum cli_exit code = call_all_pages(names->client, path, items);
    cJSON_ArrayForEach(item, items) add_name(names, before, json_text(item, "name"));
    cJSON_Delete(items);
    return code;
}

static enum cli_exit add_pools(struct names *names)
{
    return add_list(names, "/v1/pools", "");
}

static enum cli_exit add_zones(struct names *names)
{
    return add_list(names, "/v1/zones", "");
}

static enum cli_exit add_endpoints(struct names *names)
{
    cJSON *items = cJSON_CreateArray();
    const cJSON *item;
    enum cli_exit code = call_all_pages(names->client, "/v1/endpoints", items);
    cJSON_ArrayForEach(item, items)
    {
        char *pool = xasprintf("%s/", json_text(item, "pool"));
        add_name(names, pool, json_text(item, "name"));
        free(pool);
    }
    cJSON_Delete(items);
    return code;
}

static enum cli_exit add_generations(struct names *names)
{
    struct answer answer;
    const cJSON *item;
    enum cli_exit code =
        client_call(names->client,
                    (struct call){ .method = "GET", .path = xstrdup("/v1/generations?limit=50") }, &answer);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer.json, "items"))
    {
        char number[32];
        snprintf(number, sizeof number, "%.0f", json_number(item, "generation"));
        add_name(names, "", number);
    }
    answer_free(&answer);
    return code;
}

/* Every service, written as `service` has it: "services/example.com/www", or the name that clients ask for.
 */
static enum cli_exit add_services_as(struct names *names, bool is_object)
{
    cJSON *zones = cJSON_CreateArray();
    const cJSON *zone, *item;
    enum cli_exit code = call_all_pages(names->client, "/v1/zones", zones);
    cJSON_ArrayForEach(zone, zones)
    {
        const char *apex = json_text(zone, "name");
        char *path = object_list_path_of_zone(apex);
        cJSON *items = cJSON_CreateArray();
        if (code == CLI_DONE)
            code = call_all_pages(names->client, path, items);
        cJSON_ArrayForEach(item, items)
        {
            const char *owner = json_text(item, "name");
            bool is_apex = strcmp(owner, "@") == 0;
            char *name = is_object ? xasprintf("services/%s/%s", apex, owner)
                                   : xasprintf("%s%s%s", is_apex ? "" : owner, is_apex ? "" : ".", apex);
            add_name(names, "", name);
            free(name);
        }
        cJSON_Delete(items);
        free(path);
    }
    cJSON_Delete(zones);
    return code;
}

static enum cli_exit add_services(struct names *names)
{
    return add_services_as(names, false);
}

static enum cli_exit add_objects(struct names *names)
{
    static const char *const kinds[] = { "checks", "pools", "policies", "maps", "locations", "zones" };
    enum cli_exit code = CLI_DONE;
    for (size_t i = 0; code == CLI_DONE && i < sizeof kinds / sizeof *kinds; i++) {
        char *path = xasprintf("/v1/%s", kinds[i]), *before = xasprintf("%s/", kinds[i]);
        code = add_list(names, path, before);
        free(path);
        free(before);
    }
    return code == CLI_DONE ? add_services_as(names, true) : code;
}

static enum cli_exit add_profiles(struct names *names)
{
    cJSON *profiles = place_profiles();
    const cJSON *profile;
    cJSON_ArrayForEach(profile, profiles) add_name(names, "", profile->string);
    cJSON_Delete(profiles);
    return CLI_DONE;
}

static enum cli_exit add_commands(struct names *names)
{
    const struct command_row *row;
    for (size_t i = 0; (row = command_at(i)) != NULL; i++)
        add_name(names, "", row->name);
    return CLI_DONE;
}

static const struct {
    const char *kind;
    enum cli_exit (*add)(struct names *names);
    bool is_local;
} name_kinds[] = {
    { "endpoints", add_endpoints, false }, { "pools", add_pools, false },
    { "zones", add_zones, false },         { "services", add_services, false },
    { "objects", add_objects, false },     { "generations", add_generations, false },
    { "profiles", add_profiles, true },    { "commands", add_commands, true },
};

enum cli_exit command_names(const struct options *options)
{
    struct names names = { 0 };
    size_t i = 0, count = sizeof name_kinds / sizeof *name_kinds;
    while (i < count && strcmp(name_kinds[i].kind, options->arguments[0]) != 0)
        i++;
    if (i == count)
        return command_complain(CLI_USAGE,
                                "there are no names of \"%s\"; there are: endpoints, pools, zones, services, "
                                "objects, generations, profiles, commands",
                                options->arguments[0]);
    enum cli_exit code = name_kinds[i].is_local ? CLI_DONE : client_open(options, &names.client);
    if (code == CLI_DONE)
        code = name_kinds[i].add(&names);
    client_close(names.client);
    if (code == CLI_DONE)
        return screen_put(&names.out);
    text_free(&names.out);
    return code;
}
