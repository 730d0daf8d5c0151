/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/mailbox.h"
#include "config/check.h"
#include "snapshot/conditions.h"

/*
 * One thread that measures all endpoints: http and https on libcurl's multi-socket interface, tcp by its own
 * non-blocking connects, names by c-ares, everything on one epoll.  It is told what to measure and reports
 * what it found by letters.
 */
struct checker;

#define LATENCY_CHECKS_LEAST 5     /* samples of a latency that moves an answer */
#define LATENCY_AGE_LEAST_MS 10000 /* a latency is too old after ten intervals, but not sooner */

enum { LETTER_HEALTH_REPORT = 100, LETTER_NAME_REPORT, LETTER_NAME_KNOWN }; /* letter.kind of a report */

/* What the checker found out about one binding.  Posted at every change of verdict, when a change comes near
 * or passes (settle), when the peer falls silent or speaks again, and when the smoothed latency has moved by
 * more than a tenth and a millisecond, has enough samples or has become too old.  The receiver frees it with
 * health_report_free. */
struct health_report {
    struct letter letter;
    uint32_t endpoint_slot;
    uint16_t check_index; /* position among the endpoint's bindings */
    uint8_t verdict;      /* enum health_verdict */
    bool has_replied;     /* the last time: the peer sent something, if only a reset */
    uint32_t settle_ms; /* interval × results still needed to turn the verdict; 0: the last result agreed with
                           it */
    uint32_t latency_us;      /* smoothed, of the step that the check says; 0: none yet, or too old */
    uint32_t latency_samples; /* that it stands on; LATENCY_CHECKS_LEAST also for more */
    uint64_t good_us;         /* monotonic, of the last good result; 0: none */
    struct evidence evidence; /* of the last transition, when the verdict became what it is */
};
void health_report_free(struct health_report *report);

struct checker_settings {
    struct mailbox *reports;   /* where reports go */
    unsigned concurrent_most;  /* checks under way at once, default 2000; never above half of RLIMIT_NOFILE */
    unsigned per_address_most; /* of these to one address, default 100 */
    bool allows_exec;          /* whether checks may run programs */
    const char *name_servers;  /* "192.0.2.53:53,[2001:db8::53]:53" for hostnames; NULL: the system's */
    uint32_t stale_ms;         /* how long addresses of a hostname stay while the name servers fail */
    const struct known_name *known_names; /* of an earlier process (copied) */
    size_t known_name_count;
};

bool checker_start(const struct checker_settings *settings, struct checker **out, struct error *err);
/** Ends the thread; transfers under way are dropped.  Reports already posted stay in the mailbox. */
void checker_stop(struct checker *checker);

/**
 * From now on the endpoint in `slot` is measured by exactly these bindings (copied, with references to their
 * checks; none: not at all).  A binding equal to one it had goes on undisturbed, with its verdict, which is
 * reported again if its position changed; another one starts unknown.  Any thread; takes effect soon.
 */
void checker_bind(struct checker *checker, uint32_t slot, const struct check_binding *bindings, size_t count);

/* What was known of a binding before this process began. */
struct known_verdict {
    uint8_t verdict; /* enum health_verdict; UNKNOWN: nothing */
    struct evidence evidence;
    int64_t reported_wall_ms; /* push: of the last report; 0: none */
    uint32_t report_ttl_ms;   /* its own; 0: the check's */
};

/** The same, but a binding that is new here starts with what is known of it, so that its thresholds hold from
 * the first result on; nothing is reported before something changes.  `known` NULL: of none. */
void checker_bind_known(struct checker *checker, uint32_t slot, const struct check_binding *bindings,
                        const struct known_verdict *known, size_t count);

#define CHECK_MESSAGE_SIZE 160

/* What somebody says of an endpoint under a push check. */
struct check_report {
    bool is_up;
    uint32_t ttl_ms; /* it holds that long; 0: as long as the check says */
    int64_t wall_ms; /* when it came */
    char message[CHECK_MESSAGE_SIZE];
};

/** Takes a report about the binding at that position (a push check; otherwise it is lost).  Any thread; in
 * order with checker_bind. */
void checker_report(struct checker *checker, uint32_t slot, uint16_t check_index,
                    const struct check_report *report);

/* What the name servers said of a hostname: posted at every answer, and when they fail. */
struct name_report {
    struct letter letter; /* LETTER_NAME_REPORT; the receiver frees it with free() */
    uint32_t id;
    struct resolved resolved;
};

/* What is to be known of a hostname, of an endpoint or in a check, after a restart; without addresses:
 * nothing. */
struct known_name_report {
    struct letter letter; /* LETTER_NAME_KNOWN; the receiver frees it with free() */
    struct resolved resolved;
    char hostname[]; /* presentation format, no final dot */
};

/** What of `known_names` nobody asked for until now is reported as forgotten.  Any thread; in order with
 * checker_bind and checker_resolve. */
void checker_forget_names(struct checker *checker);

/** From now on the addresses of `hostname` (copied, presentation format) are reported under `id`; NULL: no
 * longer.  Any thread; takes effect soon. */
void checker_resolve(struct checker *checker, uint32_t id, const char *hostname);

/* How long one step of the good checks of an endpoint takes, smoothed. */
struct check_time {
    uint32_t mean_us, samples; /* 0: none */
    uint64_t age_ms;           /* of the newest sample */
};
struct check_times {
    struct check_time of[LATENCY_OF_COUNT];
    enum latency_of counts; /* the step that is the endpoint's latency */
};

/** The times by the first check of the endpoint in `slot`, as they are now.  False: there are none.  Any
 * thread. */
bool checker_times(const struct checker *checker, uint32_t slot, struct check_times *out);

struct checker_counters {
    _Atomic uint64_t started, succeeded, failed;
    _Atomic uint64_t skipped;    /* starts left out: one waits for a place already, or too many under way */
    _Atomic uint64_t delayed;    /* starts that waited because too many were under way to the same address */
    _Atomic uint64_t unmeasured; /* started, but stopped by our own want of sockets, ports or memory */
    _Atomic uint64_t reports_taken, reports_missed; /* of push checks; missed: times to live without one */
    _Atomic uint32_t bindings, in_flight;
    _Atomic uint32_t certificates_ending; /* targets whose certificate is within warn_before of its end */
};
const struct checker_counters *checker_counters(const struct checker *checker);
