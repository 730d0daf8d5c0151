/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/worker.h"

#include "base/clock.h"
#include "base/inlined.h"
#include "base/memory.h"
#include "base/priority.h"
#include "server/calls.h"
#include "server/socket.h"
#include "server/tuning.h"
#include "snapshot/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_MOST  64
#define BATCHES_MOST 32 /* of one UDP socket in one turn: TCP has its turn, too */
#define LONE_TURNS   64 /* of one UDP socket in a row, until it is waited for alone */

static INLINED size_t serve_batch(struct worker *worker, const struct udp_socket *socket)
{
    size_t count = udp_receive(worker->batch, socket);
    if (count == 0)
        return 0;
    stopwatch_start(&worker->watches[TRANSPORT_UDP]);
    udp_answer(worker->batch, socket, count, &worker->answerer);
    stopwatch_stop(&worker->watches[TRANSPORT_UDP], &worker->counters.times[TRANSPORT_UDP], count);
    return count;
}

/* True if more are waiting.  Under load, the next queries are there when the last replies are out: no need to
 * ask epoll in between.  A batch of one says that there is no load: looking again would be a call for
 * nothing.
 */
static INLINED bool serve_udp(struct worker *worker, const struct udp_socket *socket)
{
    unsigned left = BATCHES_MOST;
    while (serve_batch(worker, socket) > 1) {
        if (--left == 0)
            return true;
    }
    return false;
}

/* ---- under pressure ---- */

/*
 * A socket that epoll watches costs a call of epoll's for each packet that comes and each reply that has
 * left, even while nobody sleeps: a twentieth of an answer.  One whose queries never end needs no watching.
 *
 *     watched ── a turn's batches are used up ──▶ pressed: looked at in each turn
 *             ◀── a batch of one or none ───────
 */
static void press(struct worker *worker, struct udp_socket *socket)
{
    event_forget(worker->epoll_fd, &socket->source);
    socket->is_pressed = true;
    worker->pressed_count++;
}

/* Returns how long the worker may sleep then: not at all while there is such a socket, or for ever. */
static __attribute__((noinline)) int serve_pressed(struct worker *worker)
{
    for (size_t i = 0; i < worker->udp_count && worker->pressed_count > 0; i++) {
        struct udp_socket *socket = &worker->udp_sockets[i];
        if (!socket->is_pressed || serve_udp(worker, socket))
            continue;
        if (!event_watch(worker->epoll_fd, &socket->source, EPOLLIN))
            continue; /* no memory for that now: it is looked at again */
        socket->is_pressed = false;
        worker->pressed_count--;
    }
    return worker->pressed_count > 0 ? 0 : -1;
}

/* ---- alone ---- */

/*
 * Who waits in epoll and receives then makes one call more for each query that comes alone, and is woken
 * later by epoll's own bookkeeping: more than a microsecond of the 30 that such an answer takes.  So a worker
 * whose last turns were of one socket sleeps in the receiving call, and the doorman looks after all else.
 *
 *     watched ── LONE_TURNS of this socket alone ──▶ lone
 *             ◀── the doorman rings ────────────────
 */
static __attribute__((noinline)) void serve_alone(struct worker *worker, struct udp_socket *socket)
{
    event_forget(worker->epoll_fd, &socket->source); /* first: it is not to ring */
    socket->is_lone = doorbell_on(worker->doorman, &worker->bell);
    while (socket->is_lone && !doorbell_is_rung(&worker->bell)) {
        worker->answerer.is_time_old = true;
        socket->is_lone = serve_batch(worker, socket) > 0;
    }
    socket->is_lone = false;
    doorbell_off(worker->doorman, &worker->bell);
    if (!event_watch(worker->epoll_fd, &socket->source, EPOLLIN)) {
        socket->is_pressed = true; /* no memory: looked at in each turn until there is */
        worker->pressed_count++;
    }
}

/* What happens in a turn happens at one time.  The wall clock, of which only the second is told, is asked
 * when the other one has moved. */
static void tell_time(struct answerer *answerer)
{
    struct worker *worker = (struct worker *)((char *)answerer - offsetof(struct worker, answerer));
    uint64_t now_us = clock_monotonic_coarse_us();
    answerer->is_time_old = false;
    if (now_us == answerer->now_us)
        return;
    worker->tcp.now_ms = now_us / 1000;
    answerer->now_us = now_us;
    answerer->now_wall_s = clock_wall_s();
}

static uint64_t tcp_queries(const struct worker *worker)
{
    return atomic_load_explicit(&worker->counters.queries[TRANSPORT_TCP], memory_order_relaxed);
}

static void serve_tcp(struct worker *worker, struct connection *connection)
{
    uint64_t before = tcp_queries(worker);
    stopwatch_start(&worker->watches[TRANSPORT_TCP]);
    tcp_serve(&worker->tcp, connection);
    stopwatch_stop(&worker->watches[TRANSPORT_TCP], &worker->counters.times[TRANSPORT_TCP],
                   tcp_queries(worker) - before);
}

static __attribute__((noinline)) void dispatch_tcp(struct worker *worker, struct event_source *source)
{
    answerer_know_time(&worker->answerer);
    if (source->kind == EVENT_LISTENER)
        tcp_accept(&worker->tcp, source);
    else if (source->kind == EVENT_ALARM)
        tcp_expire(&worker->tcp);
    else if (source->fd >= 0) /* it may have been closed since the event came */
        serve_tcp(worker, (struct connection *)source);
    tcp_set_alarm(&worker->tcp);
}

/* False if it is time to end. */
static INLINED bool dispatch(struct worker *worker, struct event_source *source)
{
    if (source->kind == EVENT_UDP) {
        if (serve_udp(worker, (struct udp_socket *)source))
            press(worker, (struct udp_socket *)source);
        return true;
    }
    if (source->kind != EVENT_STOP)
        dispatch_tcp(worker, source);
    return source->kind != EVENT_STOP;
}

/* Looks for `spin_us` before it lets the worker sleep: who is awake answers sooner by what waking up takes.
 */
static __attribute__((noinline)) int spin_for_events(const struct worker *worker, struct epoll_event *events)
{
    uint64_t until_us = clock_monotonic_us() + worker->spin_us;
    int count;
    do
        count = call_wait(worker->epoll_fd, events, EVENTS_MOST, 0);
    while (count == 0 && clock_monotonic_us() < until_us);
    return count;
}

static inline int wait_for_events(const struct worker *worker, struct epoll_event *events, int patience_ms)
{
    int count = worker->spin_us > 0 && patience_ms != 0 ? spin_for_events(worker, events) : 0;
    return count != 0 ? count : call_wait(worker->epoll_fd, events, EVENTS_MOST, patience_ms);
}

/* The socket of which alone the last turns were, if it may be waited for alone; or NULL. */
static INLINED struct udp_socket *find_lone(struct worker *worker, const struct epoll_event *events,
                                            int count)
{
    struct event_source *source = count == 1 ? events[0].data.ptr : NULL;
    if (source != worker->last || source == NULL || source->kind != EVENT_UDP) {
        worker->last = source;
        worker->last_turns = 0;
        return NULL;
    }
    if (++worker->last_turns < LONE_TURNS || worker->pressed_count > 0 || worker->spin_us > 0)
        return NULL;
    worker->last_turns = 0;
    return (struct udp_socket *)source;
}

static void serve(struct worker *worker)
{
    struct epoll_event events[EVENTS_MOST];
    int patience_ms = -1;
    for (;;) {
        int count = wait_for_events(worker, events, patience_ms);
        worker->answerer.is_time_old = true;
        for (int i = 0; i < count; i++) {
            if (!dispatch(worker, events[i].data.ptr))
                return;
        }
        struct udp_socket *lone = find_lone(worker, events, count);
        if (lone != NULL)
            serve_alone(worker, lone);
        patience_ms = worker->pressed_count > 0 ? serve_pressed(worker) : -1;
    }
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    char name[16];
    snprintf(name, sizeof name, "worker/%u", worker->index);
    pthread_setname_np(pthread_self(), name);
    priority_go_first();
    doorbell_own(&worker->bell);
    snapshot_register_thread();
    serve(worker);
    tcp_close_all(&worker->tcp);
    snapshot_unregister_thread();
    return NULL;
}

static bool add_udp(struct worker *worker, const struct server_tuning *tuning,
                    const struct server_listen *listen, int fd, struct error *err)
{
    struct udp_socket *udp = &worker->udp_sockets[worker->udp_count];
    tuning_apply(fd, tuning);
    *udp = (struct udp_socket){ .source = { .kind = EVENT_UDP, .fd = fd },
                                .is_wildcard = listen_is_wildcard(listen),
                                .cookie = socket_cookie(fd) };
    worker->udp_count++;
    return event_watch(worker->epoll_fd, &udp->source, EPOLLIN) ||
           error_set(err, "epoll: %s", strerror(errno));
}

static bool add_tcp(struct worker *worker, int fd, struct error *err)
{
    struct event_source *listener = &worker->tcp.listeners[worker->tcp.listener_count++];
    *listener = (struct event_source){ .kind = EVENT_LISTENER, .fd = fd };
    return event_watch(worker->epoll_fd, listener, EPOLLIN) || error_set(err, "epoll: %s", strerror(errno));
}

/* Of the sockets that were taken over for this address, every worker gets its share; one whose share is none
 * opens its own, or reads from the first one as well if that does not let others bind its address. */
static bool open_kind(struct worker *worker, const struct server_settings *settings,
                      const struct server_listen *listen, int type, struct error *err)
{
    const struct server_socket *first = NULL;
    unsigned found = 0, taken = 0;
    bool is_udp = type == SOCK_DGRAM, is_good = true;
    for (size_t i = 0; is_good && i < settings->inherited_count; i++) {
        struct server_socket *inherited = &settings->inherited[i];
        if (inherited->type != type || !listen_is_same(&inherited->at, listen))
            continue;
        first = first != NULL ? first : inherited;
        if (found++ % settings->worker_count != worker->index)
            continue;
        inherited->is_taken = true;
        taken++;
        is_good = is_udp ? add_udp(worker, &settings->tuning, listen, inherited->fd, err)
                         : add_tcp(worker, inherited->fd, err);
    }
    int fd = -1;
    if (!is_good || taken > 0)
        return is_good;
    if (first != NULL && !socket_is_shared(first->fd))
        is_good = (fd = fcntl(first->fd, F_DUPFD_CLOEXEC, 0)) >= 0 || error_set(err, "%s", strerror(errno));
    else
        is_good = is_udp ? socket_open_udp(listen, &fd, err) : socket_open_tcp(listen, &fd, err);
    return is_good &&
           (is_udp ? add_udp(worker, &settings->tuning, listen, fd, err) : add_tcp(worker, fd, err));
}

static bool open_all(struct worker *worker, const struct server_settings *settings, struct error *err)
{
    unsigned share = (settings->tcp_connections_most + settings->worker_count - 1) / settings->worker_count;
    worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    worker->tcp.epoll_fd = worker->bell.epoll_fd = worker->epoll_fd;
    worker->tcp.alarm =
        (struct event_source){ .kind = EVENT_ALARM,
                               .fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) };
    if (worker->epoll_fd < 0 || worker->tcp.alarm.fd < 0 ||
        !event_watch(worker->epoll_fd, &worker->tcp.alarm, EPOLLIN) ||
        !event_watch(worker->epoll_fd, &worker->stop, EPOLLIN))
        return error_set(err, "epoll: %s", strerror(errno));
    if (share > 0 && !connections_open(&worker->tcp.connections, share))
        return error_set(err, "%u TCP connections: %s", share, strerror(errno));
    for (size_t i = 0; i < settings->listen_count; i++) {
        if (!open_kind(worker, settings, &settings->listens[i], SOCK_DGRAM, err) ||
            !open_kind(worker, settings, &settings->listens[i], SOCK_STREAM, err))
            return false;
    }
    return true;
}

bool worker_open(unsigned index, const struct server_settings *settings, int stop_fd,
                 struct client_counts *client_counts, struct worker **out, struct error *err)
{
    struct worker *worker = xcalloc_aligned(CACHE_LINE, sizeof *worker);
    worker->index = index;
    worker->cpu = tuning_cpu(&settings->tuning, index);
    worker->spin_us = settings->tuning.spin_us;
    worker->stop = (struct event_source){ .kind = EVENT_STOP, .fd = stop_fd };
    size_t sockets_most = settings->listen_count + settings->inherited_count;
    worker->udp_sockets = xcalloc(sockets_most, sizeof *worker->udp_sockets);
    if (settings->query_log.file != NULL || settings->query_log.tap != NULL)
        worker->observer = observer_new(&settings->query_log, &worker->counters);
    worker->batch = udp_batch_new(worker->observer);
    worker->tcp.observer = worker->observer;
    worker->answerer.settings = &settings->answer;
    worker->answerer.counters = &worker->counters;
    worker->answerer.tell_time = tell_time;
    worker->counters.served = xcalloc(SERVED_ROOM, sizeof *worker->counters.served);
    worker->counters.services = xcalloc(SERVED_ROOM, sizeof *worker->counters.services);
    rng_seed(&worker->answerer.rng);
    if (settings->answer.explain_allow != NULL)
        worker->answerer.records = record_ring_new(index);
    worker->tcp.answerer = &worker->answerer;
    worker->tcp.idle_ms = settings->tcp_idle_ms;
    if (client_counts != NULL)
        clients_open(&worker->tcp.clients, client_counts, settings->tcp_connections_per_client);
    worker->tcp.listeners = xcalloc(sockets_most, sizeof *worker->tcp.listeners);
    if (!open_all(worker, settings, err)) {
        worker_close(worker);
        return false;
    }
    *out = worker;
    return true;
}

bool worker_start(struct worker *worker, struct doorman *doorman, struct error *err)
{
    worker->doorman = doorman;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    bool is_pinned = worker->cpu < 0 || tuning_pin(&attributes, worker->cpu);
    int error = is_pinned ? pthread_create(&worker->thread, &attributes, worker_main, worker) : errno;
    pthread_attr_destroy(&attributes);
    if (error != 0 && worker->cpu >= 0)
        return error_set(err, "worker %u on CPU %d: %s", worker->index, worker->cpu, strerror(error));
    return error == 0 || error_set(err, "worker %u: %s", worker->index, strerror(error));
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}

void worker_close(struct worker *worker)
{
    if (worker == NULL)
        return;
    for (size_t i = 0; i < worker->udp_count; i++)
        close(worker->udp_sockets[i].source.fd);
    for (size_t i = 0; i < worker->tcp.listener_count; i++)
        close(worker->tcp.listeners[i].fd);
    if (worker->tcp.alarm.fd >= 0)
        close(worker->tcp.alarm.fd);
    if (worker->epoll_fd >= 0)
        close(worker->epoll_fd);
    connections_close(&worker->tcp.connections);
    clients_close(&worker->tcp.clients);
    udp_batch_free(worker->batch);
    observer_free(worker->observer);
    free(worker->counters.served);
    free(worker->counters.services);
    record_ring_free(worker->answerer.records);
    free(worker->udp_sockets);
    free(worker->tcp.listeners);
    free(worker);
}
