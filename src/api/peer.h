/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/who.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* Who is at the other end of a unix socket: the kernel knows (SO_PEERCRED), as of the moment of connect. */

/** The user's number; false if the socket is none of the unix kind. */
bool peer_user(int fd, uint32_t *uid);

/** Who that is, by the settings: without any, root and the user that runs steerd are admin, who can read the
 * admin token anyway.  A user's own row counts before those of groups, and of these the greatest role.  False
 * if he is nobody here. */
bool peer_identify(int fd, const struct settings *settings, struct who *out);
