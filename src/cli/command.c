/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"

#include "cli/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SAYS  (OPTION_REASON | OPTION_EXPIRES)
#define WRITE (OPTION_COMMENT | OPTION_DRY_RUN)

static const struct command_row rows[] = {
    { "status", "", "what this server is and does", 0, 0, 0, command_status, NULL, "" },
    { "endpoints", "", "all endpoints: what is in force, and why", 0, 0, OPTION_POOL, command_endpoints, NULL,
      "" },
    { "set-weight", "POOL/ENDPOINT WEIGHT", "change the declared weight", 2, 2, WRITE, command_set_weight,
      "@endpoints", "Makes a generation; the next query sees it. 0 serves only when no other can." },
    { "drain", "POOL/ENDPOINT", "send no new users there", 1, 1, SAYS, command_override, "@endpoints",
      "An override: it is no part of the configuration, and outlives restarts. Says when the last cached "
      "answer expires." },
    { "down", "POOL/ENDPOINT", "treat it as down, whatever its checks say", 1, 1, SAYS, command_override,
      "@endpoints", "" },
    { "up", "POOL/ENDPOINT", "treat it as up, whatever its checks say", 1, 1, SAYS, command_override,
      "@endpoints", "" },
    { "undrain", "POOL/ENDPOINT", "take back drain, down or up: the checks decide again", 1, 1, 0,
      command_undrain, "@endpoints", "" },
    { "check", "report CHECK POOL/ENDPOINT up|down", "tell a push check how an endpoint is", 4, 4,
      OPTION_MESSAGE | OPTION_TTL, command_check, "report", "" },
    { "explain", "NAME", "why a client gets the answer it gets", 1, 1, OPTION_TYPE | OPTION_CLIENT,
      command_explain, "@services",
      "Runs the very function that answers queries, and tells every step; changes nothing." },
    { "records", "ZONE", "the records of a zone as they are served", 1, 1, OPTION_LIMIT, command_records,
      "@zones", "" },
    { "set-record", "ZONE OWNER TYPE TTL VALUE...",
      "make or replace all records of a type at an owner, also the file's", 5, 1000, WRITE,
      command_set_record, "@zones", "" },
    { "delete-record", "ZONE OWNER TYPE", "take away all records of a type at an owner, also the file's", 3,
      3, WRITE, command_delete_record, "@zones", "" },
    { "events", "", "what happened, and what happens", 0, 0,
      OPTION_FOLLOW | OPTION_KIND | OPTION_SUBJECT | OPTION_LIMIT, command_events, NULL, "" },
    { "generations", "", "who changed the configuration, and when", 0, 0, OPTION_LIMIT, command_generations,
      NULL, "" },
    { "rollback", "GENERATION", "make an old configuration the current one", 1, 1, WRITE, command_rollback,
      "@generations", "The old content becomes a new generation, so a rollback can be rolled back." },
    { "apply", "-f FILE", "replace the configuration by a steering file", 0, 0,
      OPTION_FILE | OPTION_IF_GENERATION | WRITE, command_apply, NULL,
      "Whatever the file does not name is taken away; overrides stay." },
    { "reload", "", "import changed files", 0, 0, 0, command_reload, NULL,
      "As SIGHUP does: refused when people have written through the API since." },
    { "check-config", "FILE", "validate a steerd.json on this machine", 1, 1, 0, command_check_config,
      "@files", "Needs no server." },
    { "version", "", "of steerctl", 0, 0, 0, command_version, NULL, "" },
    { "help", "[COMMAND]", "this text", 0, 1, 0, command_help, "@commands", "" },
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

const struct command_row *command_find(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

const struct command_row *command_at(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

enum cli_exit command_complain(enum cli_exit code, const char *format, ...)
{
    char line[2048];
    struct text safe = { 0 };
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    grid_add_safe(&safe, line, true);
    fprintf(stderr, "steerctl: %s\n", safe.bytes != NULL ? safe.bytes : "");
    text_free(&safe);
    return code;
}
