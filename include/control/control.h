/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/mailbox.h"
#include "config/object.h"
#include "config/settings.h"
#include "control/feed.h"
#include "control/latency_sample.h"
#include "control/pushed_report.h"
#include "health/checker.h"
#include "snapshot/conditions.h"
#include "store/audit.h"
#include "store/token.h"

/*
 * The control thread: the only writer of the snapshot.  It never blocks on disk or on compiling: those are
 * the store's and the compiler's threads, and a command travels api → control → compiler → store → control →
 * api.
 */
struct control;

enum command_kind {
    COMMAND_CONFIG_READ,    /* out: body: the steering document, generation */
    COMMAND_OBJECT_READ,    /* in: object_kind, name; out: body: its JSON text */
    COMMAND_CONFIG_REPLACE, /* in: body: a steering document */
    COMMAND_OBJECT_PUT,     /* in: object_kind, name, body */
    COMMAND_OBJECT_PATCH,   /* in: object_kind, name, pointer ("" or "/endpoints/us-east-1"), body: a merge
                               patch (RFC 7396) */
    COMMAND_OBJECT_DELETE,  /* in: object_kind, name */
    COMMAND_ROLLBACK,       /* in: generation to go back to (its content becomes a new generation) */
    COMMAND_GENERATIONS,    /* in: before, most; out: body: JSON array of the items of design: generation,
                               author, time, comment */
    COMMAND_OVERRIDE_SET,   /* in: name (pool), endpoint, override */
    COMMAND_OVERRIDE_CLEAR, /* in: name (pool), endpoint */
    COMMAND_LATENCY_ADD,    /* in: samples */
    COMMAND_CHECK_REPORT,   /* in: name (of a push check), reports: all of them or none */
    COMMAND_EVENTS, /* in: has_after, after (numbers above it; without: the newest), most, has_event_kind,
                       event_kind, name (subject); out: events, ascending */
    COMMAND_BACKUP, /* out: file, file_size, file_digest */
    COMMAND_RELOAD, /* import changed files, reload changed databases (SIGHUP) */

    COMMAND_OBJECT_LIST, /* in: object_kind, name (of services their zone, or NULL), after (so many are passed
                            over), most; out: body: JSON object of their texts by name, count: of all */
    COMMAND_BATCH,       /* in: items: changes of objects, all of them or none, one generation */
    COMMAND_GENERATION_READ, /* in: generation; out: body: the steering document as it was then */
    COMMAND_GENERATION_DIFF, /* in: before, generation; out: body: what leads from one to the other (diff.h)
                              */

    COMMAND_TOKEN_PUT,    /* in: tokens: one; fails if there is one of its name */
    COMMAND_TOKEN_DELETE, /* in: name */
    COMMAND_TOKENS_TOUCH, /* in: tokens: when they were last used */
    COMMAND_TOKENS,       /* out: tokens, by name */
    COMMAND_AUDIT_ADD,    /* in: audit */
    COMMAND_AUDIT,        /* in: audit_filter; out: audit, newest first */
};

enum command_result {
    RESULT_DONE,
    RESULT_INVALID,    /* problems say what */
    RESULT_NOT_FOUND,  /* the object or endpoint does not exist: error */
    RESULT_STALE,      /* if_match is not the head generation: 412 */
    RESULT_EXISTS,     /* must_be_new, and it is there: 412 */
    RESULT_FILE_MODE,  /* steering_mode is "file": 409 */
    RESULT_CONFLICT,   /* error says why: 409 */
    RESULT_UNAVAILABLE /* not durable (disk), nothing was changed: 503 */
};

/* Asked and answered in one letter: it comes back with its result, to `came` or to `reply_to`. */
struct command {
    struct letter letter;           /* letter.kind: enum command_kind */
    void (*came)(struct command *); /* any thread; owns it from here on, and must not wait */
    struct mailbox *reply_to;       /* without `came`; neither: nobody waits, control frees it */
    void *context;                  /* the sender's */
    /* in */
    enum object_kind object_kind;
    char *name, *endpoint, *pointer; /* owned */
    char *body;                      /* owned; in and out */
    size_t body_size;
    char *author, *comment; /* owned */
    char *scope;            /* owned, of reads: what of it may be seen (config/scope.h); NULL: everything */
    bool has_if_match, is_dry_run;
    bool must_be_new; /* OBJECT_PUT: only if there is no such object yet */
    bool is_forced;   /* may leave a service without a healthy endpoint */
    uint64_t if_match;
    uint64_t before;
    unsigned most;
    struct override override;
    bool has_after, has_event_kind;
    uint64_t after;
    enum event_kind event_kind;
    struct command **items; /* owned: OBJECT_PUT, OBJECT_PATCH, OBJECT_DELETE */
    size_t item_count;
    struct latency_sample *samples; /* owned */
    size_t sample_count;
    struct pushed_report *reports; /* owned */
    size_t report_count;
    bool is_batch;                    /* they came as {"reports": […]} */
    struct audit_filter audit_filter; /* owned */
    /* in and out */
    struct tokens tokens; /* owned */
    struct audit audit;   /* owned.  In, of any write: who wants it */
    uint64_t generation;  /* out: of the head after it */
    /* out */
    bool is_audited; /* what `audit` said became durable with what was wanted */
    bool is_change;  /* of a write: it found something to change, or would have */
    enum command_result result;
    struct problems problems; /* pointers are relative to the body that was sent, or "/items/3…" of a batch */
    struct error error;
    struct events events; /* owned */
    uint64_t count;       /* of what a list is a part of */
    int file;             /* owned: open for reading; -1: none */
    uint64_t file_size;
    unsigned char file_digest[32]; /* SHA-256 */
    uint32_t pool_id; /* of what reads or changes one pool: a hint where it is in the dataset (reader.h) */
    char *outcome; /* of a write, owned: of a dry run its diff (diff.h), of one object its new JSON, else NULL
                    */
};
struct command *command_new(enum command_kind kind);
void command_free(struct command *command);
/** Gives it back to who sent it. */
void command_return(struct command *command, enum command_result result);

/** Opens the store, imports or restores the configuration, publishes the first snapshot, starts compiler,
 * store and checker. */
bool control_start(const struct settings *settings, struct control **out, struct error *err);
/** Waits until what is published is durable, too, and starts the control thread: from then on commands are
 * taken.  False: control can be stopped, or suspended. */
bool control_complete(struct control *control, struct error *err);
/** Stops all of them in order; nothing acknowledged is lost. */
void control_stop(struct control *control);

/**
 * The two halves of control_stop.  Behind the first one nothing changes any more and the store is closed, so
 * that another process can open it, but the last snapshot can still be answered from.
 */
void control_suspend(struct control *control);
void control_free(struct control *control);
/** Instead of control_free, when another control has published since. */
void control_discard(struct control *control);

/** Any thread. */
void control_post(struct control *control, struct command *command);

struct control_status {
    uint64_t generation;
    int64_t published_wall_ms; /* when this process began to serve that generation */
    char geo_source[256];
    char last_import_error[1024]; /* "" if the last import went well */
    uint64_t publications;        /* of snapshots since start */
    bool suspects_itself;         /* verdicts are frozen */
    int64_t suspicion_wall_ms;    /* since when it does, or does not any more; 0: it never did */
    char suspicion[200];          /* why */
    uint64_t failovers_kept;      /* deaths within the objective of a service */
    uint64_t failovers_missed;
    uint64_t events_lost; /* that the disk did not take */
};
/** A copy of the figures; any thread. */
void control_status(struct control *control, struct control_status *out);
struct webhook_counters {
    uint64_t delivered, failed; /* events that arrived, tries that failed */
    uint64_t dropped;           /* events given up, or refused by a full queue */
    uint64_t waiting;
};
void control_webhook_counters(const struct control *control, struct webhook_counters *out);

struct event_command_counters {
    uint64_t done, failed; /* runs that ended well, and others */
    uint64_t dropped;      /* events that found the queue full */
    uint64_t waiting;
};
void control_event_command_counters(const struct control *control, struct event_command_counters *out);

/** What happens, live.  Any thread. */
struct feed *control_feed(const struct control *control);
const struct checker_counters *control_checker_counters(const struct control *control);
/** See checker_times.  Any thread. */
bool control_check_times(const struct control *control, uint32_t endpoint_slot, struct check_times *out);

/** Validates settings, steering file, zone files and databases without starting anything (steerd --check). */
bool control_check(const struct settings *settings, struct problems *problems);
