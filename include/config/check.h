/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECK_CODE_RANGES_MAX 8

enum check_type { CHECK_HTTP, CHECK_HTTPS, CHECK_TCP };

struct code_range {
    uint16_t low, high;
};

/* A health check definition; immutable, shared by reference count among its bindings. */
struct check {
    _Atomic uint32_t references;
    char *name;
    enum check_type type;
    uint32_t interval_ms, timeout_ms;
    uint16_t rise, fall; /* results in a row that turn the verdict, >= 1 */
    uint16_t port;       /* 0: the scheme's */
    char *target_host;   /* connect there instead of the endpoint's address; NULL: the endpoint's */
    /* http and https */
    char *path;          /* "/" at least */
    char *method;        /* "GET" or "HEAD" */
    char *host_header;   /* NULL: the address */
    char *sni;           /* NULL: host_header, else none */
    char *body_contains; /* NULL: not looked at */
    char *ca_file;       /* NULL: the system's */
    bool verify;         /* the certificate; on by default */
    struct code_range codes[CHECK_CODE_RANGES_MAX];
    uint8_t code_count;
    uint32_t jitter_percent; /* of the interval, moves only the phase */
};

struct check *check_acquire(struct check *check);
void check_release(struct check *check); /* frees the last one */

/* One endpoint under one check.  The key says when two bindings are the same thing to go on measuring. */
struct check_binding {
    uint32_t endpoint_slot;
    struct check *check; /* holds a reference */
    struct address
        address; /* the endpoint's IPv4, or IPv6 if it has no IPv4; NONE if target_host or hostname is used */
    char *hostname;      /* presentation format; NULL if there is an address */
    char *endpoint_name; /* "us/us-east-1", for logs and metrics */
};
