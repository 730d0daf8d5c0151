/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may change things, and who did: tokens and the audit. */
#include "cli/call.h"
#include "cli/screen.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens ---- */

static void add_names(struct text *out, const cJSON *scope, const char *key, const char *kind)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(scope, key))
        text_printf(out, "%s%s:%s", out->size > 0 ? "," : "", kind, cJSON_GetStringValue(name));
}

static void add_scope(struct grid *grid, const cJSON *scope)
{
    struct text text = { 0 };
    add_names(&text, scope, "pools", "pool");
    add_names(&text, scope, "zones", "zone");
    add_names(&text, scope, "checks", "check");
    grid_add(grid, GRID_PLAIN, text.size > 0 ? text.bytes : "everything");
    text_free(&text);
}

static void add_time(struct grid *grid, enum grid_colour colour, const char *text, const char *if_never)
{
    char time[32];
    screen_short_time(text, time);
    grid_add(grid, colour, time[0] != '\0' ? time : if_never);
}

static enum cli_exit print_tokens(const struct options *options, const struct answer *answer)
{
    static const char *const headings[] = {
        "NAME", "ROLE", "SCOPE", "EXPIRES", "USED", "BY", "COMMENT", NULL
    };
    struct grid grid;
    const cJSON *item;
    (void)options;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer->json, "items"))
    {
        bool is_over = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "expired"));
        grid_add(&grid, GRID_PLAIN, json_text(item, "name"));
        grid_add(&grid, GRID_PLAIN, json_text(item, "role"));
        add_scope(&grid, cJSON_GetObjectItemCaseSensitive(item, "scope"));
        add_time(&grid, is_over ? GRID_BAD : GRID_PLAIN, json_text(item, "expires"), "never");
        add_time(&grid, GRID_PLAIN, json_text(item, "used"), "never");
        grid_add(&grid, GRID_PLAIN, json_text(item, "author"));
        grid_add(&grid, GRID_PLAIN, json_text(item, "comment"));
    }
    return screen_put_grid(&grid);
}

/* The token alone goes to standard output: into a file, or a variable. */
static enum cli_exit print_made(const struct options *options, const struct answer *answer)
{
    struct text out = { 0 };
    (void)options;
    fprintf(stderr, "this token is shown once: keep it\n");
    grid_add_safe(&out, json_text(answer->json, "token"), false);
    text_puts(&out, "\n");
    return screen_put(&out);
}

static enum cli_exit print_revoked(const struct options *options, const struct answer *answer)
{
    struct text out = { 0 };
    (void)answer;
    grid_add_safe(&out, options->arguments[1], false);
    text_puts(&out, ": revoked\n");
    return screen_put(&out);
}

/* Moves "pool:us,zone:example.com" into the lists that the API takes; false for anything else. */
static bool add_lists(cJSON *body, const char *scope)
{
    static const char *const kinds[][2] = { { "pool:", "pools" },
                                            { "zone:", "zones" },
                                            { "check:", "checks" } };
    while (*scope != '\0') {
        size_t size = strcspn(scope, ","), i = 0;
        while (i < 3 && strncmp(scope, kinds[i][0], strlen(kinds[i][0])) != 0)
            i++;
        if (i == 3 || size <= strlen(kinds[i][0]))
            return false;
        cJSON *list = cJSON_GetObjectItemCaseSensitive(body, kinds[i][1]);
        if (list == NULL)
            list = cJSON_AddArrayToObject(body, kinds[i][1]);
        char *name = xstrndup(scope + strlen(kinds[i][0]), size - strlen(kinds[i][0]));
        cJSON_AddItemToArray(list, cJSON_CreateString(name));
        free(name);
        scope += size + (scope[size] == ',');
    }
    return true;
}

static enum cli_exit create(const struct options *options)
{
    if (options->role == NULL)
        return command_complain(CLI_USAGE, "token create needs --role viewer, operator or admin");
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "name", options->arguments[1]);
    cJSON_AddStringToObject(body, "role", options->role);
    if (options->expires != NULL)
        cJSON_AddStringToObject(body, "expires", options->expires);
    if (options->comment != NULL)
        cJSON_AddStringToObject(body, "comment", options->comment);
    enum cli_exit code = CLI_DONE;
    if (options->scope != NULL && (options->scope[0] == '\0' || !add_lists(body, options->scope))) {
        code = command_complain(CLI_USAGE, "--scope %s: must be as pool:us,zone:example.com,check:beat",
                                options->scope);
    } else {
        char *text = cJSON_PrintUnformatted(body);
        code = call_and_print(
            options,
            (struct call){
                .method = "POST", .path = xstrdup("/v1/tokens"), .body = text, .is_own_body = true },
            print_made);
        cJSON_free(text);
    }
    cJSON_Delete(body);
    return code;
}

static enum cli_exit revoke(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/tokens/");
    client_add_escaped(&path, options->arguments[1]);
    return call_and_print(options, (struct call){ .method = "DELETE", .path = text_take(&path) },
                          print_revoked);
}

enum cli_exit command_token(const struct options *options)
{
    const char *verb = options->arguments[0];
    if (options->argument_count == 1 && strcmp(verb, "list") == 0)
        return call_and_print(options, (struct call){ .method = "GET", .path = xstrdup("/v1/tokens") },
                              print_tokens);
    if (options->argument_count == 2 && strcmp(verb, "create") == 0)
        return create(options);
    if (options->argument_count == 2 && strcmp(verb, "revoke") == 0)
        return revoke(options);
    return command_complain(CLI_USAGE, "token takes: create NAME --role ROLE, list, revoke NAME");
}

/* ---- audit ---- */

static void add_entry(struct grid *grid, const cJSON *item)
{
    char status[32];
    struct text what = { 0 };
    double code = json_number(item, "status");
    bool is_dry = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "dry_run"));
    snprintf(status, sizeof status, "%.0f", code);
    text_printf(&what, "%s %s%s", json_text(item, "method"), json_text(item, "target"),
                is_dry ? " (dry run)" : "");
    const char *why = code >= 400 ? json_text(item, "detail") : json_text(item, "comment");
    add_time(grid, GRID_PLAIN, json_text(item, "time"), "-");
    grid_add(grid, GRID_PLAIN, json_text(item, "who")[0] != '\0' ? json_text(item, "who") : "(a stranger)");
    grid_add(grid, GRID_PLAIN, json_text(item, "from"));
    grid_add(grid, code >= 400 ? GRID_BAD : GRID_GOOD, status);
    grid_add(grid, GRID_PLAIN, what.bytes);
    grid_add(grid, GRID_PLAIN, why);
    text_free(&what);
}

static enum cli_exit print_audit(const struct options *options, const struct answer *answer)
{
    static const char *const headings[] = { "TIME", "WHO", "FROM", ">STATUS", "WHAT", "WHY", NULL };
    struct grid grid;
    const cJSON *item;
    (void)options;
    grid_begin(&grid, headings);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer->json, "items")) add_entry(&grid, item);
    return screen_put_grid(&grid);
}

enum cli_exit command_audit(const struct options *options)
{
    struct text path = { 0 };
    text_puts(&path, "/v1/audit");
    client_add_param(&path, "limit", options->limit);
    client_add_param(&path, "who", options->who);
    client_add_param(&path, "target", options->target);
    client_add_param(&path, "refused", options->only_refused ? "true" : NULL);
    return call_and_print(options, (struct call){ .method = "GET", .path = text_take(&path) }, print_audit);
}
