/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/backups.h"
#include "control/builder.h"
#include "control/chronicle.h"
#include "control/control.h"
#include "control/event_command.h"
#include "control/latency_keeper.h"
#include "control/references.h"
#include "control/webhooks.h"
#include "control/world.h"
#include "store/store.h"

#include <pthread.h>

/* What control.c (the loop) and requests.c share. */

struct control {
    const struct settings *settings;
    struct mailbox *box;       /* commands, builds, reports */
    struct mailbox *store_box; /* jobs that come back */
    struct store *store;
    struct builder *builder;
    struct latency_keeper *keeper;
    struct checker *checker;
    struct references *references; /* NULL: none */
    struct chronicle *chronicle;
    struct webhooks *webhooks;           /* NULL: none */
    struct event_command *event_command; /* NULL: none */
    struct backups *backups;
    struct world *world;
    struct table *held_under_way; /* endpoints that overrides on their way to the store take out */
    struct letter *stored; /* commands whose overrides are on disk and taken in, but not published yet */
    struct tickets *tickets;
    bool is_serving;          /* a configuration is published */
    bool is_ready;            /* the start is over: what is published is durable */
    bool has_thread;          /* of its own; before, who starts it lends his */
    bool is_stopping;         /* nothing is posted to others any more */
    struct error start_error; /* why there is nothing to serve, or nothing that would be found again */
    pthread_t thread;
    pthread_mutex_t status_mutex;
    struct control_status status;
};

/** Publishes what has changed; with `geo_source` it is of another generation. */
void control_publish(struct control *control, uint64_t generation, const char *geo_source);
