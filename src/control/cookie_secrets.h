/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/settings.h"
#include "snapshot/server_keys.h"

/*
 * The file of the cookies' secrets: lines of 32 hexadecimal digits, empty lines, and comments from # on.  The
 * first secret makes cookies, all are accepted; so a fleet that shares the file rolls them (RFC 9018 §5):
 * append the new secret everywhere, move it to the front everywhere, remove the old one an hour later.
 */

/**
 * Reads the file.  With `makes`, one that is not there is made with a fresh secret (mode 0600); without, it
 * is only looked at as far as this user may, and `out` may be NULL, as it is without cookies.  The caller
 * frees `out`.
 */
bool cookie_secrets_load(const struct settings *settings, bool makes, struct server_keys **out,
                         struct error *err);
