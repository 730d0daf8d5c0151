/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * steerctl: the admin API for people.  Scripts read the exit code:
 */
enum cli_exit {
    CLI_DONE = 0,
    CLI_REFUSED = 1,     /* the server said no, or it is not so */
    CLI_USAGE = 2,       /* the command line is wrong */
    CLI_UNREACHABLE = 3, /* no server there */
    CLI_NOT_ALLOWED = 4, /* no token, a wrong one, or too small a role */
    CLI_TOO_LATE = 5,    /* what was waited for has not happened in time */
};

/** Runs one command line; returns the exit code.  Once a process. */
int cli_run(int argc, char **argv);
