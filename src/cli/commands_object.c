/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is configured, one by one: list, get, put, delete. */
#include "base/memory.h"
#include "cli/call.h"
#include "cli/document.h"
#include "cli/object.h"
#include "cli/screen.h"
#include "cli/temporary.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static enum cli_exit print_document(const struct options *options, const struct answer *answer)
{
    struct text out = { 0 };
    (void)options;
    document_print(answer->json, &out);
    return screen_put(&out);
}

enum cli_exit command_get(const struct options *options)
{
    struct error err;
    char *path = object_path(options->arguments[0], &err);
    if (path == NULL)
        return command_complain(CLI_USAGE, "%s", err.text);
    return call_and_print(options, (struct call){ .method = "GET", .path = path }, print_document);
}

enum cli_exit command_delete(const struct options *options)
{
    struct error err;
    struct text path = { 0 };
    char *plain = object_path(options->arguments[0], &err);
    if (plain == NULL)
        return command_complain(CLI_USAGE, "%s", err.text);
    text_puts(&path, plain);
    free(plain);
    call_add_write_params(options, &path);
    return call_and_print(options, (struct call){ .method = "DELETE", .path = text_take(&path) },
                          call_print_written);
}

/* ---- lists ---- */

static enum cli_exit print_items(const cJSON *items)
{
    static const char *const headings[] = { "NAME", "DECLARED", NULL };
    struct grid grid;
    cJSON *item;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, items)
    {
        cJSON *name = cJSON_DetachItemFromObjectCaseSensitive(item, "name");
        char *rest = cJSON_PrintUnformatted(item);
        grid_add(&grid, GRID_PLAIN, cJSON_GetStringValue(name));
        grid_add(&grid, GRID_FAINT, rest);
        cJSON_free(rest);
        cJSON_Delete(name);
    }
    return screen_put_grid(&grid);
}

enum cli_exit command_list(const struct options *options)
{
    struct error err;
    char *path = object_list_path(options->arguments[0], &err);
    if (path == NULL)
        return command_complain(CLI_USAGE, "%s", err.text);
    return call_and_print_list(options, path, print_items);
}

/* ---- writes ---- */

enum cli_exit command_put(const struct options *options)
{
    struct error err;
    struct text body = { 0 }, path = { 0 };
    char etag[32] = "";
    unsigned long long generation = 0;
    char *plain = object_path(options->arguments[0], &err);
    if (plain == NULL)
        return command_complain(CLI_USAGE, "%s", err.text);
    text_puts(&path, plain);
    free(plain);
    call_add_write_params(options, &path);
    enum cli_exit code = CLI_DONE;
    if (options->file == NULL)
        code = command_complain_usage(options->command);
    else if (options->if_generation != NULL &&
             !options_parse_number(options->if_generation, LLONG_MAX, &generation))
        code = command_complain(CLI_USAGE, "\"%s\" is no generation", options->if_generation);
    else if (!temporary_read(options->file, &body, &err))
        code = command_complain(CLI_REFUSED, "%s", err.text);
    snprintf(etag, sizeof etag, "\"%llu\"", generation);
    if (code == CLI_DONE)
        code = call_and_print(options,
                              (struct call){ .method = "PUT",
                                             .path = text_take(&path),
                                             .body = body.bytes != NULL ? body.bytes : "",
                                             .if_match = options->if_generation != NULL ? etag : NULL },
                              call_print_written);
    text_free(&path);
    text_free(&body);
    return code;
}
