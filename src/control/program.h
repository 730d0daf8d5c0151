/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* A helper (base/helper.h) that is waited for. */
struct program {
    char *const *arguments;   /* the path first; ends with NULL */
    char *const *environment; /* ends with NULL */
    const char *input;        /* its standard input */
    uint32_t timeout_ms;
    int wake_fd; /* readable: ask `may_go_on`, which reads it */
    bool (*may_go_on)(void *context);
    void *context;
};

/**
 * Runs it to its end, or kills it with all that it started, when its time is over or it may not go on.  True
 * if it ended with code 0; otherwise `err` says how it ended, and the first line that it said.
 */
bool program_run(const struct program *program, struct error *err);
