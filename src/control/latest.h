/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/*
 * Rows that wait for the disk, in the order in which they came, of which only the last one that speaks of a
 * thing counts.  While they are few nobody looks; when there is no room for one more, those that a later one
 * says again go, and only if that makes too little room there will be more.  So a disk that hangs costs as
 * much memory as there are things to speak of, and the usual row costs its copy.
 */
struct latest_kind {
    size_t size;                   /* of a row */
    char *(*key)(const void *row); /* what it speaks of; the caller frees it */
    void (*release)(void *row);    /* frees what the row owns */
};

struct latest {
    const struct latest_kind *kind;
    void *rows; /* owned */
    size_t count, room;
};

/** The place of one more row, zeroed. */
void *latest_add(struct latest *latest);

/** Hands the rows to the caller; none are left. */
void latest_take(struct latest *latest, void *rows, size_t *count);

/** Takes rows back that were handed out, and came before those that are there now. */
void latest_put_back(struct latest *latest, void *rows, size_t count);

void latest_free(struct latest *latest);
