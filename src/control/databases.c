/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/databases.h"

#include "base/log.h"
#include "base/memory.h"
#include "config/mmdb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What tells one state of a file from another. */
struct stamp {
    off_t size;
    struct timespec changed;
    ino_t inode;
};

struct databases {
    char *const *paths;
    size_t count;
    struct stamp *stamps;
};

struct databases *databases_new(const struct settings *settings)
{
    struct databases *databases = xcalloc(1, sizeof *databases);
    databases->paths = settings->geoip;
    databases->count = settings->geoip_count;
    databases->stamps = xcalloc(databases->count, sizeof *databases->stamps);
    return databases;
}

void databases_free(struct databases *databases)
{
    if (databases == NULL)
        return;
    free(databases->stamps);
    free(databases);
}

static struct stamp stamp_of(const char *path)
{
    struct stat status;
    struct stamp stamp;
    memset(&stamp, 0, sizeof stamp); /* compared bytewise */
    if (stat(path, &status) == 0) {
        stamp.size = status.st_size;
        stamp.changed = status.st_mtim;
        stamp.inode = status.st_ino;
    }
    return stamp;
}

bool databases_have_changed(const struct databases *databases)
{
    for (size_t i = 0; i < databases->count; i++) {
        struct stamp now = stamp_of(databases->paths[i]);
        if (memcmp(&now, &databases->stamps[i], sizeof now) != 0)
            return true;
    }
    return false;
}

struct geo *databases_load(struct databases *databases, bool *is_good)
{
    struct error err;
    struct geo *geo = NULL;
    for (size_t i = 0; i < databases->count; i++)
        databases->stamps[i] = stamp_of(databases->paths[i]);
    *is_good = true;
    if (databases->count == 0)
        return NULL;
    *is_good = mmdb_load(databases->paths, databases->count, &geo, &err);
    if (*is_good)
        log_notice("locations: %s", geo->source);
    else
        log_error("%s; the locations stay as they were", err.text);
    return geo;
}
