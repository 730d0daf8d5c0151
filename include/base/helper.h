/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* A program that is run with nothing of ours: a process group of its own, no descriptors but its input and
 * output, no way to more privileges, no capabilities, low priority, limits. */
struct helper {
    const char *path;
    char *const *arguments;   /* ends with NULL */
    char *const *environment; /* ends with NULL */
    int input_fd;             /* its standard input; -1: nothing to read */
    int output_fd;            /* its standard output and error */
    uint32_t cpu_most_s;
};

/** Starts it; the pid is also its process group.  -1 with errno on failure.  What goes wrong in the child
 * ends it with code 127 and a word on its output. */
pid_t helper_start(const struct helper *helper);
