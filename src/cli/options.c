/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/options.h"

#include "base/memory.h"
#include "cli/command.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define URL_DEFAULT "http://127.0.0.1:8053"

enum { KEY_URL = 256, KEY_TOKEN_FILE, KEY_TOKEN, KEY_JSON, KEY_VERSION, KEY_FIRST_BIT = 512 };

#define BIT_OPTION(name, bit, has_argument)             \
    {                                                   \
        name, has_argument, NULL, KEY_FIRST_BIT + (bit) \
    }

static const struct option known[] = {
    { "url", required_argument, NULL, KEY_URL },
    { "token-file", required_argument, NULL, KEY_TOKEN_FILE },
    { "token", required_argument, NULL, KEY_TOKEN }, /* only to be refused: everybody sees command lines */
    { "json", no_argument, NULL, KEY_JSON },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, KEY_VERSION },
    BIT_OPTION("pool", OPTION_POOL, required_argument),
    BIT_OPTION("reason", OPTION_REASON, required_argument),
    BIT_OPTION("expires", OPTION_EXPIRES, required_argument),
    BIT_OPTION("type", OPTION_TYPE, required_argument),
    BIT_OPTION("client", OPTION_CLIENT, required_argument),
    BIT_OPTION("comment", OPTION_COMMENT, required_argument),
    BIT_OPTION("file", OPTION_FILE, required_argument),
    BIT_OPTION("dry-run", OPTION_DRY_RUN, no_argument),
    BIT_OPTION("limit", OPTION_LIMIT, required_argument),
    BIT_OPTION("if-generation", OPTION_IF_GENERATION, required_argument),
    BIT_OPTION("follow", OPTION_FOLLOW, no_argument),
    BIT_OPTION("kind", OPTION_KIND, required_argument),
    BIT_OPTION("subject", OPTION_SUBJECT, required_argument),
    BIT_OPTION("message", OPTION_MESSAGE, required_argument),
    BIT_OPTION("ttl", OPTION_TTL, required_argument),
    { NULL, 0, NULL, 0 },
};

static void take_bit(struct options *options, unsigned bit, const char *value)
{
    options->given |= bit;
    switch ((enum option_bit)bit) {
    case OPTION_POOL: options->pool = value; break;
    case OPTION_REASON: options->reason = value; break;
    case OPTION_EXPIRES: options->expires = value; break;
    case OPTION_TYPE: options->type = value; break;
    case OPTION_CLIENT: options->client = value; break;
    case OPTION_COMMENT: options->comment = value; break;
    case OPTION_FILE: options->file = value; break;
    case OPTION_DRY_RUN: options->is_dry_run = true; break;
    case OPTION_LIMIT: options->limit = value; break;
    case OPTION_IF_GENERATION: options->if_generation = value; break;
    case OPTION_FOLLOW: options->follows = true; break;
    case OPTION_KIND: options->kind = value; break;
    case OPTION_SUBJECT: options->subject = value; break;
    case OPTION_MESSAGE: options->message = value; break;
    case OPTION_TTL: options->ttl = value; break;
    }
}

/* "apply -f FILE", but "events -f": there the next word is not its value. */
static void take_short_f(struct options *options)
{
    if (!options->is_following) {
        take_bit(options, OPTION_FILE, optarg);
        return;
    }
    optind--;
    take_bit(options, OPTION_FOLLOW, NULL);
}

static bool take(struct options *options, int key, char **argv, struct error *err)
{
    switch (key) {
    case KEY_URL: options->url = optarg; return true;
    case KEY_TOKEN_FILE: options->token_file = optarg; return true;
    case KEY_TOKEN: return error_set(err, "a token does not belong on a command line: use --token-file");
    case KEY_JSON: options->wants_json = true; return true;
    case KEY_VERSION: options->wants_version = true; return true;
    case 'h': options->wants_help = true; return true;
    case 'f': take_short_f(options); return true;
    case ':':
        if (optopt == 'f' && options->is_following) {
            take_bit(options, OPTION_FOLLOW, NULL);
            return true;
        }
        return error_set(err, "%s needs a value", argv[optind - 1]);
    case '?': return error_set(err, "unknown option %s", argv[optind - 1]);
    default: take_bit(options, (unsigned)(key - KEY_FIRST_BIT), optarg); return true;
    }
}

static bool check_options(const struct options *options, struct error *err)
{
    unsigned wrong = options->given & ~options->command->options;
    for (const struct option *row = known; wrong != 0 && row->name != NULL; row++) {
        if (row->val >= KEY_FIRST_BIT && ((unsigned)(row->val - KEY_FIRST_BIT) & wrong) != 0)
            return error_set(err, "%s does not take --%s", options->command->name, row->name);
    }
    return true;
}

static bool check_arguments(const struct options *options, struct error *err)
{
    const struct command_row *command = options->command;
    if (options->argument_count >= command->arguments_least &&
        options->argument_count <= command->arguments_most)
        return true;
    return error_set(err, "usage: steerctl %s %s", command->name, command->usage);
}

static bool find_command(int argc, char **argv, struct options *options, struct error *err)
{
    if (optind >= argc) {
        options->wants_help |= !options->wants_version;
        return true;
    }
    options->command = command_find(argv[optind]);
    if (options->command == NULL)
        return error_set(err, "there is no command \"%s\"", argv[optind]);
    options->arguments = argv + optind + 1;
    options->argument_count = argc - optind - 1;
    if (options->wants_help)
        return true;
    return check_options(options, err) && check_arguments(options, err);
}

bool options_parse(int argc, char **argv, struct options *out, struct error *err)
{
    struct options options = { .url = getenv("STEERD_URL") };
    int key;
    for (int i = 1; i < argc; i++)
        options.is_following |= strcmp(argv[i], "events") == 0 && strcmp(argv[i - 1], "-f") != 0;
    optind = 0; /* glibc: start over */
    opterr = 0;
    while ((key = getopt_long(argc, argv, ":hf:", known, NULL)) != -1) {
        if (!take(&options, key, argv, err))
            return false;
    }
    if (options.url == NULL || options.url[0] == '\0')
        options.url = URL_DEFAULT;
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
