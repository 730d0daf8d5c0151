/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/api.h"
#include "api/audit_log.h"
#include "api/auth.h"
#include "api/door.h"
#include "api/failures.h"
#include "api/router.h"
#include "api/listener.h"
#include "base/mailbox.h"

#include <pthread.h>
#include <stdatomic.h>

/* The API of one process.  Fixed between api_start and api_close but for the atomics. */
struct MHD_Daemon;
struct MHD_Connection;
struct streams;
struct tls;
struct traffic;

struct api_listener {
    struct listener socket;
    unsigned most; /* connections */
    struct door *door;
    struct MHD_Daemon *daemon; /* one thread each; NULL before the start */
};

struct api {
    const struct settings *settings;
    struct api_listener *listeners;
    size_t listener_count;
    int64_t started_wall_ms;
    struct tls *tls;    /* NULL: none */
    uint64_t looked_ms; /* when its files were last looked at */
    struct auth *auth;
    struct failures *failures; /* of those who show wrong tokens */
    struct audit_log *audit_log;
    struct control *control;
    struct api_data_plane data_plane;

    /* The waker thread: events for those who follow them, and what is due now and then. */
    struct mailbox *mailbox;
    pthread_t waker;
    bool has_waker;
    atomic_uint under_way; /* commands sent and not yet back */
    atomic_bool is_stopping;
    atomic_bool is_reload_due; /* somebody wants the certificates to be looked at */
    char *openapi;             /* the document */
    struct traffic *traffic;   /* what was counted before */
    uint64_t touched_ms;       /* when the store was last told which tokens were used */
    uint64_t swept_ms;         /* when the doors were last swept */
    struct streams *streams;   /* those who follow the events */
};

/* ---- doors.c ---- */

/** A door for each listener; descriptors are shared out so that DNS and checks keep theirs. */
void doors_open(struct api *api);
/** Sends away who is overdue, at most once a second.  The waker's thread. */
void doors_sweep(struct api *api);

/* ---- keys.c ---- */

/** Opens the bootstrap token and reads the others from the store. */
bool keys_open(struct api *api, struct error *err);
/** Looks after the certificates: every other second, or `now`. */
void keys_look(struct api *api, bool now);
/** Tells the store which tokens were used, at most once a minute unless it is the last time. */
void keys_touch(struct api *api, bool is_last);

/* ---- http.c ---- */

/** Serves `listener` on a thread of its own. */
bool http_start(struct api *api, struct api_listener *listener, struct error *err);
/** No new connections from now on. */
void http_quiesce(struct api_listener *listener);
/** Ends the thread; no connection may be suspended. */
void http_stop(struct api_listener *listener);
/** The connection's descriptor.  On MHD's thread, or while it is suspended. */
int http_socket(struct MHD_Connection *connection);
/** Lets MHD's thread go on with the connection.  Any thread. */
void http_resume(struct MHD_Connection *connection);
/** Puts the connection to sleep until http_resume.  On MHD's thread, from a handler or a body's reader. */
void http_suspend(struct MHD_Connection *connection);

/* ---- routes.c ---- */

extern const struct route api_routes[];
extern const size_t api_route_count;
