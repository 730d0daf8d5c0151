/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Somebody wanted to change something: who, from where, what, and what became of it. */
struct audit_entry {
    uint64_t number; /* ascends; given by the store */
    int64_t wall_ms;
    char *who;  /* name of the token, of the certificate or of the user; "": a stranger.  No string is NULL */
    char *how;  /* what proved it: "token", "bootstrap", "certificate", "socket", "" */
    char *from; /* address, or "unix" with user and group */
    char *method; /* "PATCH" */
    char *target; /* the path, without its query */
    char *comment;
    char *detail; /* why it was refused */
    unsigned status;
    bool is_dry_run;
    uint64_t generation; /* the head after it; 0: it makes none */
};

struct audit {
    struct audit_entry *items;
    size_t count, room;
};

/** Adds a copy; NULL counts as "". */
struct audit_entry *audit_add(struct audit *audit, const struct audit_entry *entry);
/** Moves all of `from` behind `to`. */
void audit_move(struct audit *to, struct audit *from);
void audit_free(struct audit *audit);

/* Which ones are wanted; newest first. */
struct audit_filter {
    uint64_t before; /* numbers below it; 0: the newest */
    unsigned most;
    bool only_refused;
    char *who, *target; /* owned; NULL: anybody, anything; a target means what begins with it, too */
};
