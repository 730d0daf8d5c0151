/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/damper.h"
#include "health/dispatch.h"
#include "health/times.h"
#include "health/verdict.h"

/* The last report about a target that nobody asks about. */
struct push {
    int64_t heard_wall_ms; /* 0: there was none */
    uint32_t ttl_ms;       /* its own; 0: the check's */
};

/* One binding: what is measured, when, and what is known of it. */
struct target {
    struct dispatch *dispatch;
    struct check_binding binding; /* owned copies */
    uint16_t check_index;
    /* where to */
    struct address address; /* NONE: the name says */
    uint16_t port;
    struct name_use name;
    char *peer; /* host name without final dot, or the address */
    /* when */
    uint64_t tick_us; /* of the next start; not moved by lateness */
    struct timer due;
    bool is_unresolved;                       /* due, waits for the first answer about its name */
    struct queue *queue;                      /* due, waits for a place; NULL: it does not */
    struct target *queue_next, **queue_place; /* place: who points at it */
    struct site *site;                        /* where it was last */
    struct push push;                         /* instead of all that, but `due` */
    /* under way */
    struct probe *running;
    unsigned running_count;
    struct probe *idle; /* kept for the next run */
    /* known */
    struct verdict verdict; /* as the results have it */
    struct damper damper;
    struct timer hold; /* rings at the end of it */
    bool is_warned;    /* its certificate ends soon */
    struct times times;
    struct health_report known; /* as reported last; the head is not used */
};

/** Starts to measure at once, or to wait for reports. */
struct target *target_new(struct dispatch *dispatch, const struct check_binding *binding,
                          uint16_t check_index);
void target_free(struct target *target); /* drops what is under way */

/** Starts from what was known; before its first result. */
void target_restore(struct target *target, const struct known_verdict *known);

/** Goes on, as `binding` at another position; what is known is reported again if the position changed. */
void target_rebind(struct target *target, const struct check_binding *binding, uint16_t check_index);

/** What is at the address that its next probe goes to; NULL while its name says none. */
struct site *target_site(struct target *target);

/** Starts a probe: the dispatch has a place for it. */
void target_begin(struct target *target);

/** Starts one as soon as there is a place, unless one that will end soon is on its way. */
void target_recheck(struct target *target);
