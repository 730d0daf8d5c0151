/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

/* A file that whole lines are appended to.  One thread. */
struct line_file {
    const char *path; /* borrowed */
    int fd;           /* -1: not open */
    bool is_torn;     /* its last line has no end */
    bool is_failing;  /* and that was said */
};

bool line_file_open(const char *path, struct line_file *out, struct error *err);
void line_file_close(struct line_file *file);
/** After somebody has renamed it: goes on in a new one. */
void line_file_reopen(struct line_file *file);
/** Appends lines.  False, and said once in the log: they are lost. */
bool line_file_append(struct line_file *file, const struct text *lines);
