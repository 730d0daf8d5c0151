/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is about the records of a zone. */
#include "cli/call.h"
#include "cli/screen.h"

#include "base/memory.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE_TEXT "10000"

/* A zone may have a million records: they are shown page by page. */
struct listing {
    const struct options *options;
    unsigned long long left; /* records that may still be shown */
    bool has_begun;
};

/* ---- the list ---- */

static size_t widest_owner(const cJSON *items)
{
    size_t widest = strlen("OWNER");
    const cJSON *item;
    cJSON_ArrayForEach(item, items)
    {
        size_t width = grid_width(json_text(item, "owner"));
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void put_line(struct text *out, size_t width, const cJSON *item, const cJSON *value)
{
    const char *owner = json_text(item, "owner");
    grid_add_safe(out, owner, false);
    text_printf(out, "%*s  %10.0f  ", (int)(width - grid_width(owner)), "", json_number(item, "ttl"));
    text_printf(out, "%-10s  ", json_text(item, "type"));
    grid_add_safe(out, cJSON_IsString(value) ? value->valuestring : "", false);
    text_puts(out, "\n");
}

static enum cli_exit print_page(struct listing *listing, const cJSON *items)
{
    struct text out = { 0 };
    size_t width = widest_owner(items);
    const cJSON *item, *value;
    if (!listing->has_begun)
        text_printf(&out, "OWNER%*s  %10s  %-10s  DATA\n", (int)(width - strlen("OWNER")), "", "TTL", "TYPE");
    cJSON_ArrayForEach(item, items)
    {
        cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(item, "values"))
            put_line(&out, width, item, value);
    }
    return screen_put(&out);
}

static enum cli_exit print_page_json(struct listing *listing, const cJSON *items)
{
    struct text out = { 0 };
    const cJSON *item;
    const char *before = listing->has_begun ? "," : "{\"items\":[";
    cJSON_ArrayForEach(item, items)
    {
        char *printed = cJSON_PrintUnformatted(item);
        text_printf(&out, "%s%s", before, printed);
        cJSON_free(printed);
        before = ",";
    }
    if (!listing->has_begun && items->child == NULL)
        text_puts(&out, before);
    return screen_put(&out);
}

static enum cli_exit end_json(const char *next)
{
    struct text out = { 0 };
    text_puts(&out, "],\"next\":");
    if (next != NULL)
        text_put_json(&out, next);
    text_puts(&out, next != NULL ? "}\n" : "null}\n");
    return screen_put(&out);
}

/* One page; `after` becomes the next one's, NULL at the end. */
static enum cli_exit list_page(struct listing *listing, struct client *client, char **after)
{
    struct text path = { 0 };
    struct answer answer;
    char limit[24];
    snprintf(limit, sizeof limit, "%llu", listing->left);
    text_puts(&path, "/v1/zones/");
    client_add_escaped(&path, listing->options->arguments[0]);
    text_puts(&path, "/records");
    client_add_param(&path, "limit", listing->left < 10000 ? limit : PAGE_SIZE_TEXT);
    client_add_param(&path, "after", *after);
    free(*after);
    *after = NULL;
    enum cli_exit code =
        client_call(client, (struct call){ .method = "GET", .path = text_take(&path) }, &answer);
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(answer.json, "items");
    const char *next = json_text(answer.json, "next");
    if (code == CLI_DONE && cJSON_IsArray(items)) {
        code = (listing->options->wants_json ? print_page_json : print_page)(listing, items);
        listing->has_begun = true;
        listing->left -= (unsigned long long)cJSON_GetArraySize(items);
        *after = next[0] != '\0' ? xstrdup(next) : NULL;
    }
    answer_free(&answer);
    return code;
}

enum cli_exit command_records(const struct options *options)
{
    struct client *client;
    struct listing listing = { .options = options, .left = LLONG_MAX };
    if (options->limit != NULL &&
        (!options_parse_number(options->limit, LLONG_MAX, &listing.left) || listing.left == 0))
        return command_complain(CLI_USAGE, "\"%s\" is no limit", options->limit);
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE)
        return code;
    char *after = NULL;
    do
        code = list_page(&listing, client, &after);
    while (code == CLI_DONE && after != NULL && listing.left > 0);
    if (code == CLI_DONE && options->wants_json)
        code = end_json(after);
    free(after);
    client_close(client);
    return code;
}

/* ---- changes ---- */

/* The path of the RRset that the first three arguments name. */
static char *record_path(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/zones/");
    client_add_escaped(&path, options->arguments[0]);
    text_puts(&path, "/records/");
    client_add_escaped(&path, options->arguments[1]);
    text_puts(&path, "/");
    client_add_escaped(&path, options->arguments[2]);
    call_add_write_params(options, &path);
    return text_take(&path);
}

enum cli_exit command_set_record(const struct options *options)
{
    unsigned long long ttl;
    struct text body = { 0 };
    if (!options_parse_number(options->arguments[3], INT32_MAX, &ttl))
        return command_complain(CLI_USAGE, "a TTL is 0..2147483647 seconds, not \"%s\"",
                                options->arguments[3]);
    text_printf(&body, "{\"ttl\": %llu, \"values\": [", ttl);
    for (int i = 4; i < options->argument_count; i++) {
        text_puts(&body, i > 4 ? ", " : "");
        text_put_json(&body, options->arguments[i]);
    }
    text_puts(&body, "]}");
    enum cli_exit code = call_and_print(
        options,
        (struct call){
            .method = "PUT", .path = record_path(options), .body = body.bytes, .is_own_body = true },
        call_print_written);
    text_free(&body);
    return code;
}

enum cli_exit command_delete_record(const struct options *options)
{
    return call_and_print(options, (struct call){ .method = "DELETE", .path = record_path(options) },
                          call_print_written);
}
