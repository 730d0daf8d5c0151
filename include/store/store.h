/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/mailbox.h"
#include "config/object.h"
#include "snapshot/conditions.h"
#include "store/audit.h"
#include "store/event.h"
#include "store/latency.h"
#include "store/hostname.h"
#include "store/pace.h"
#include "store/report.h"
#include "store/token.h"

/*
 * What must survive: generations as changed objects, overrides, events, verdicts.  Embedded SQLite (WAL,
 * synchronous=FULL) behind an asynchronous interface: jobs go in by letter, the store thread runs all that
 * wait in one transaction (group commit: many writes, one fsync) and posts each job back to its `reply_to`.
 * A job that fails alone (SAVEPOINT) does not take the others with it; when the commit itself fails, all
 * fail.
 */
struct store;

enum store_job_kind {
    STORE_PUT_GENERATION,   /* in: generation, author, comment, origin, import_digest, objects (changes; text
                               NULL deletes) */
    STORE_PUT_OVERRIDE,     /* in: key, override */
    STORE_DELETE_OVERRIDE,  /* in: key; done also when there was none */
    STORE_SET_META,         /* in: key, value (NULL deletes); "import_digest" comes back in the head */
    STORE_LIST_GENERATIONS, /* in: before (0: newest), most; out: list, newest first */
    STORE_READ_GENERATION,  /* in: generation; out: objects: the complete configuration as it was then, sorted
                               by kind and name */
    STORE_PUT_HISTORY,      /* in: events, verdicts, reports, paces, hostnames, value: wall time in ms up to
                               which the verdicts hold, or NULL */
    STORE_PUT_LATENCY,      /* in: latencies */
    STORE_LIST_EVENTS,  /* in: has_before, before (above it; without: the newest), most, has_kind, kind, key
                           (subject, as in event_filter); out: events, ascending */
    STORE_PUT_TOKEN,    /* in: tokens: one; fails if there is one of its name */
    STORE_DELETE_TOKEN, /* in: key; done also when there was none */
    STORE_TOUCH_TOKENS, /* in: tokens: when they were last used */
    STORE_LIST_TOKENS,  /* out: tokens */
    STORE_PUT_AUDIT,    /* in: audit */
    STORE_LIST_AUDIT,   /* in: audit_filter; out: audit, newest first */
};

/* Who a generation came from: files may be imported over it only if it is FILES. */
enum store_origin { STORE_ORIGIN_FILES, STORE_ORIGIN_API };

struct store_generation {
    uint64_t generation;
    int64_t wall_ms;
    enum store_origin origin;
    char *author, *comment;
};

/* What a check said of an endpoint last. */
struct store_verdict {
    char *endpoint;           /* "us/us-east-1" */
    char *target;             /* what was measured: an address or a name */
    uint8_t verdict;          /* enum health_verdict; UNKNOWN: forget the row, without a check all rows */
    struct evidence evidence; /* with the check's name */
};
void store_verdicts_free(struct store_verdict *verdicts, size_t count);

struct store_job {
    struct letter letter; /* letter.kind: enum store_job_kind, also when it comes back */
    struct mailbox *reply_to;
    void *context; /* the sender's */
    /* in */
    uint64_t generation; /* PUT_GENERATION: must be the head's + 1; the job fails otherwise */
    enum store_origin origin;
    char *author, *comment; /* owned; NULL is "" */
    char *import_digest;    /* owned; NULL leaves what is stored */
    struct objects objects; /* owned; in or out */
    struct store_job
        *also;   /* of PUT_ and READ_GENERATION: one more, done or failed together with this; owned */
    char *key;   /* owned: "pool/endpoint"; of SET_META its name */
    char *value; /* owned */
    struct override override;
    uint64_t before;
    unsigned most;
    bool has_before, has_kind;
    enum event_kind kind;
    char *scope; /* owned, of LIST_EVENTS and LIST_GENERATIONS: see config/scope.h; NULL: everything */
    struct events events; /* owned; in or out */
    struct tokens tokens; /* owned; in or out */
    struct audit audit;   /* owned; in or out.  Of any job: who wanted it, durable with it or not at all */
    struct audit_filter audit_filter;
    struct store_verdict *verdicts;
    size_t verdict_count;
    struct store_report *reports; /* owned */
    size_t report_count;
    struct store_pace *paces; /* owned */
    size_t pace_count;
    struct known_name *hostnames; /* owned */
    size_t hostname_count;
    struct store_latency *latencies; /* owned */
    size_t latency_count;
    /* out */
    bool is_done;       /* durable, or read */
    struct error error; /* if not: what, where, and what to do; a later job may succeed */
    struct store_generation *list;
    size_t list_count;
};
/** The letter's kind is set, everything else is zero. */
struct store_job *store_job_new(enum store_job_kind kind);
/** With those in `also`. */
void store_job_free(struct store_job *job);

struct store_override {
    char *key;
    struct override override;
};

/* What was there at start. */
struct store_head {
    uint64_t generation; /* 0: empty store */
    enum store_origin origin;
    char *import_digest; /* of the files of the last import, NULL if none */
    struct objects objects;
    struct store_override *overrides;
    size_t override_count;
    uint64_t last_event; /* number of the newest event ever; 0: none */
    struct store_verdict *verdicts;
    size_t verdict_count;
    struct store_report *reports; /* last ones to push checks */
    size_t report_count;
    struct store_pace *paces; /* of endpoints on their way back */
    size_t pace_count;
    struct known_name *hostnames; /* of endpoints and in checks */
    size_t hostname_count;
    struct store_latency *latencies; /* what clients measured */
    size_t latency_count;
    int64_t verdicts_seen_ms; /* wall time up to which they are known to hold; 0: never */
};
void store_head_free(struct store_head *head);

/**
 * Opens or makes state_dir/steerd.db (mode 0600; the directory must exist), brings an older schema up to
 * date, prunes, reads the head.  An unreadable database is an error that says where it is and what to do; it
 * is never overwritten.  The directory is locked: a second steerd on it is refused.  No thread yet.
 *
 * Of the generations the `keep_generations` newest (at least 1) stay readable.
 */
bool store_open(const char *state_dir, unsigned keep_generations, struct store **out, struct store_head *head,
                struct error *err);

/* How much of what happened is kept. */
struct store_history {
    unsigned events;    /* the newest; default 100,000 */
    uint64_t events_ms; /* not longer; default 90 days */
};
/** Before store_start. */
void store_keep_history(struct store *store, const struct store_history *keep);
/** The same for the audit; by default a million entries, a year. */
void store_keep_audit(struct store *store, const struct store_history *keep);
bool store_start(struct store *store, struct error *err);
/** Runs the jobs that wait, ends the thread, closes. */
void store_close(struct store *store);

/** Any thread.  The job is the store's until it comes back to its `reply_to`; without one it is freed. */
void store_post(struct store *store, struct store_job *job);
