/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/* What somebody may do, from less to more.  NONE: a stranger; of a route: no token is needed. */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };

/** "viewer"; NULL for ROLE_NONE. */
const char *role_name(enum role role);
/** ROLE_NONE if there is no such role. */
enum role role_parse(const char *name);

/* Somebody who proved who he is.  Zero-initialised is a stranger. */
struct who {
    enum role role;
    char *name;           /* owned; NULL for a stranger */
    const char *how;      /* "bootstrap", "token", "certificate", "socket"; NULL for a stranger */
    char *scope;          /* owned: lines "pool NAME", "zone NAME", "check NAME"; NULL or "": everything */
    int64_t made_wall_ms; /* of a token */
};

void who_set(struct who *who, enum role role, const char *name, const char *how, const char *scope);
void who_clear(struct who *who);
