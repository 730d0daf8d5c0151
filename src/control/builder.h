/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "config/settings.h"
#include "control/control.h"
#include "snapshot/server_keys.h"
#include "store/store.h"

/*
 * The compiler thread: owns the compiler, works commands out into changes, compiles, and waits for control to
 * say whether they became durable before it begins the next.  All writes that wait go together: each makes a
 * generation of its own on top of the one before, and one commit and one publication serve them all.  Reads
 * are answered meanwhile, from what is durable.  It also watches the GeoIP databases.
 *
 *     control ══commands══▶ builder ──builds──▶ control ──▶ store ──▶ control ──settle(builds)──▶ builder
 */
struct builder;

enum { LETTER_BUILD = 200 };

enum build_kind {
    BUILD_RESTORE, /* the head that the store had: nothing to store */
    BUILD_CHANGE,  /* a new generation: to be stored, then published */
    BUILD_GEO,     /* new location tables: nothing to store */
    BUILD_NOTHING, /* nothing to publish: an import that found nothing or was refused, or in a group a command
                      that is answered already, on condition that the changes before it are stored */
};

struct build {
    struct letter letter; /* LETTER_BUILD */
    struct build
        *next; /* the next of a group: stored, published and answered together, or refused together */
    enum build_kind kind;
    struct command *command; /* who asked; NULL: the builder itself */
    struct compiled compiled;
    struct objects changes; /* BUILD_CHANGE */
    uint64_t generation;    /* that it makes */
    enum store_origin origin;
    bool is_import;
    char *import_digest; /* of an import that could be read, else NULL */
    char *author, *comment;
    struct error error;       /* of a refused import: one line for status */
    struct server_keys *keys; /* read again by a reload, else NULL */
    bool is_start;            /* the last one of those that builder_start causes */
    bool is_accepted;         /* set by control on the first of a group before it goes back */
};
/** With all that follow. */
void build_free(struct build *build);

/** Starts the thread; builds go to `control`.  Restores `head` (taken over), then imports the files as design
 * says. */
bool builder_start(const struct settings *settings, struct store_head *head, struct mailbox *control,
                   struct builder **out, struct error *err);
/** Ends the thread; commands that still wait come back as RESULT_UNAVAILABLE. */
void builder_stop(struct builder *builder);
/** Frees the compiler with its last dataset: after snapshot_shutdown. */
void builder_free(struct builder *builder);

/** A command that reads or changes the configuration. */
void builder_post(struct builder *builder, struct command *command);
/** A rollback, or a look at an old generation: the objects as they were, and those of the generation to
 * compare with or NULL (both taken over). */
void builder_post_recalled(struct builder *builder, struct command *command, struct objects *objects,
                           struct objects *before);
/** The build's fate is decided (is_accepted); the builder frees it. */
void builder_settle(struct builder *builder, struct build *build);
