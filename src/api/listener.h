/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/settings.h"

/* A listening socket of the API, TCP or unix. */
struct listener {
    int fd;
    char *unix_path; /* NULL for TCP */
    char *name;      /* as the configuration writes it, for messages */
};

/** Binds and listens.  A unix socket gets mode 0660 and the group that the settings name; one that nobody
 * serves any more is replaced, any other file in its place is left alone and refused. */
bool listener_open(const struct settings_listen *from, const struct settings *settings, struct listener *out,
                   struct error *err);

/** Closes, and takes the unix socket's name away. */
void listener_close(struct listener *listener);
