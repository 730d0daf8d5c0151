/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/server.h"

#include "base/memory.h"
#include "base/prefix_map.h"
#include "server/clients.h"
#include "server/doorman.h"
#include "server/query_log.h"
#include "server/socket.h"
#include "server/tuning.h"
#include "server/worker.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct server {
    struct server_settings settings;
    struct server_listen *listens;       /* which the settings point at */
    struct client_counts *client_counts; /* NULL: clients are not limited */
    struct prefix_map *explain_allow;    /* NULL: nobody */
    int stop_fd;
    struct worker **workers;
    struct observer **observers; /* of the workers, borrowed */
    struct query_log *query_log; /* NULL: queries are not logged */
    struct doorman *doorman;
    unsigned open_count, started_count;
};

static bool is_inherited(const struct server_settings *settings, const struct server_listen *listen)
{
    for (size_t i = 0; i < settings->inherited_count; i++) {
        if (listen_is_same(&settings->inherited[i].at, listen))
            return true;
    }
    return false;
}

static void close_unused(const struct server_settings *settings)
{
    for (size_t i = 0; i < settings->inherited_count; i++) {
        if (!settings->inherited[i].is_taken)
            close(settings->inherited[i].fd);
    }
}

static bool open_all(struct server *server, struct error *err)
{
    const struct server_settings *settings = &server->settings;
    server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->stop_fd < 0)
        return error_set(err, "eventfd: %s", strerror(errno));
    for (size_t i = 0; i < settings->inherited_count; i++) {
        if (!socket_adopt(&settings->inherited[i], err))
            return false;
    }
    for (size_t i = 0; i < settings->listen_count; i++) {
        if (!is_inherited(settings, &settings->listens[i]) && !socket_probe(&settings->listens[i], err))
            return false;
    }
    for (; server->open_count < settings->worker_count; server->open_count++) {
        unsigned index = server->open_count;
        if (!worker_open(index, settings, server->stop_fd, server->client_counts, &server->workers[index],
                         err))
            return false;
    }
    return true;
}

static struct prefix_map *map_of(const struct prefix *prefixes, size_t count)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < count; i++)
        prefix_map_builder_add(builder, &prefixes[i], 1);
    return prefix_map_build(builder);
}

bool server_open(const struct server_settings *settings, struct server **out, struct error *err)
{
    assert(settings->worker_count > 0 && settings->listen_count > 0);
    struct server *server = xcalloc(1, sizeof *server);
    server->settings = *settings;
    server->listens = xmemdup(settings->listens, settings->listen_count * sizeof *settings->listens);
    server->settings.listens = server->listens;
    if (settings->rate_limit.responses_per_second > 0)
        server->settings.answer.limiter = rate_limiter_new(&settings->rate_limit);
    if (settings->explain_allow_count > 0)
        server->settings.answer.explain_allow = server->explain_allow =
            map_of(settings->explain_allow, settings->explain_allow_count);
    if (settings->tcp_connections_per_client > 0)
        server->client_counts = client_counts_new(settings->tcp_connections_most);
    server->workers = xcalloc(settings->worker_count, sizeof(struct worker *));
    bool is_open = open_all(server, err);
    close_unused(settings);
    if (is_open)
        tuning_report(server->workers[0]->udp_sockets[0].source.fd, &settings->tuning);
    server->settings.tuning.cpus = NULL;
    server->settings.inherited = NULL;
    server->settings.inherited_count = 0;
    if (!is_open) {
        server_close(server);
        return false;
    }
    *out = server;
    return true;
}

/* The log, if one is wanted. */
static bool start_log(struct server *server, struct error *err)
{
    const struct query_log_settings *settings = &server->settings.query_log;
    if (settings->file == NULL && settings->tap == NULL)
        return true;
    server->observers = xcalloc(server->open_count, sizeof(struct observer *));
    for (unsigned i = 0; i < server->open_count; i++)
        server->observers[i] = server->workers[i]->observer;
    return query_log_start(settings, server->observers, server->open_count,
                           &server->workers[0]->counters.log_failed, &server->query_log, err);
}

static bool start_doorman(struct server *server, struct error *err)
{
    struct doorbell **bells = xcalloc(server->open_count, sizeof(struct doorbell *));
    for (unsigned i = 0; i < server->open_count; i++)
        bells[i] = &server->workers[i]->bell;
    bool is_started = doorman_start(bells, server->open_count, &server->doorman, err);
    free(bells);
    return is_started;
}

void server_reopen_log(struct server *server)
{
    if (server->query_log != NULL)
        query_log_reopen(server->query_log);
}

bool server_start(struct server *server, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the main thread */
    bool is_started = start_log(server, err) && start_doorman(server, err);
    while (is_started && server->started_count < server->open_count) {
        is_started = worker_start(server->workers[server->started_count], server->doorman, err);
        server->started_count += is_started;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

void server_close(struct server *server)
{
    if (server == NULL)
        return;
    if (server->stop_fd >= 0)
        (void)eventfd_write(server->stop_fd, 1); /* nobody reads it, so it wakes all */
    for (unsigned i = 0; i < server->started_count; i++)
        worker_join(server->workers[i]);
    doorman_stop(server->doorman);
    query_log_stop(server->query_log);
    free(server->observers);
    for (unsigned i = 0; i < server->open_count; i++)
        worker_close(server->workers[i]);
    if (server->stop_fd >= 0)
        close(server->stop_fd);
    rate_limiter_free(server->settings.answer.limiter);
    prefix_map_free(server->explain_allow);
    client_counts_free(server->client_counts);
    free(server->workers);
    free(server->listens);
    free(server);
}

int *server_sockets(const struct server *server, size_t *count)
{
    int *list = NULL;
    *count = 0;
    for (unsigned w = 0; w < server->open_count; w++) {
        const struct worker *worker = server->workers[w];
        list = xrealloc(list, *count + worker->udp_count + worker->tcp.listener_count, sizeof *list);
        for (size_t i = 0; i < worker->udp_count; i++)
            list[(*count)++] = worker->udp_sockets[i].source.fd;
        for (size_t i = 0; i < worker->tcp.listener_count; i++)
            list[(*count)++] = worker->tcp.listeners[i].fd;
    }
    return list;
}

unsigned server_worker_count(const struct server *server)
{
    return server->settings.worker_count;
}

const struct answer_counters *server_counters(const struct server *server, unsigned worker)
{
    return &server->workers[worker]->counters;
}

unsigned server_tcp_connections(const struct server *server, unsigned worker)
{
    return atomic_load_explicit(&server->workers[worker]->tcp.open_count, memory_order_relaxed);
}

/* A socket that several workers read is counted with the first of them. */
static bool is_read_before(const struct server *server, unsigned worker, uint64_t cookie)
{
    for (unsigned w = 0; w < worker; w++) {
        const struct worker *before = server->workers[w];
        for (size_t i = 0; cookie != 0 && i < before->udp_count; i++) {
            if (before->udp_sockets[i].cookie == cookie)
                return true;
        }
    }
    return false;
}

uint64_t server_receive_dropped(const struct server *server, unsigned worker)
{
    const struct worker *of = server->workers[worker];
    uint64_t sum = 0;
    for (size_t i = 0; i < of->udp_count; i++) {
        if (!is_read_before(server, worker, of->udp_sockets[i].cookie))
            sum += socket_dropped(of->udp_sockets[i].source.fd);
    }
    return sum;
}

const struct record_ring *server_records(const struct server *server, unsigned worker)
{
    return server->workers[worker]->answerer.records;
}
