/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/settings.h"

/** The resolvers to ask, as the checker wants them; NULL: the system's.  The caller frees it. */
char *name_servers_of(const struct settings *settings);
