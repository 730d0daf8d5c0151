/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"

/*
 * Every attempt to change something is written down.  What was accepted becomes durable together with its
 * entry; a refusal is written down right after.  Strangers get so many lines a minute: they shall not fill
 * the disk.
 */
struct audit_log;

struct audit_log *audit_log_new(void);
void audit_log_free(struct audit_log *log); /* NULL is a no-op */

/** Gives the command the entry that becomes durable with what it does. */
void audit_log_give(const struct request *request, struct command *command);

/** The reply is known: writes it down unless that is done, or it is no write. */
void audit_log_reply(struct request *request);
