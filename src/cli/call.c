/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/call.h"

#include "base/memory.h"
#include "cli/changes.h"
#include "cli/screen.h"

#include <stdlib.h>

#define PAGE_SIZE_TEXT "10000"

enum cli_exit call_and_print(const struct options *options, struct call call,
                             enum cli_exit (*print)(const struct options *, const struct answer *))
{
    struct client *client;
    struct answer answer;
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE) {
        free(call.path);
        return code;
    }
    code = client_call(client, call, &answer);
    if (code == CLI_DONE)
        code = options->wants_json ? screen_put_json(&answer) : print(options, &answer);
    answer_free(&answer);
    client_close(client);
    return code;
}

enum cli_exit call_print_written(const struct options *options, const struct answer *answer)
{
    struct text out = { 0 };
    const cJSON *warning;
    cJSON_ArrayForEach(warning, cJSON_GetObjectItemCaseSensitive(answer->json, "warnings"))
    {
        struct text line = { 0 };
        text_printf(&line, "warning: %s: %s", json_text(warning, "pointer"), json_text(warning, "detail"));
        grid_add_safe(&out, line.bytes, false);
        text_puts(&out, "\n");
        text_free(&line);
    }
    if (options->is_dry_run) {
        changes_print(cJSON_GetObjectItemCaseSensitive(answer->json, "changes"), &out);
        text_puts(&out, "it would be accepted; nothing was changed\n");
    } else {
        bool is_idle = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(answer->json, "changed"));
        text_printf(&out, "generation %.0f%s\n", json_number(answer->json, "generation"),
                    is_idle ? ", unchanged" : "");
    }
    return screen_put(&out);
}

void call_add_write_params(const struct options *options, struct text *path)
{
    client_add_param(path, "comment", options->comment);
    client_add_param(path, "dry_run", options->is_dry_run ? "true" : NULL);
    client_add_param(path, "force", options->forces ? "true" : NULL);
}

enum cli_exit call_all_pages(struct client *client, const char *path, cJSON *items)
{
    char *after = NULL;
    enum cli_exit code;
    do {
        struct text page_path = { 0 };
        struct answer answer;
        text_puts(&page_path, path);
        client_add_param(&page_path, "limit", PAGE_SIZE_TEXT);
        client_add_param(&page_path, "after", after);
        free(after);
        after = NULL;
        code = client_call(client, (struct call){ .method = "GET", .path = text_take(&page_path) }, &answer);
        cJSON *page = cJSON_GetObjectItemCaseSensitive(answer.json, "items");
        while (page != NULL && page->child != NULL)
            cJSON_AddItemToArray(items, cJSON_DetachItemViaPointer(page, page->child));
        const char *next = json_text(answer.json, "next");
        if (code == CLI_DONE && next[0] != '\0')
            after = xstrdup(next);
        answer_free(&answer);
    } while (after != NULL);
    return code;
}

static enum cli_exit print_page(const cJSON *items)
{
    struct text out = { 0 };
    char *printed = cJSON_PrintUnformatted(items);
    text_printf(&out, "{\"items\":%s,\"next\":null}\n", printed);
    cJSON_free(printed);
    return screen_put(&out);
}

enum cli_exit call_and_print_list(const struct options *options, char *path,
                                  enum cli_exit (*print)(const cJSON *items))
{
    struct client *client;
    enum cli_exit code = client_open(options, &client);
    if (code != CLI_DONE) {
        free(path);
        return code;
    }
    cJSON *items = cJSON_CreateArray();
    code = call_all_pages(client, path, items);
    if (code == CLI_DONE)
        code = options->wants_json ? print_page(items) : print(items);
    cJSON_Delete(items);
    free(path);
    client_close(client);
    return code;
}
