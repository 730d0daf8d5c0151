/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steerd --check: everything that a start would look at, nothing that it would do. */
#include "config/compiler.h"
#include "config/mmdb.h"
#include "control/control.h"
#include "control/cookie_secrets.h"
#include "control/event_command.h"
#include "control/webhooks.h"

#include <stdlib.h>

static void check_databases(const struct settings *settings, struct compiler *compiler,
                            struct problems *problems)
{
    struct error err;
    struct geo *geo = NULL;
    struct compiled compiled = { 0 };
    if (settings->geoip_count == 0)
        return;
    if (!mmdb_load(settings->geoip, settings->geoip_count, &geo, &err)) {
        problems_add(problems, NULL, 0, 0, "/geoip", "%s", err.text);
        return;
    }
    if (!compiler_set_geo(compiler, geo, problems, &compiled))
        return;
    compiler_accept(compiler, &compiled);
    edition_free_replaced(&compiled.edition);
    problems_free(&compiled.warnings);
}

static void check_steering(const struct settings *settings, struct compiler *compiler,
                           struct problems *problems)
{
    struct objects objects = { 0 };
    struct compiled compiled = { 0 };
    if (settings->steering == NULL)
        return;
    objects_load(settings->steering, problems,
                 &objects); /* what could be read is compiled too: all errors at once */
    if (compiler_import(compiler, objects.items, objects.count, problems, &compiled)) {
        for (size_t i = 0; i < compiled.warnings.count; i++) {
            const struct problem *warning = &compiled.warnings.items[i];
            problems_warn(problems, warning->file, warning->line, warning->column, warning->pointer, "%s",
                          warning->message);
        }
        compiler_reject(compiler, &compiled);
        problems_free(&compiled.warnings);
    }
    objects_free(&objects);
}

static void check_cookie_secrets(const struct settings *settings, struct problems *problems)
{
    struct error err;
    struct server_keys *keys;
    if (!cookie_secrets_load(settings, false, &keys, &err))
        problems_add(problems, NULL, 0, 0, "/cookie_secret_file", "%s", err.text);
    else
        free(keys);
}

bool control_check(const struct settings *settings, struct problems *problems)
{
    struct compiler *compiler = compiler_new();
    check_databases(settings, compiler, problems);
    check_steering(settings, compiler, problems);
    check_cookie_secrets(settings, problems);
    webhooks_check(settings, problems);
    event_command_check(settings, problems);
    compiler_free(compiler);
    return problems->error_count == 0;
}
