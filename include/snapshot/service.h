/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/node.h"

/* What happens when nothing below the root is available. */
enum all_down { ALL_DOWN_SERVE_ALL, ALL_DOWN_NODATA, ALL_DOWN_SERVFAIL, ALL_DOWN_TARGET };

#define SERVICE_HTTPS_SIZE_MAX 512

/* A steered owner name.  One block with the private nodes, endpoints and strings of its tree. */
struct service {
    uint32_t id; /* stable across datasets, for tickets; < 2^24 */
    uint32_t ttl_s;
    uint32_t min_ttl_s; /* the TTL is not shortened below it */
    uint8_t when_all_down;
    bool uses_ecs;
    bool has_affinity;    /* the client's network draws, not a ticket: a client keeps its site */
    bool is_cname;        /* all endpoints are hostnames, and the owner may hold a CNAME */
    bool has_names;       /* else, and some are: their addresses are answered */
    struct child root;    /* CHILD_NODE or CHILD_SHARED or CHILD_ENDPOINT */
    struct child sorry;   /* ALL_DOWN_TARGET only */
    const uint8_t *https; /* start of the rdata of its HTTPS RR, hints follow (RFC 9460 §2.2); NULL: none */
    int64_t higher_ttl_until_ms; /* wall time: when the last answer with a higher TTL that it had before
                                    expires; 0: it had none */
    uint32_t failover_ms;        /* objective, which TTL and checks keep; 0: none */
    uint16_t https_size;         /* at most SERVICE_HTTPS_SIZE_MAX */
    const char *name;            /* "www.example.com" */
};
