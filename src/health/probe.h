/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "config/check.h"
#include "health/loop.h"

/*
 * A probe is one run of a check.  A check type is one file with a `struct probe_type` and one line in the
 * registry (probe.c).  Deadlines, thresholds and reports are not its business.
 */

enum finding_kind {
    FINDING_SUCCESS,
    FINDING_FAILURE,
    FINDING_UNUSABLE, /* the check itself cannot be done (no such ca_file): a failure to an unknown verdict,
                         NONE to a known one */
    FINDING_NONE,     /* nothing was measured: our own want of sockets, ports, memory */
};

/* What a probe found out, in words for the operator. */
struct finding {
    enum finding_kind kind;
    int status;                 /* HTTP code, 0 if none */
    uint32_t latency_us;        /* time to connect; 0 if it did not */
    uint32_t tls_us;            /* of the handshake; 0: none was made */
    uint32_t first_byte_us;     /* from the request to the first byte of the reply; 0: none came */
    int64_t certificate_ends_s; /* Unix time, of the certificate shown last; 0: none */
    bool is_silent;             /* the peer sent nothing at all; a reset is something */
    char text[160];             /* "connection refused" */
};

/** Writes the text, printable whatever is in the arguments. */
void finding_set(struct finding *finding, enum finding_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for a failed system call: "connection refused"; of kind NONE where it is our own fault. */
void finding_set_errno(struct finding *finding, int error_number);

/** "no reply within 1s (connect)".  Silent: who has heard something says so
 * afterwards. */
void finding_set_timeout(struct finding *finding, const struct check *check, const char *phase);

/* Lives at rest between runs; its type's struct starts with it. */
struct probe {
    const struct probe_type *type;
    const struct check *check; /* outlives it */
    void *owner;               /* its target */
    struct timer deadline;     /* the target's */
    struct probe *next;        /* of the target's probes under way */
    struct site *site;         /* where it goes, while it is under way */
};

struct checker_settings;
struct probe_type {
    uint16_t default_port;
    /** What all probes of this type share; NULL for both if nothing. */
    void *(*open)(struct loop *loop, const struct checker_settings *settings);
    void (*close)(void *shared);
    /** A probe at rest.  `peer` is what is named in the request: a host name, or an address as text.  Its
     * type is this one unless it says another. */
    struct probe *(*new)(void *shared, struct loop *loop, const struct check *check, const char *peer);
    void (*free)(struct probe *probe);
    /** Sets off.  Calls probe_end once, now or later, unless it is stopped before; not to be touched after.
     */
    void (*start)(struct probe *probe, const struct address *address, uint16_t port);
    /** Says what has not happened yet.  Only between start and stop. */
    void (*explain_timeout)(struct probe *probe, struct finding *out);
    /** Back to rest. */
    void (*stop)(struct probe *probe);
};

/* By enum check_type.  NULL for a type that is not measured here: its results come from elsewhere. */
extern const struct probe_type *const probe_types[CHECK_TYPE_COUNT];

/** What the target does with the result: stops the probe and may free it. */
void probe_end(struct probe *probe, const struct finding *finding);
