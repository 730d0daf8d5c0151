/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "config/problems.h"

#include <stdbool.h>
#include <stddef.h>

struct settings_listen {
    struct address address; /* NONE for a unix socket */
    uint16_t port;
    char *unix_path; /* NULL for TCP */
};

/* How many alike replies one client network gets over UDP. */
struct settings_rate_limit {
    unsigned responses_per_second; /* 0: no limit */
    unsigned slip; /* one of so many limited replies is truncated instead of dropped; 0: none */
    unsigned ipv4_prefix, ipv6_prefix; /* bits of a client network */
    struct prefix *exempt;
    size_t exempt_count;
};

/* Who is told of events. */
struct settings_webhook {
    char *url;
    char *secret_file; /* NULL: not signed */
    char **events;     /* kinds; NULL: all */
    size_t event_count;
};
void settings_webhooks_free(struct settings_webhook *list, size_t count);

#define EVENT_COMMAND_ARGUMENTS_MAX 32

/* What is run for each event. */
struct settings_event_command {
    char **command; /* path and arguments; NULL: nothing is run */
    size_t command_count;
    char **events; /* kinds; none: all */
    size_t event_count;
    uint32_t timeout_ms;
};

/* Where a sample of the queries goes. */
struct settings_query_log {
    char *path;      /* a file, or a unix socket; NULL: nowhere */
    uint32_t chance; /* share of the queries; UINT32_MAX: all */
};

/* Who needs no token, and what he may do. */
struct settings_grant {
    char *name; /* "user:alice", "group:ops"; of a certificate its common or alternative name */
    char *role; /* "viewer", "operator", "admin" */
    bool is_group;
    uint32_t id; /* of the user or group */
};
void settings_grants_free(struct settings_grant *list, size_t count);

/* Files in PEM. */
struct settings_tls {
    char *certificate, *key; /* NULL: no TLS */
    char *client_ca;         /* NULL: clients show no certificates */
    struct settings_grant *clients;
    size_t client_count;
    bool requires_client;
};

/* steerd.json: what belongs to this server.  Paths are absolute after loading (relative ones are relative to
 * the file). */
struct settings {
    struct settings_listen *listen; /* DNS */
    size_t listen_count;
    struct settings_listen *api_listen;
    size_t api_listen_count;
    unsigned api_connections;            /* default 16384 */
    unsigned api_connections_per_client; /* default 256 */
    char *token_file;                    /* default: state_dir/admin.token */
    struct settings_tls tls;             /* of the API */
    struct settings_grant *peers;        /* of the unix socket; NULL: root and the daemon's user are admin */
    size_t peer_count;
    char *unix_group; /* of the unix socket; NULL: as it comes */
    unsigned workers; /* default: number of cores */
    char *user;       /* NULL: "steerd" if it exists, else "nobody", when started as root */
    unsigned *cpus;   /* of the workers, in turn; NULL: any */
    size_t cpu_count;
    unsigned spin_us;                     /* 0: a worker sleeps at once */
    unsigned receive_buffer, send_buffer; /* bytes; 0: not said */
    unsigned busy_poll_us;
    char *state_dir;
    char *steering; /* path of the steering file; NULL: none, what is steered comes by the API */
    char **geoip;   /* MMDB paths */
    size_t geoip_count;
    char *nsid;                       /* NULL: none */
    char *version;                    /* answer to version.bind in class CHAOS; NULL: refused */
    char *identity;                   /* answer to id.server; NULL: the nsid, if there is one */
    bool is_file_mode;                /* "steering_mode": "file" */
    unsigned udp_size;                /* 512..4096, default 1232 */
    unsigned udp_size_without_cookie; /* 0: udp_size */
    bool has_cookies;                 /* default true */
    bool requires_cookie;
    char *cookie_secret_file; /* default: state_dir/cookie.secrets */
    struct settings_rate_limit rate_limit;
    struct prefix *explain_allow; /* whose queries may ask for an id to explain the answer by; none: nobody */
    size_t explain_allow_count;
    unsigned explain_option;                  /* EDNS option code that asks so */
    unsigned tcp_connections;                 /* default 1000 */
    unsigned tcp_connections_per_client;      /* default 100 */
    unsigned tcp_idle_ms;                     /* default 10 s */
    unsigned keep_generations;                /* default 1000 */
    unsigned checks_concurrent;               /* default 2000 */
    unsigned checks_per_address;              /* of these; default 100 */
    struct settings_listen *resolver_servers; /* for hostnames; none: /etc/resolv.conf */
    size_t resolver_server_count;
    uint32_t resolver_stale_ms; /* how long addresses stay while they fail; default 1 day */
    bool exec_checks;           /* whether health checks may run programs */
    unsigned keep_events;       /* default 100,000 */
    uint64_t keep_events_ms;    /* default 90 days */
    unsigned keep_audit;        /* default 1,000,000 */
    uint64_t keep_audit_ms;     /* default 365 days */
    uint32_t keep_verdicts_ms;  /* older ones count as unknown after a restart; default 10 min */
    struct settings_listen *reference_targets; /* TCP: silent only when we are cut off ourselves */
    size_t reference_target_count;
    struct settings_webhook *webhooks;
    size_t webhook_count;
    struct settings_event_command event_command;
    struct settings_query_log query_log; /* JSON lines */
    struct settings_query_log dnstap;
};

/** Loads and validates; all problems are noted.  False if there were errors (`out` is then empty). */
bool settings_load(const char *file, struct problems *problems, struct settings *out);
void settings_free(struct settings *settings);
