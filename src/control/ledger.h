/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/control_parts.h"

/* Tokens and audit: control hands them to the store and back; nothing else depends on them. */

/** True if the command is one of these, and was sent to the store. */
bool ledger_ask(struct control *control, struct command *command);
/** True if the job is one of these; its command is answered. */
bool ledger_came(struct store_job *job);
