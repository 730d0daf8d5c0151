/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "base/address.h"
#include "base/error.h"

/*
 * The data plane: workers, one a core, each with its own SO_REUSEPORT UDP and TCP sockets on every listen
 * address.
 */
struct server_listen {
    struct address address;
    uint16_t port;
};

/* A bound socket that another process opened, taken over without losing what waits in it. */
struct server_socket {
    int fd;
    int type; /* SOCK_DGRAM, or SOCK_STREAM that listens */
    struct server_listen at;
    bool is_taken;
};

/** Says what kind of socket `fd` is.  False if it is none of ours. */
bool server_socket_of(int fd, struct server_socket *out);

/* A sample of the queries goes to a file and to a reader of dnstap. */
struct query_log_settings {
    const char *file;                 /* JSON lines; NULL: none */
    const char *tap;                  /* unix socket that somebody reads dnstap from; NULL: none */
    const char *identity;             /* of this server, for dnstap; NULL: not told */
    uint32_t file_chance, tap_chance; /* share of the queries; UINT32_MAX: all */
};

/* Where workers run, how they wait, what their UDP sockets get. */
struct server_tuning {
    const unsigned *cpus; /* each worker stays on one, in turn; borrowed until server_open returns */
    size_t cpu_count;     /* 0: any CPU */
    unsigned spin_us;     /* how long a worker looks again before it sleeps */
    unsigned receive_buffer, send_buffer; /* bytes; 0: a good size, or less without a word */
    unsigned busy_poll_us;
};

struct server_settings {
    const struct server_listen *listens;
    size_t listen_count;
    struct server_socket *inherited; /* instead of opening them; taken over by server_open, those that fit no
                                        listen address are closed */
    size_t inherited_count;
    unsigned worker_count;
    struct server_tuning tuning;
    unsigned tcp_connections_most;       /* in total, shared out among the workers */
    unsigned tcp_connections_per_client; /* of all workers together; 0: as many as in total */
    unsigned tcp_idle_ms;
    struct rate_limit_settings rate_limit; /* responses_per_second 0: none */
    const struct prefix *explain_allow;    /* who may ask for ids by answer.explain_option; borrowed until
                                              server_open returns */
    size_t explain_allow_count;            /* 0: nobody */
    struct query_log_settings query_log;   /* strings are borrowed */
    struct answer_settings answer;         /* its limiter and explain_allow are made here */
};

struct server;

/** Binds all sockets (root may still be needed); `settings` is copied, strings borrowed.  No query is read
 * yet. */
bool server_open(const struct server_settings *settings, struct server **out, struct error *err);
/** Starts the workers; a snapshot must have been published. */
bool server_start(struct server *server, struct error *err);
/** Opens the file of the query log again: it may have been renamed.  Between start and close. */
void server_reopen_log(struct server *server);
/** Stops and joins the workers, closes the sockets, frees. */
void server_close(struct server *server);

/** The sockets of all workers, to give them to another process: the caller frees the list, not what is in it.
 */
int *server_sockets(const struct server *server, size_t *count);

unsigned server_worker_count(const struct server *server);
/** A worker's counters: read with relaxed loads, any thread. */
const struct answer_counters *server_counters(const struct server *server, unsigned worker);
/** TCP connections open now, of one worker. */
unsigned server_tcp_connections(const struct server *server, unsigned worker);
/** Datagrams that the kernel had no room for in a worker's UDP sockets since these were opened.  One system
 * call a socket, any thread. */
uint64_t server_receive_dropped(const struct server *server, unsigned worker);
/** What a worker remembers of answers, to explain them; NULL: nothing. */
const struct record_ring *server_records(const struct server *server, unsigned worker);
