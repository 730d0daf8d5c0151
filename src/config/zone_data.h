/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/problems.h"

/*
 * The contents of a zone's master file as one text that stands alone.  A file that includes no other is its
 * own text.  With those that it includes it becomes
 *
 *     ;steerd zone data 1
 *     ;file 57 zones/example.com.zone
 *     … 57 lines …
 *     ;file 12 zones/hosts.inc
 *     … 12 lines …
 *
 * The first is the zone's own file.  Files are found by their names, which $INCLUDE makes of the including
 * file's directory and what it says.  Lines are counted instead of bytes: the text may be escaped on its way
 * through JSON.
 */
struct zone_data_part {
    char *file;       /* name, for messages and includes; NULL: a text without a name of its own */
    const char *text; /* borrowed */
    size_t size;
};

struct zone_data {
    struct zone_data_part *parts; /* the first is where reading begins */
    size_t count;
};

#define ZONE_DATA_SIZE_MAX     ((size_t)900 << 20) /* bytes: what one row of the store can hold */
#define ZONE_INCLUDE_DEPTH_MAX 8                   /* of files within files */
#define ZONE_INCLUDE_COUNT_MAX 1000                /* in one zone, however often the same file */

/** Takes `text` apart.  False: it begins like a container but is none. */
bool zone_data_open(const char *text, size_t size, struct zone_data *out, struct error *err);
void zone_data_close(struct zone_data *data);

/** The file that `$INCLUDE written` means within `file` (NULL: none is known).  The caller frees it. */
char *zone_data_name(const char *file, const char *written);
/** The part of that name, or NULL. */
const struct zone_data_part *zone_data_find(const struct zone_data *data, const char *name);

/**
 * Reads `path` and all that it includes.  Files must lie in the directory of `path`, in `root`, or below:
 * whoever may write a zone file may not publish what else the server can read.  NULL with problems noted, at
 * the including line; if `path` itself cannot be read, `err` says why and nothing is noted.  The caller frees
 * the text.
 */
char *zone_data_load(const char *path, const char *root, size_t *size, struct problems *problems,
                     struct error *err);
