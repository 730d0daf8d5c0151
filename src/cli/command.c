/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"

#include "base/suggest.h"
#include "cli/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SAYS  (OPTION_REASON | OPTION_EXPIRES | OPTION_FORCE)
#define WAITS (OPTION_WAIT | OPTION_TIMEOUT)
#define WRITE (OPTION_COMMENT | OPTION_DRY_RUN | OPTION_FORCE)

static const struct command_row rows[] = {
    { "status", "", "what this server is and does", 0, 0, 0, command_status, NULL, "" },
    { "health", "", "what is not well: endpoints, pools and policies that users are not sent to", 0, 0, 0,
      command_health, NULL, "Exits with 1 if there is anything." },
    { "endpoints", "", "all endpoints: what is in force, and why", 0, 0, OPTION_POOL, command_endpoints, NULL,
      "" },
    { "overrides", "", "what operators say now: who, why, since when and until when", 0, 0, OPTION_POOL,
      command_overrides, NULL, "" },
    { "set-weight", "POOL/ENDPOINT WEIGHT", "change the declared weight", 2, 2, WRITE, command_set_weight,
      "@endpoints", "Makes a generation; the next query sees it. 0 serves only when no other can." },
    { "drain", "POOL/ENDPOINT", "send no new users there", 1, 1, SAYS | WAITS, command_override, "@endpoints",
      "An override: it is no part of the configuration, and outlives restarts. Says when the last cached "
      "answer expires; --wait comes back then." },
    { "down", "POOL/ENDPOINT", "treat it as down, whatever its checks say", 1, 1, SAYS, command_override,
      "@endpoints", "" },
    { "up", "POOL/ENDPOINT", "treat it as up, whatever its checks say", 1, 1, SAYS | WAITS, command_override,
      "@endpoints", "" },
    { "undrain", "POOL/ENDPOINT", "take back drain, down or up: the checks decide again", 1, 1,
      WAITS | OPTION_FORCE, command_undrain, "@endpoints", "" },
    { "check", "report CHECK POOL/ENDPOINT up|down", "tell a push check how an endpoint is", 4, 4,
      OPTION_MESSAGE | OPTION_TTL, command_check, "report", "" },
    { "explain", "NAME", "why a client gets the answer it gets", 0, 1,
      OPTION_TYPE | OPTION_CLIENT | OPTION_ID, command_explain, "@services",
      "Runs the very function that answers queries, and tells every step; changes nothing. With --id and no "
      "name it explains an answer that was given." },
    { "records", "ZONE", "the records of a zone as they are served", 1, 1, OPTION_LIMIT, command_records,
      "@zones", "" },
    { "set-record", "ZONE OWNER TYPE TTL VALUE...",
      "make or replace all records of a type at an owner, also the file's", 5, 1000, WRITE,
      command_set_record, "@zones", "" },
    { "delete-record", "ZONE OWNER TYPE", "take away all records of a type at an owner, also the file's", 3,
      3, WRITE, command_delete_record, "@zones", "" },
    { "events", "", "what happened, and what happens", 0, 0,
      OPTION_FOLLOW | OPTION_KIND | OPTION_SUBJECT | OPTION_LIMIT, command_events, NULL, "" },
    { "top", "", "who gets how much traffic, now", 0, 0, OPTION_LIMIT, command_top, NULL,
      "Refreshes on a terminal until interrupted; prints once elsewhere. Countries are estimated by a "
      "sample." },
    { "latency", "[PLACE]", "what clients measured, by their network, AS and country", 0, 1,
      OPTION_POOL | OPTION_LIMIT, command_latency, NULL,
      "PLACE: a network such as 203.0.113.0/24 (those in it and around it), AS64500, or DE." },
    { "wait", "CONDITION SUBJECT", "come back when something is so", 2, 2, OPTION_TIMEOUT, command_wait,
      "healthy serving drained generation",
      "healthy POOL/ENDPOINT: its checks are content. serving POOL/ENDPOINT: users are sent there. drained "
      "POOL/ENDPOINT: no cached answer names it any "
      "more. "
      "generation N: N or a later one is served. Exits with 5 if it is not so in time." },
    { "list", "KIND", "what is configured, by name", 1, 1, 0, command_list,
      "checks pools policies maps locations zones services/",
      "checks, pools, policies, maps, locations, zones, services/ZONE." },
    { "get", "OBJECT", "one object as it is declared", 1, 1, 0, command_get, "@objects",
      "checks/web, pools/us, policies/anywhere, maps/offices, locations/isp, zones/example.com, "
      "services/example.com/www, or config for all." },
    { "edit", "OBJECT", "change an object in an editor", 1, 1, WRITE | OPTION_YES, command_edit, "@objects",
      "Opens $VISUAL, $EDITOR or vi, shows the difference, asks on a terminal, and writes. If somebody "
      "changed "
      "the object meanwhile, nothing is overwritten and your text is kept." },
    { "put", "OBJECT -f FILE", "make or replace an object", 1, 1, WRITE | OPTION_FILE | OPTION_IF_GENERATION,
      command_put, "@objects", "" },
    { "delete", "OBJECT", "take an object away", 1, 1, WRITE, command_delete, "@objects",
      "Refused while others use it." },
    { "history", "", "who changed the configuration, when and why", 0, 0, OPTION_LIMIT, command_generations,
      NULL, "" },
    { "generations", "", "the same as history", 0, 0, OPTION_LIMIT, command_generations, NULL, "" },
    { "diff", "GENERATION [GENERATION] | -f FILE", "how two states of the configuration differ", 0, 2,
      OPTION_FILE, command_diff, "@generations",
      "Two generations; one generation and what is now; or what is now and a steering file, which is what "
      "apply "
      "would change. Exits with 1 if there are differences." },
    { "rollback", "GENERATION", "make an old configuration the current one", 1, 1, WRITE, command_rollback,
      "@generations", "The old content becomes a new generation, so a rollback can be rolled back." },
    { "apply", "-f FILE", "replace the configuration by a steering file", 0, 0,
      OPTION_FILE | OPTION_IF_GENERATION | OPTION_YES | WRITE, command_apply, NULL,
      "Whatever the file does not name is taken away; overrides stay. On a terminal it shows the difference "
      "and "
      "asks." },
    { "token", "create NAME|list|revoke NAME", "who may do what: make, show and revoke tokens", 1, 2,
      OPTION_ROLE | OPTION_SCOPE | OPTION_EXPIRES | OPTION_COMMENT, command_token, "create list revoke",
      "A token is printed when it is made, and never again; the server keeps only its digest." },
    { "audit", "", "who wanted to change what, from where, and what came of it", 0, 0,
      OPTION_LIMIT | OPTION_WHO | OPTION_TARGET | OPTION_REFUSED, command_audit, NULL, "" },
    { "reload", "", "import changed files", 0, 0, WRITE, command_reload, NULL,
      "As SIGHUP does: refused when people have written through the API since, and without --force when a "
      "service would be left without a healthy endpoint." },
    { "backup", "FILE", "keep a copy of all the server knows, as of one moment", 1, 1, 0, command_backup,
      "@files",
      "The server goes on meanwhile.  The file is whole, checked, of mode 0600, and never written over one "
      "that "
      "is there. steerd --restore FILE starts an empty state_dir from it." },
    { "check-config", "FILE", "validate a steerd.json on this machine", 1, 1, 0, command_check_config,
      "@files", "Needs no server." },
    { "completion", "bash|zsh|fish", "a script that makes a shell complete command lines", 1, 1, 0,
      command_completion, "bash zsh fish", "source <(steerctl completion bash)" },
    { "names", "KIND", "names, one a line, as completion wants them", 1, 1, 0, command_names,
      "endpoints pools zones services objects generations profiles commands",
      "endpoints, pools, zones, services, objects, generations, profiles, commands." },
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

bool command_refuse(const char *name, struct error *err)
{
    struct suggestion suggestion = { .word = name };
    for (size_t i = 0; i < ROW_COUNT; i++)
        suggestion_consider(&suggestion, rows[i].name);
    return suggestion.best != NULL
               ? error_set(err, "there is no command \"%s\": did you mean \"%s\"?", name, suggestion.best)
               : error_set(err, "there is no command \"%s\"\nsee steerctl help", name);
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

enum cli_exit command_complain_usage(const struct command_row *command)
{
    return command_complain(CLI_USAGE, "usage: steerctl %s %s\nsee steerctl help %s", command->name,
                            command->arguments, command->name);
}
