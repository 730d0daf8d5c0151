/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon.h"

#include "api/api.h"
#include "base/log.h"
#include "base/memory.h"
#include "control/control.h"
#include "privileges.h"
#include "server/server.h"
#include "takeover.h"

#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LARGE_BLOCK        (256 << 10)
#define DESCRIPTORS_WANTED 65536

/* What runs.  Control and API are NULL while another process may use the store. */
struct daemon {
    const struct settings *settings;
    char config[PATH_MAX]; /* whole path of the file they come from */
    struct server *server;
    struct api *api;
    struct control *control;
    struct control *suspended; /* whose snapshot is answered from while the store is not ours */
    struct takeover takeover;  /* from whom we came */
    int takeover_fd;           /* for who comes after us; -1: not open */
    int signal_fd;
};

/* ---- opening ---- */

static struct server_socket *sockets_of(const struct takeover *takeover, size_t *count)
{
    struct server_socket *list = xcalloc(takeover->count + 1, sizeof *list);
    *count = 0;
    for (size_t i = 0; i < takeover->count; i++) {
        if (server_socket_of(takeover->sockets[i], &list[*count]))
            ++*count;
        else
            close(takeover->sockets[i]);
    }
    return list;
}

static bool open_server(const struct settings *settings, const struct takeover *takeover, struct server **out,
                        struct error *err)
{
    size_t inherited_count;
    struct server_socket *inherited = sockets_of(takeover, &inherited_count);
    struct server_listen *listens = xcalloc(settings->listen_count, sizeof *listens);
    for (size_t i = 0; i < settings->listen_count; i++)
        listens[i] = (struct server_listen){ settings->listen[i].address, settings->listen[i].port };
    const struct settings_rate_limit *limit = &settings->rate_limit;
    const struct server_settings server_settings = {
        .listens = listens,
        .listen_count = settings->listen_count,
        .inherited = inherited,
        .inherited_count = inherited_count,
        .worker_count = settings->workers,
        .tuning = { .cpus = settings->cpus,
                    .cpu_count = settings->cpu_count,
                    .spin_us = settings->spin_us,
                    .receive_buffer = settings->receive_buffer,
                    .send_buffer = settings->send_buffer,
                    .busy_poll_us = settings->busy_poll_us },
        .tcp_connections_most = settings->tcp_connections,
        .tcp_connections_per_client = settings->tcp_connections_per_client,
        .tcp_idle_ms = settings->tcp_idle_ms,
        .rate_limit = { .responses_per_second = limit->responses_per_second,
                        .slip = limit->slip,
                        .ipv4_prefix = (uint8_t)limit->ipv4_prefix,
                        .ipv6_prefix = (uint8_t)limit->ipv6_prefix,
                        .exempt = limit->exempt,
                        .exempt_count = limit->exempt_count },
        .query_log = { .file = settings->query_log.path,
                       .file_chance = settings->query_log.chance,
                       .tap = settings->dnstap.path,
                       .tap_chance = settings->dnstap.chance,
                       .identity = settings->identity != NULL ? settings->identity : settings->nsid },
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
    bool is_open = server_open(&server_settings, out, err);
    free(inherited);
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

static uint64_t receive_dropped_of(const void *server, unsigned worker)
{
    return server_receive_dropped(server, worker);
}

static const struct record_ring *records_of(const void *server, unsigned worker)
{
    return server_records(server, worker);
}

/* Signals are read from a descriptor; the threads that are started after this inherit the mask. */
static bool open_signals(struct daemon *daemon, struct error *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the store says it when a file may not grow */
    daemon->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return daemon->signal_fd >= 0 || error_set(err, "signalfd failed");
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

/* Who takes over makes sure first that it can: the one that runs shall not be stopped for nothing. */
static bool is_worth_asking(const struct settings *settings, struct error *err)
{
    struct problems problems = { 0 };
    bool is_good = control_check(settings, &problems);
    problems_sort(&problems);
    const struct problem *first = problems_first_error(&problems);
    if (!is_good && first != NULL) {
        char *line = problem_format(first);
        error_set(err, "%s (run with --check for all)", line);
        free(line);
    }
    problems_free(&problems);
    return is_good;
}

static bool take_over(struct daemon *daemon, struct error *err)
{
    const char *state_dir = daemon->settings->state_dir;
    takeover_passed(&daemon->takeover);
    if (!takeover_is_possible(state_dir))
        return true;
    return is_worth_asking(daemon->settings, err) &&
           takeover_ask(state_dir, daemon->config, &daemon->takeover, err);
}

/* What may need root. */
static bool open_doors(struct daemon *daemon, struct error *err)
{
    return take_over(daemon, err) && open_server(daemon->settings, &daemon->takeover, &daemon->server, err) &&
           api_open(daemon->settings, &daemon->api, err) &&
           privileges_drop(daemon->settings->user, daemon->settings->state_dir, err);
}

/* ---- running ---- */

static bool start_api(struct daemon *daemon, struct error *err)
{
    const struct api_data_plane data_plane = {
        .worker_count = server_worker_count(daemon->server),
        .counters = counters_of,
        .tcp_connections = connections_of,
        .receive_dropped = receive_dropped_of,
        .records = records_of,
        .server = daemon->server,
    };
    return api_start(daemon->api, daemon->control, &data_plane, err);
}

/* Who comes after us may ask; if that cannot be, everything else still works. */
static void open_takeover(struct daemon *daemon)
{
    struct error err;
    if (!takeover_open(daemon->settings->state_dir, &daemon->takeover_fd, &err)) {
        log_warning("an upgrade will have to stop this process first: %s", err.text);
        daemon->takeover_fd = -1;
    }
}

static bool start(struct daemon *daemon, struct error *err)
{
    if (!control_start(daemon->settings, &daemon->control, err) || !server_start(daemon->server, err) ||
        !control_complete(daemon->control, err) || !start_api(daemon, err))
        return false;
    unsigned workers = server_worker_count(daemon->server);
    log_notice("steerd " STEERD_VERSION " is serving with %u worker%s", workers, workers == 1 ? "" : "s");
    takeover_done(&daemon->takeover);
    takeover_free(&daemon->takeover);
    open_takeover(daemon);
    return true;
}

/* Control as it was before it was suspended.  Without a whole one, what is published last is answered from.
 */
static bool resume_control(struct daemon *daemon, struct error *err)
{
    if (!control_start(daemon->settings, &daemon->control, err))
        return false;
    control_discard(daemon->suspended);
    daemon->suspended = NULL;
    if (control_complete(daemon->control, err))
        return true;
    control_suspend(daemon->control);
    daemon->suspended = daemon->control;
    daemon->control = NULL;
    return false;
}

/* The new one did not make it: the store is ours again. */
static void resume(struct daemon *daemon)
{
    struct error err;
    if (!resume_control(daemon, &err)) {
        log_error("cannot go on as before: %s; queries are answered as they were, nothing else works: mend "
                  "it and restart",
                  err.text);
        return;
    }
    open_takeover(daemon);
    if (api_open(daemon->settings, &daemon->api, &err) && start_api(daemon, &err))
        return;
    log_error("cannot open the API again: %s; restart when it suits", err.text);
    api_close(daemon->api);
    daemon->api = NULL;
}

/* True if a signal says to stop. */
static bool read_signal(struct daemon *daemon)
{
    struct signalfd_siginfo info;
    if (read(daemon->signal_fd, &info, sizeof info) != sizeof info)
        return false;
    if (info.ssi_signo != SIGHUP) {
        log_notice("stopping (signal %u)", info.ssi_signo);
        return true;
    }
    log_notice("SIGHUP: looking at the files");
    server_reopen_log(daemon->server);
    if (daemon->api != NULL)
        api_reload(daemon->api);
    if (daemon->control != NULL)
        control_post(daemon->control, command_new(COMMAND_RELOAD));
    return false;
}

/* Waits for the new one, which loads meanwhile.  True if it is time to end. */
static bool wait_for_successor(struct daemon *daemon, int connection)
{
    struct pollfd polled[] = { { .fd = connection, .events = POLLIN },
                               { .fd = daemon->signal_fd, .events = POLLIN } };
    for (;;) {
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[1].revents != 0 && read_signal(daemon))
            return true;
        if (polled[0].revents == 0)
            continue;
        bool is_done = takeover_is_done(connection);
        log_notice(is_done ? "another steerd serves now: ending"
                           : "the steerd that came to take over has ended: going on");
        return is_done;
    }
}

/* True if it is time to end. */
static bool hand_over(struct daemon *daemon, int connection)
{
    struct error err;
    size_t count;
    log_notice("another steerd takes over");
    api_close(daemon->api);
    daemon->api = NULL;
    takeover_close(daemon->settings->state_dir, daemon->takeover_fd);
    daemon->takeover_fd = -1;
    control_suspend(daemon->control);
    daemon->suspended = daemon->control;
    daemon->control = NULL;
    int *sockets = server_sockets(daemon->server, &count);
    bool is_given = takeover_give(connection, sockets, count, &err);
    free(sockets);
    if (!is_given)
        log_error("%s: going on", err.text);
    bool is_over = is_given && wait_for_successor(daemon, connection);
    if (!is_over)
        resume(daemon);
    return is_over;
}

static bool answer_door(struct daemon *daemon)
{
    int connection = takeover_accept(daemon->takeover_fd, daemon->config);
    if (connection < 0)
        return false;
    bool is_over = hand_over(daemon, connection);
    close(connection);
    return is_over;
}

static void serve(struct daemon *daemon)
{
    for (;;) {
        struct pollfd polled[] = { { .fd = daemon->signal_fd, .events = POLLIN },
                                   { .fd = daemon->takeover_fd, .events = POLLIN } };
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[0].revents != 0 && read_signal(daemon))
            return;
        if (polled[1].revents != 0 && daemon->control != NULL && answer_door(daemon))
            return;
    }
}

/* ---- the whole ---- */

/* From the outside in. */
static void stop(struct daemon *daemon)
{
    takeover_close(daemon->settings->state_dir, daemon->takeover_fd);
    api_close(daemon->api);
    server_close(daemon->server);
    if (daemon->control != NULL)
        control_stop(daemon->control);
    if (daemon->suspended != NULL)
        control_free(daemon->suspended);
    takeover_free(&daemon->takeover);
    if (daemon->signal_fd >= 0)
        close(daemon->signal_fd);
}

static int report(const struct error *err)
{
    log_stop();
    fprintf(stderr, "steerd: %s\n", err->text);
    return 1;
}

int daemon_run(const struct settings *settings, const char *config, enum log_level level)
{
    struct daemon daemon = {
        .settings = settings, .takeover = { .connection = -1 }, .takeover_fd = -1, .signal_fd = -1
    };
    struct error err;
    raise_descriptor_limit();
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK); /* what a big load needed goes back to the kernel */
    if (realpath(config, daemon.config) == NULL)
        return 1; /* it was there just now */
    bool is_open = open_signals(&daemon, &err) && open_doors(&daemon, &err);
    if (is_open)
        log_start(level);
    bool is_started = is_open && start(&daemon, &err);
    if (is_started)
        serve(&daemon);
    stop(&daemon);
    if (!is_started)
        return report(&err);
    log_notice("stopped");
    log_stop();
    return 0;
}
