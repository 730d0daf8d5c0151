/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/rate_limit.h"
#include "answer/record.h"
#include "answer/trace.h"
#include "base/histogram.h"
#include "base/rng.h"
#include "dns/query.h"
#include "dns/response.h"
#include "snapshot/snapshot.h"

/* What belongs to this server and not to a dataset. Fixed while workers run. */
struct answer_settings {
    uint16_t udp_size;            /* largest UDP reply, and the size our OPT tells: 1232 */
    uint16_t udp_size_unproven;   /* largest UDP reply to a client without a valid cookie; 0: udp_size */
    bool requires_cookie;         /* who knows cookies must have a valid one over UDP: else BADCOOKIE */
    const char *nsid;             /* NULL: none */
    const char *version;          /* told in class CHAOS; NULL: refused */
    const char *identity;         /* the same */
    uint16_t keepalive_ds;        /* TCP idle timeout told by RFC 7828, units of 100 ms */
    struct rate_limiter *limiter; /* shared by all workers; NULL: no limit */
    uint16_t explain_option;      /* EDNS option that asks for an id to explain the answer by; 0: none */
    const struct prefix_map *explain_allow; /* who may ask so */
};

/* Of DNS cookies that queries carried. */
enum cookie_state {
    COOKIE_VALID,       /* the client gets what is sent to its address */
    COOKIE_CLIENT_ONLY, /* it has none of ours yet */
    COOKIE_BAD,         /* forged, too old, or of another fleet */
    COOKIE_STATE_COUNT
};

#define SERVED_ROOM (UINT32_C(1) << 20) /* 8 MiB a worker, of which only pages in use become real */

#define COUNTRY_NONE \
    (26u * 26) /* 26 times the first letter, plus the second, of ISO 3166-1 alpha-2; or this */
#define COUNTRY_COUNT  (COUNTRY_NONE + 1)
#define COUNTRY_SAMPLE 64

/* What a worker counts; one writer, read by others at any time (relaxed). */
struct answer_counters {
    _Atomic uint64_t queries[2]; /* by transport: UDP, TCP */
    _Atomic uint64_t rcodes[24]; /* replies by rcode */
    _Atomic uint64_t dropped;    /* no reply was due */
    _Atomic uint64_t truncated;
    _Atomic uint64_t ecs;              /* queries with a client subnet */
    _Atomic uint64_t steered;          /* answers that a service gave */
    _Atomic uint64_t steered_degraded; /* of these with all endpoints down */
    _Atomic uint64_t limited_dropped;  /* replies beyond the rate limit that were not sent */
    _Atomic uint64_t limited_slipped;  /* that were sent truncated or as BADCOOKIE */
    _Atomic uint64_t cookies[COOKIE_STATE_COUNT];
    _Atomic uint64_t log_taken;   /* for the query log */
    _Atomic uint64_t log_dropped; /* the logger was behind */
    _Atomic uint64_t log_failed;  /* the file or the reader did not take it; counted by the logger */
    struct histogram times[2]; /* of a sample of the queries, by transport: from their receipt to the reply */
    /* answers that an endpoint led, by its slot; NULL: not counted.  Endpoints beyond the room are not. */
    _Atomic uint64_t *served;
    _Atomic uint64_t *services; /* the same by the id of the service that the name led to first */
    _Atomic uint64_t countries[COUNTRY_COUNT]; /* one in COUNTRY_SAMPLE of them, by country of the client */
};

/* One worker's side of answering. */
struct answerer {
    const struct answer_settings *settings;
    struct answer_counters *counters;
    struct rng rng;
    uint32_t last_zone;    /* where the last query led, in the set of zones */
    uint32_t until_sample; /* answers of services until the next one whose client is located */
    /* The time of this turn of the worker.  A query that needs it has it told, if no other one has had it
     * told in this turn: most need none, and the clock costs as much as a tenth of their answers. */
    uint64_t now_us;     /* monotonic */
    uint32_t now_wall_s; /* Unix time */
    bool is_time_old;
    void (*tell_time)(struct answerer *answerer); /* never called if it is never old */
    struct record_ring *records;                  /* NULL: there are none */
};

/** The answerer's time is that of this turn when it returns. */
static inline void answerer_know_time(struct answerer *answerer)
{
    if (answerer->is_time_old)
        answerer->tell_time(answerer);
}

enum transport { TRANSPORT_UDP, TRANSPORT_TCP };

/**
 * Answers one message: bytes to bytes.  `source` is who sent it.  `out` has `out_size` bytes: at least 1232
 * for UDP, 65535 for TCP. Returns the size of the reply, 0 if none may be sent. No lock, no allocation, no
 * log, no clock but by tell_time.  Worker thread, inside a read section; `now` is not NULL.
 */
size_t answer_message(struct answerer *answerer, const struct snapshot *now, enum transport transport,
                      const uint8_t *packet, size_t size, const struct address *source, uint8_t *out,
                      size_t out_size);

/* A message to be answered. */
struct message {
    const uint8_t *packet;
    size_t size;
    struct address source;
    size_t out_size;
    uint8_t *out;
    size_t reply_size; /* written: 0 if no reply may be sent */
};

/** Answers messages that came by UDP, each as answer_message does.  All are read before the first is
 * answered, so that while one is waited for, the memory that the others need comes nearer.  Returns how many
 * of them get a reply. */
size_t answer_batch(struct answerer *answerer, const struct snapshot *now, struct message *messages,
                    size_t count);

struct explanation {
    uint8_t rcode;
    int ede; /* why: the INFO-CODE that a client with EDNS is told (RFC 8914), or EDE_NONE */
    bool is_steered;
    uint8_t reply[4096]; /* the message a client would have got, without cookies and NSID */
    size_t reply_size;
};

/**
 * Answers (qname, qtype) for `client` at `now_us` (monotonic) by the same code, with every step told to
 * `trace`; takes no tickets and counts nothing. Any registered thread inside a read section.
 */
void answer_explain(const struct snapshot *now, const struct dns_name *qname, uint16_t qtype,
                    const struct prefix *client, bool is_ecs, uint64_t now_us, struct trace *trace,
                    struct explanation *out);

/** Answers once more what `record` is of, by `now`, which should be the snapshot that it names; otherwise as
 * answer_explain. */
void answer_replay(const struct snapshot *now, const struct answer_record *record, struct trace *trace,
                   struct explanation *out);
