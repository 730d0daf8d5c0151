/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/cli.h"
#include "cli/options.h"

/* One row, one thing steerctl can do: dispatch, help, completion and the manual are made of it. */
struct command_row {
    const char *name;
    const char *arguments; /* what follows the name; options are listed by their bits */
    const char *summary;
    int arguments_least, arguments_most;
    unsigned options; /* enum option_bit: those it takes */
    enum cli_exit (*run)(const struct options *options);
    const char *completes; /* its first argument, as option_row has it */
    const char *doc;       /* what the summary does not say, in sentences; "" if that is all */
};

const struct command_row *command_find(const char *name);
/** Says that there is no such command, and which one may be meant.  Returns false. */
bool command_refuse(const char *name, struct error *err);
/** Walks the rows: index from 0; NULL at the end. */
const struct command_row *command_at(size_t index);

/** "steerctl: …" on standard error.  Returns `code`. */
enum cli_exit command_complain(enum cli_exit code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The same of arguments that do not go together: CLI_USAGE. */
enum cli_exit command_complain_usage(const struct command_row *command);

/* what the rows name */
enum cli_exit command_status(const struct options *options);
enum cli_exit command_health(const struct options *options);
enum cli_exit command_endpoints(const struct options *options);
enum cli_exit command_overrides(const struct options *options);
enum cli_exit command_set_weight(const struct options *options);
enum cli_exit command_override(const struct options *options); /* up, down, drain */
enum cli_exit command_undrain(const struct options *options);
enum cli_exit command_check(const struct options *options);
enum cli_exit command_explain(const struct options *options);
enum cli_exit command_records(const struct options *options);
enum cli_exit command_set_record(const struct options *options);
enum cli_exit command_delete_record(const struct options *options);
enum cli_exit command_events(const struct options *options);
enum cli_exit command_generations(const struct options *options);
enum cli_exit command_rollback(const struct options *options);
enum cli_exit command_diff(const struct options *options);
enum cli_exit command_list(const struct options *options);
enum cli_exit command_get(const struct options *options);
enum cli_exit command_edit(const struct options *options);
enum cli_exit command_put(const struct options *options);
enum cli_exit command_delete(const struct options *options);
enum cli_exit command_latency(const struct options *options);
enum cli_exit command_wait(const struct options *options);
enum cli_exit command_top(const struct options *options);
enum cli_exit command_names(const struct options *options);
enum cli_exit command_completion(const struct options *options);
enum cli_exit command_apply(const struct options *options);
enum cli_exit command_token(const struct options *options);
enum cli_exit command_audit(const struct options *options);
enum cli_exit command_backup(const struct options *options);
enum cli_exit command_reload(const struct options *options);
enum cli_exit command_check_config(const struct options *options);
enum cli_exit command_version(const struct options *options);
enum cli_exit command_help(const struct options *options);
