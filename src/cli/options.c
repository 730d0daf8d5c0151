/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/options.h"

#include "base/memory.h"
#include "cli/command.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define ROOM    64
#define HERE(m) offsetof(struct options, m)

/* clang-format off */
static const struct option_row rows[] = {
    { "profile", 0, 0, "NAME", HERE(profile), "@profiles", "which server of steerctl.json to speak to" },
    { "url", 0, 0, "URL", HERE(url), NULL, "where the API is: http://127.0.0.1:8053, https://ns1.example.net:8053, unix:/run/steerd/api.sock" },
    { "token-file", 0, 0, "FILE", HERE(token_file), "@files", "where the token stands" },
    { "ca", 0, 0, "FILE", HERE(ca), "@files", "certificates to trust for https, instead of the system's" },
    { "cert", 0, 0, "FILE", HERE(cert), "@files", "certificate to show the server" },
    { "key", 0, 0, "FILE", HERE(key), "@files", "its private key" },
    { "json", 0, 0, NULL, HERE(wants_json), NULL, "print what the API answers" },
    { "help", 'h', 0, NULL, HERE(wants_help), NULL, "say what a command does" },
    { "version", 0, 0, NULL, HERE(wants_version), NULL, "of steerctl" },
    { "pool", 0, OPTION_POOL, "POOL", HERE(pool), "@pools", "only endpoints of this pool" },
    { "reason", 0, OPTION_REASON, "TEXT", HERE(reason), NULL, "why, for those who come later" },
    { "expires", 0, OPTION_EXPIRES, "DURATION", HERE(expires), "15m 1h 2h 1d", "when it ends by itself, as 30m or 2h; it stays by default" },
    { "type", 0, OPTION_TYPE, "TYPE", HERE(type), "A AAAA HTTPS CNAME MX NS SOA TXT", "the RR type to ask for; A by default" },
    { "client", 0, OPTION_CLIENT, "ADDRESS", HERE(client), NULL, "address or network of the client that asks; yours by default" },
    { "id", 0, OPTION_ID, "ID", HERE(id), NULL, "the very answer that this id came with, as dig +ednsopt=65500 shows it" },
    { "comment", 0, OPTION_COMMENT, "TEXT", HERE(comment), NULL, "why, for the history" },
    { "file", 'f', OPTION_FILE, "FILE", HERE(file), "@files", "the file; - reads standard input" },
    { "dry-run", 0, OPTION_DRY_RUN, NULL, HERE(is_dry_run), NULL, "say what would happen, and change nothing" },
    { "limit", 0, OPTION_LIMIT, "N", HERE(limit), NULL, "rows at most" },
    { "if-generation", 0, OPTION_IF_GENERATION, "N", HERE(if_generation), "@generations", "only if this is still the current generation" },
    { "follow", 'f', OPTION_FOLLOW, NULL, HERE(follows), NULL, "go on with what happens, until interrupted; resumes where it was when the server comes back" },
    { "kind", 0, OPTION_KIND, "KIND", HERE(kind), "endpoint check override pool policy service suspicion generation locations name failover", "only events of this kind" },
    { "subject", 0, OPTION_SUBJECT, "NAME", HERE(subject), "@endpoints", "only events about this, or about what is below it" },
    { "force", 0, OPTION_FORCE, NULL, HERE(forces), NULL, "also if a service is left without a healthy endpoint" },
    { "yes", 'y', OPTION_YES, NULL, HERE(says_yes), NULL, "do not ask" },
    { "wait", 'w', OPTION_WAIT, NULL, HERE(waits), NULL, "come back when it is done: see steerctl help wait" },
    { "timeout", 0, OPTION_TIMEOUT, "DURATION", HERE(timeout), "30s 1m 5m", "how long to wait at most; an hour by default" },
    { "message", 0, OPTION_MESSAGE, "TEXT", HERE(message), NULL, "evidence, for those who ask why" },
    { "role", 0, OPTION_ROLE, "ROLE", HERE(role), "viewer operator admin", "what the token may do" },
    { "scope", 0, OPTION_SCOPE, "LIST", HERE(scope), NULL, "bounds the token: pool:us,zone:example.com,check:beat; everything by default" },
    { "who", 0, OPTION_WHO, "NAME", HERE(who), NULL, "only what this name wanted" },
    { "target", 0, OPTION_TARGET, "PATH", HERE(target), NULL, "only what begins with this path, as /v1/pools/us" },
    { "refused", 0, OPTION_REFUSED, NULL, HERE(only_refused), NULL, "only what was refused" },
    { "ttl", 0, OPTION_TTL, "DURATION", HERE(ttl), "10s 30s 1m 5m", "how long the report holds; the check's own by default" },
};
/* clang-format on */
#define ROW_COUNT (sizeof rows / sizeof *rows)
static_assert(ROW_COUNT < ROOM, "more options than the table for getopt has room for");

enum { KEY_TOKEN = 256, KEY_FIRST_ROW = 512 };

const struct option_row *option_at(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

static void list_for_getopt(struct option out[ROOM + 1])
{
    size_t i;
    for (i = 0; i < ROW_COUNT; i++)
        out[i] = (struct option){ rows[i].name, rows[i].value != NULL ? required_argument : no_argument, NULL,
                                  KEY_FIRST_ROW + (int)i };
    /* only to be refused: everybody sees command lines */
    out[i++] = (struct option){ "token", required_argument, NULL, KEY_TOKEN };
    out[i] = (struct option){ NULL, 0, NULL, 0 };
}

static void take_row(struct options *options, const struct option_row *row, const char *value)
{
    void *member = (char *)options + row->offset;
    options->given |= row->bit;
    if (row->value != NULL)
        *(const char **)member = value;
    else
        *(bool *)member = true;
}

static const struct option_row *find_letter(const struct options *options, int letter)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        bool is_other_f = letter == 'f' && (rows[i].bit == OPTION_FOLLOW) != options->is_following;
        if (rows[i].letter == letter && !is_other_f)
            return &rows[i];
    }
    return NULL;
}

/* "apply -f FILE", but "events -f": there the next word is not its value. */
#define HINT "\nsee steerctl help"

static bool take_letter(struct options *options, int letter)
{
    const struct option_row *row = find_letter(options, letter);
    if (row == NULL)
        return false;
    if (row->bit == OPTION_FOLLOW)
        optind--;
    take_row(options, row, optarg);
    return true;
}

static bool take(struct options *options, int key, char **argv, struct error *err)
{
    if (key >= KEY_FIRST_ROW) {
        take_row(options, &rows[key - KEY_FIRST_ROW], optarg);
        return true;
    }
    if (key == KEY_TOKEN)
        return error_set(err, "a token does not belong on a command line: use --token-file" HINT);
    if (key == ':' && optopt == 'f' && options->is_following) {
        take_row(options, find_letter(options, 'f'), NULL);
        return true;
    }
    if (key == ':')
        return error_set(err, "%s needs a value" HINT, argv[optind - 1]);
    return take_letter(options, key) || error_set(err, "unknown option %s" HINT, argv[optind - 1]);
}

static bool check_options(const struct options *options, struct error *err)
{
    unsigned wrong = options->given & ~options->command->options;
    for (size_t i = 0; wrong != 0 && i < ROW_COUNT; i++) {
        if ((rows[i].bit & wrong) != 0)
            return error_set(err, "%s does not take --%s" HINT " %s", options->command->name, rows[i].name,
                             options->command->name);
    }
    return true;
}

static bool check_arguments(const struct options *options, struct error *err)
{
    const struct command_row *command = options->command;
    if (options->argument_count >= command->arguments_least &&
        options->argument_count <= command->arguments_most)
        return true;
    return error_set(err, "usage: steerctl %s %s" HINT " %s", command->name, command->arguments,
                     command->name);
}

static bool find_command(int argc, char **argv, struct options *options, struct error *err)
{
    if (optind >= argc) {
        options->wants_help |= !options->wants_version;
        return true;
    }
    options->command = command_find(argv[optind]);
    if (options->command == NULL)
        return command_refuse(argv[optind], err);
    options->arguments = argv + optind + 1;
    options->argument_count = argc - optind - 1;
    if (options->wants_help)
        return true;
    return check_options(options, err) && check_arguments(options, err);
}

bool options_parse(int argc, char **argv, struct options *out, struct error *err)
{
    struct options options = { 0 };
    struct option known[ROOM + 1];
    int key;
    list_for_getopt(known);
    for (int i = 1; i < argc; i++)
        options.is_following |= strcmp(argv[i], "events") == 0 && strcmp(argv[i - 1], "-f") != 0;
    optind = 0; /* glibc: start over */
    opterr = 0;
    while ((key = getopt_long(argc, argv, ":hywf:", known, NULL)) != -1) {
        if (!take(&options, key, argv, err))
            return false;
    }
    if (!find_command(argc, argv, &options, err))
        return false;
    *out = options;
    return true;
}

bool options_split_endpoint(const char *text, char **pool, char **endpoint, struct error *err)
{
    const char *slash = strchr(text, '/');
    if (slash == NULL || slash == text || slash[1] == '\0')
        return error_set(err, "\"%s\" is no POOL/ENDPOINT, as us/us-east-1", text);
    *pool = xstrndup(text, (size_t)(slash - text));
    *endpoint = xstrdup(slash + 1);
    return true;
}

bool options_parse_number(const char *text, unsigned long long most, unsigned long long *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    unsigned long long number = strtoull(text, NULL, 10);
    if (number > most)
        return false;
    *out = number;
    return true;
}
