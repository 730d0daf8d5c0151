/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECK_CODE_RANGES_MAX 8
#define CHECK_REDIRECTS_MAX   10
#define CHECK_HEADERS_MAX     32
#define CHECK_ARGUMENTS_MAX   32
#define CHECK_RDATA_SIZE_MAX  256
#define CHECK_INPUTS_MAX      12 /* that one check rests on, with those that they rest on */

/* What a check says of its pace itself; the rest may be derived from a failover objective. */
enum { CHECK_SAYS_INTERVAL = 1, CHECK_SAYS_TIMEOUT = 2, CHECK_SAYS_FALL = 4, CHECK_SAYS_CONFIRM = 8 };

enum check_type {
    CHECK_HTTP,
    CHECK_HTTPS,
    CHECK_TCP,
    CHECK_TLS,
    CHECK_DNS,
    CHECK_GRPC,
    CHECK_ICMP,
    CHECK_EXEC,
    CHECK_PUSH,       /* not measured: somebody reports */
    CHECK_CALCULATED, /* not measured: it follows from other checks */
    CHECK_TYPE_COUNT  /* types that the checker does not measure itself go in front of it and have no probe */
};

/* Which step of a check its latency is.  Each is a step alone, so that a reused connection changes none. */
enum latency_of {
    LATENCY_OF_CONNECT,    /* TCP; of dns and icmp from the question to the reply */
    LATENCY_OF_TLS,        /* the handshake, behind the connect */
    LATENCY_OF_FIRST_BYTE, /* from the request, or what tcp says, to the first byte of the reply */
    LATENCY_OF_COUNT
};
extern const char *const latency_of_names[]; /* ends with NULL */

struct code_range {
    uint16_t low, high;
};

/* Off while `flaps` is 0. */
struct check_damping {
    uint16_t flaps; /* falls within `within_ms` that hold an endpoint down */
    uint32_t within_ms;
    uint32_t hold_ms; /* the first time; doubles with each hold that follows soon */
};

/* A health check definition; immutable, shared by reference count among its bindings. */
struct check {
    _Atomic uint32_t references;
    char *name;
    enum check_type type;
    uint32_t interval_ms, timeout_ms; /* of push: ttl_ms and 0, the pace of bad results while it is silent; of
                                         calculated: 0 */
    uint8_t says;                     /* CHECK_SAYS_… */
    uint16_t rise, fall;              /* results in a row that turn the verdict, >= 1 */
    uint16_t port;                    /* 0: the scheme's */
    char *target_host;       /* connect there instead of the endpoint's address; NULL: the endpoint's */
    struct address source;   /* connect from there; NONE: as the system likes */
    uint32_t jitter_percent; /* of the interval: a start may come that much earlier */
    bool confirm;            /* a first failure counts only if another check right after it fails too */
    struct check_damping damping;
    uint8_t latency_of; /* enum latency_of */
    /* http and https */
    char *path;        /* "/" at least */
    char *method;      /* "GET" */
    char *host_header; /* NULL: the address; also of grpc */
    char **headers;    /* "Name: value" */
    size_t header_count;
    char *body;          /* of the request; NULL: none */
    char *body_contains; /* NULL: not looked at */
    char *body_matches;  /* POSIX extended regular expression; NULL: not looked at */
    struct code_range codes[CHECK_CODE_RANGES_MAX];
    uint8_t code_count;
    uint8_t redirects; /* followed at most, on the endpoint itself */
    uint32_t reuse_ms; /* a connection serves that long; 0: a fresh one for every check */
    /* https, tls, and grpc if it uses_tls */
    bool uses_tls;           /* grpc only; https and tls do anyway */
    char *sni;               /* NULL: host_header, else none */
    char *ca_file;           /* NULL: the system's */
    bool verify;             /* the certificate; on by default */
    uint64_t warn_before_ms; /* of the certificate's end */
    /* tcp */
    char *send;   /* said after the connect; NULL: nothing */
    char *expect; /* must come back; NULL: nothing has to */
    /* dns */
    char *query; /* name to ask for */
    uint16_t query_type;
    uint16_t rcode; /* expected */
    char *answer;   /* an answer of that type that must be there; NULL: none has to */
    /* grpc */
    char *service; /* NULL: the server as a whole */
    /* exec */
    char **command; /* absolute path and arguments */
    size_t command_count;
    /* push */
    uint32_t ttl_ms; /* a report holds that long; 0: another type */
    /* calculated */
    char **inputs; /* "web", "!maintenance": names of checks of the same endpoint */
    size_t input_count;
    uint16_t needed; /* so many inputs must be good */
};

/** The check that an input names, and whether it is good while that is down. */
static inline const char *check_input_name(const char *input)
{
    return input[0] == '!' ? input + 1 : input;
}
static inline bool check_input_is_negated(const char *input)
{
    return input[0] == '!';
}

struct check *check_acquire(struct check *check);
void check_release(struct check *check); /* frees the last one */
struct check *check_copy(const struct check *check);

/** Whether both mean the same thing to go on measuring: equal in every option. */
bool check_equal(const struct check *a, const struct check *b);

/** "http": as in steering.json. */
const char *check_type_name(enum check_type type);

/** The rdata that `answer` stands for, names in lowercase; false if it is none of the type asked for. */
bool check_answer_rdata(const struct check *check, uint8_t out[CHECK_RDATA_SIZE_MAX], size_t *size);

/* One endpoint under one check.  The key says when two bindings are the same thing to go on measuring. */
struct check_binding {
    uint32_t endpoint_slot;
    struct check *check; /* holds a reference */
    struct address
        address; /* the endpoint's IPv4, or IPv6 if it has no IPv4; NONE if target_host or hostname is used */
    char *hostname;      /* presentation format; NULL if there is an address */
    bool is_input;       /* of another check of the endpoint, and nothing more: it does not decide itself */
    char *endpoint_name; /* "us/us-east-1", for logs and metrics */
};
