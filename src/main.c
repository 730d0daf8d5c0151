/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steerd: the story of start and stop. */
#include "api/api.h"
#include "base/log.h"
#include "config/settings.h"
#include "control/control.h"
#include "privileges.h"
#include "server/server.h"
#include "store/backup.h"

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LARGE_BLOCK        (256 << 10)
#define DESCRIPTORS_WANTED 65536
#define DEFAULT_CONFIG     "/etc/steerd/steerd.json"

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
    bool is_good = control_check(settings, &problems);
    print_problems(&problems);
    if (is_good)
        printf("%s: good\n", file);
    else
        fprintf(stderr, "%s: %zu errors\n", file, problems.error_count);
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

static bool open_server(const struct settings *settings, struct server **out, struct error *err)
{
    struct server_listen *listens = calloc(settings->listen_count, sizeof *listens);
    for (size_t i = 0; listens != NULL && i < settings->listen_count; i++)
        listens[i] = (struct server_listen){ settings->listen[i].address, settings->listen[i].port };
    const struct settings_rate_limit *limit = &settings->rate_limit;
    const struct server_settings server_settings = {
        .listens = listens,
        .listen_count = settings->listen_count,
        .worker_count = settings->workers,
        .tcp_connections_most = settings->tcp_connections,
        .tcp_connections_per_client = settings->tcp_connections_per_client,
        .tcp_idle_ms = settings->tcp_idle_ms,
        .rate_limit = { .responses_per_second = limit->responses_per_second,
                        .slip = limit->slip,
                        .ipv4_prefix = (uint8_t)limit->ipv4_prefix,
                        .ipv6_prefix = (uint8_t)limit->ipv6_prefix,
                        .exempt = limit->exempt,
                        .exempt_count = limit->exempt_count },
        .explain_allow = settings->explain_allow,
        .explain_allow_count = settings->explain_allow_count,
        .answer = { .explain_option = (uint16_t)settings->explain_option,
                    .udp_size = (uint16_t)settings->udp_size,
                    .udp_size_unproven = (uint16_t)settings->udp_size_without_cookie,
                    .requires_cookie = settings->requires_cookie,
                    .nsid = settings->nsid,
                    .version = settings->version,
                    .identity = settings->identity != NULL ? settings->identity : settings->nsid,
                    .keepalive_ds = (uint16_t)(settings->tcp_idle_ms / 100) },
    };
    bool is_open = listens != NULL && server_open(&server_settings, out, err);
    free(listens);
    return is_open;
}

static const struct answer_counters *counters_of(const void *server, unsigned worker)
{
    return server_counters(server, worker);
}

static unsigned connections_of(const void *server, unsigned worker)
{
    return server_tcp_connections(server, worker);
}

static const struct record_ring *records_of(const void *server, unsigned worker)
{
    return server_records(server, worker);
}

static void serve_until_signal(struct control *control, struct api *api, const sigset_t *signals)
{
    for (;;) {
        int signal_number = 0;
        if (sigwait(signals, &signal_number) != 0)
            continue;
        if (signal_number != SIGHUP) {
            log_notice("stopping (signal %d)", signal_number);
            return;
        }
        log_notice("SIGHUP: looking at the files");
        api_reload(api);
        control_post(control, command_new(COMMAND_RELOAD));
    }
}

/* Signals go to sigwait; the threads that are started after this inherit the mask. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGHUP);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the store says it when a file may not grow */
}

/* Checks and connections by the thousand need descriptors.  Root may have as many as it wants; who may not
 * takes what is allowed. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    const struct rlimit wanted = { DESCRIPTORS_WANTED, DESCRIPTORS_WANTED };
    if (limit.rlim_max < DESCRIPTORS_WANTED && setrlimit(RLIMIT_NOFILE, &wanted) == 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int report(const struct error *err)
{
    log_stop();
    fprintf(stderr, "steerd: %s\n", err->text);
    return 1;
}

/* Everything is open: start from the inside out, serve, stop from the outside in. */
static int run(const struct settings *settings, struct server *server, struct api *api,
               const sigset_t *signals)
{
    struct error err;
    struct control *control = NULL;
    if (!control_start(settings, &control, &err)) {
        api_close(api);
        server_close(server);
        return report(&err);
    }
    const struct api_data_plane data_plane = {
        .worker_count = server_worker_count(server),
        .counters = counters_of,
        .tcp_connections = connections_of,
        .records = records_of,
        .server = server,
    };
    bool is_started = server_start(server, &err) && api_start(api, control, &data_plane, &err);
    if (is_started) {
        log_notice("steerd " STEERD_VERSION " is serving with %u workers", data_plane.worker_count);
        serve_until_signal(control, api, signals);
    }
    api_close(api);
    server_close(server);
    control_stop(control);
    if (!is_started)
        return report(&err);
    log_notice("stopped");
    log_stop();
    return 0;
}

static int open_and_run(const struct settings *settings, enum log_level level)
{
    struct error err;
    struct server *server = NULL;
    struct api *api = NULL;
    sigset_t signals;
    block_signals(&signals);
    raise_descriptor_limit();
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK); /* what a big load needed goes back to the kernel */
    if (!open_server(settings, &server, &err))
        return report(&err);
    if (!api_open(settings, &api, &err) || !privileges_drop(settings->user, settings->state_dir, &err)) {
        api_close(api);
        server_close(server);
        return report(&err);
    }
    log_start(level);
    return run(settings, server, api, &signals);
}

int main(int argc, char **argv)
{
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
                                     : open_and_run(&settings, options.log_level);
    settings_free(&settings);
    return status;
}
