/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>

/* What went wrong, in words for the operator: from the outside in, ending with what to change. */
struct error {
    char text[1024];
};

/** Replaces the text.  Returns false, so that a check is one line; `err` may be NULL. */
bool error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Puts "context: " in front of what is there.  Returns false. */
bool error_within(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
