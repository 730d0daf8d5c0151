/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/settings.h"
#include "control/control.h"

/* What the API shows of the data plane, without including it: main.c fills it in. */
struct api_data_plane {
    unsigned worker_count;
    const struct answer_counters *(*counters)(const void *server, unsigned worker);
    unsigned (*tcp_connections)(const void *server, unsigned worker);
    uint64_t (*receive_dropped)(const void *server, unsigned worker);
    const struct record_ring *(*records)(const void *server, unsigned worker); /* NULL: there are none */
    const void *server;
};

/*
 * The admin API: libmicrohttpd on one epoll thread.  Handlers read the snapshot or post a command to control
 * and suspend the connection until it comes back.
 */
struct api;

/** Reads the files of its TLS as a start would.  False: `err` says what is wrong. */
bool api_check(const struct settings *settings, struct error *err);
/** Binds the listeners (root may still be needed). */
bool api_open(const struct settings *settings, struct api **out, struct error *err);
/** Reads or makes the token file (mode 0600; call after privileges were dropped) and serves. */
bool api_start(struct api *api, struct control *control, const struct api_data_plane *data_plane,
               struct error *err);
/** Looks at the certificates within a second.  Any thread. */
void api_reload(struct api *api);
void api_close(struct api *api);
