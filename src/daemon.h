/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/log.h"
#include "config/settings.h"

/** Opens everything, serves until a signal or a successor says to stop, closes.  Returns the exit status. */
int daemon_run(const struct settings *settings, const char *config, enum log_level level);
