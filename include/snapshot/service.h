/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/node.h"

/* What happens when nothing below the root is available. */
enum all_down { ALL_DOWN_SERVE_ALL, ALL_DOWN_NODATA, ALL_DOWN_SERVFAIL, ALL_DOWN_TARGET };

/*
 * What all HTTPS or SVCB RRs of a service have in common.  The hints come in between, since the keys ascend
 * (RFC 9460 §2.2):
 *
 *     [ head: priority, target, mandatory … port | ipv4hint | tail: ech | ipv6hint ]
 */
#define SERVICE_BINDING_SIZE_MAX 2048

struct service_binding {
    uint16_t head_size, tail_size; /* together at most SERVICE_BINDING_SIZE_MAX */
    bool has_target;               /* behind the priority; else it is the owner */
    uint8_t bytes[];
};

/* The MX or SRV RRs of a service: the hostnames of endpoints, in the order of the policy. */
struct service_names {
    uint16_t first, step; /* preference or priority of the first rank, and from one to the next */
    uint16_t port;        /* SRV */
    struct child root;
};

/* What few services have, apart from those that do not. */
struct service_more {
    struct child sorry;          /* ALL_DOWN_TARGET only */
    int64_t higher_ttl_until_ms; /* wall time: when the last answer with a higher TTL that it had before
                                    expires; 0: it had none */
    const struct service_binding *https, *svcb; /* NULL: it has none */
    const struct service_names *mx, *srv;       /* NULL: it has none */
    uint32_t failover_ms;                       /* objective, which TTL and checks keep; 0: none */
};
extern const struct service_more service_plain; /* of those that have nothing of it */

/* A steered owner name.  One block with the private nodes, endpoints and strings of its tree.  It is smaller
 * than a cache line, and the root's node follows. */
struct service {
    uint32_t id; /* stable across datasets, for tickets; < 2^24 */
    uint32_t ttl_s;
    uint32_t min_ttl_s; /* the TTL is not shortened below it */
    uint8_t when_all_down;
    bool uses_ecs;
    union {
        struct {
            bool has_affinity : 1;     /* the client's network draws, not a ticket: a client keeps its site */
            bool is_cname : 1;         /* all endpoints are hostnames, and the owner may hold a CNAME */
            bool has_names : 1;        /* else, and some are: their addresses are answered */
            bool has_no_addresses : 1; /* A and AAAA are not its business: only names with an order are */
        };
        uint8_t unusual; /* 0: nothing of all that */
    };
    struct child root;               /* of its addresses, else the first of its others */
    const struct service_more *more; /* never NULL in a dataset */
    const char *name;                /* "www.example.com" */
};
