/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steerd: what it is asked to do. */
#include "api/api.h"
#include "base/log.h"
#include "config/settings.h"
#include "control/control.h"
#include "daemon.h"
#include "privileges.h"
#include "store/backup.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/steerd/steerd.json"

struct options {
    const char *config;
    const char *backup, *restore; /* files, or NULL */
    bool only_checks;
    enum log_level log_level;
};

static void print_usage(FILE *to)
{
    fputs("usage: steerd [-c FILE] [--check | --backup TO | --restore FROM] [--log LEVEL] [--version] "
          "[--help]\n"
          "\n"
          "  -c, --config FILE  the server's configuration (default " DEFAULT_CONFIG ")\n"
          "      --check        only validate FILE and all it names; exit 0 or 1\n"
          "      --backup TO    copy the database of a steerd that may be running into the file TO\n"
          "      --restore FROM make an empty state_dir start from the backup FROM\n"
          "      --log LEVEL    error, warning, notice, info (default) or debug\n"
          "      --version      print the version\n"
          "\n"
          "Runs in the foreground.  SIGHUP imports changed files, SIGTERM and SIGINT stop.\n",
          to);
}

static bool parse_level(const char *name, enum log_level *out)
{
    static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Returns -1 to go on, or the status to exit with. */
static int parse_options(int argc, char **argv, struct options *out)
{
    static const struct option longs[] = {
        { "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
        { "backup", required_argument, NULL, 'b' }, { "restore", required_argument, NULL, 'r' },
        { "log", required_argument, NULL, 'l' },    { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },         { 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        switch (option) {
        case 'c': out->config = optarg; break;
        case 'k': out->only_checks = true; break;
        case 'b': out->backup = optarg; break;
        case 'r': out->restore = optarg; break;
        case 'l':
            if (parse_level(optarg, &out->log_level))
                break;
            fprintf(stderr, "steerd: --log %s: must be error, warning, notice, info or debug\n", optarg);
            return 2;
        case 'v': puts("steerd " STEERD_VERSION); return 0;
        case 'h': print_usage(stdout); return 0;
        default: print_usage(stderr); return 2;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "steerd: unexpected argument %s\n", argv[optind]);
    print_usage(stderr);
    return 2;
}

static void print_problems(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        char *line = problem_format(&problems->items[i]);
        fprintf(stderr, "%s\n", line);
        free(line);
    }
}

static int check_only(const struct settings *settings, const char *file)
{
    struct problems problems = { 0 };
    struct error err;
    bool is_good = control_check(settings, &problems);
    if (!api_check(settings, &err)) {
        problems_add(&problems, file, 0, 0, "/api/tls", "%s", err.text);
        is_good = false;
    }
    if (!privileges_check(settings->user, settings->state_dir, &err)) {
        problems_add(&problems, file, 0, 0, NULL, "%s", err.text);
        is_good = false;
    }
    problems_name_file(&problems, file);
    problems_sort(&problems);
    print_problems(&problems);
    if (is_good)
        printf("%s: good\n", file);
    else
        fprintf(stderr, "%s: %zu error%s\n", file, problems.error_count,
                problems.error_count == 1 ? "" : "s");
    problems_free(&problems);
    return is_good ? 0 : 1;
}

static int copy_database(const struct settings *settings, const struct options *options)
{
    struct error err;
    bool is_done = options->backup != NULL ? backup_make(settings->state_dir, options->backup, &err)
                                           : backup_restore(options->restore, settings->state_dir, &err);
    if (!is_done)
        fprintf(stderr, "steerd: %s\n", err.text);
    return is_done ? 0 : 1;
}

/* Who started us may have closed some of the first three: nothing else may get their numbers, or log lines
 * and messages go into a socket. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    struct options options = { .config = DEFAULT_CONFIG, .log_level = LOG_INFO };
    struct settings settings;
    struct problems problems = { 0 };
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    if (!settings_load(options.config, &problems, &settings)) {
        print_problems(&problems);
        problems_free(&problems);
        return 1;
    }
    print_problems(&problems);
    problems_free(&problems);
    if (options.backup != NULL || options.restore != NULL)
        status = copy_database(&settings, &options);
    else
        status = options.only_checks ? check_only(&settings, options.config)
                                     : daemon_run(&settings, options.config, options.log_level);
    settings_free(&settings);
    return status;
}
