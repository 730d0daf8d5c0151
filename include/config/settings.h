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

/* steerd.json: what belongs to this server.  Paths are absolute after loading (relative ones are relative to
 * the file). */
struct settings {
    struct settings_listen *listen; /* DNS */
    size_t listen_count;
    struct settings_listen *api_listen;
    size_t api_listen_count;
    char *token_file; /* default: state_dir/admin.token */
    unsigned workers; /* default: number of cores */
    char *user;       /* NULL: "steerd" if it exists, else "nobody", when started as root */
    char *state_dir;
    char *steering; /* path of the steering file; NULL: none, what is steered comes by the API */
    char **geoip;   /* MMDB paths */
    size_t geoip_count;
    char *nsid;                /* NULL: none */
    bool is_file_mode;         /* "steering_mode": "file" */
    unsigned udp_size;         /* 512..4096, default 1232 */
    unsigned tcp_connections;  /* default 1000 */
    unsigned tcp_idle_ms;      /* default 10 s */
    unsigned keep_generations; /* default 1000 */
};

/** Loads and validates; all problems are noted.  False if there were errors (`out` is then empty). */
bool settings_load(const char *file, struct problems *problems, struct settings *out);
void settings_free(struct settings *settings);
