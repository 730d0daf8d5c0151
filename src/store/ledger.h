/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/store.h"

/* Who may change things (tokens), and who wanted to (audit). */

/** Fails if there is one of that name. */
bool ledger_put_token(struct database *db, const struct token *token, struct error *err);
/** Done also when there was none. */
bool ledger_delete_token(struct database *db, const char *name, struct error *err);
/** Notes when these were last used; one that is gone stays gone. */
bool ledger_touch_tokens(struct database *db, const struct tokens *tokens, struct error *err);
/** Adds all of them, by name. */
bool ledger_list_tokens(struct database *db, struct tokens *out, struct error *err);

/** Writes them down, with `generation` where it is not 0, and now and then forgets what is beyond
 * `keep`. */
bool ledger_put_audit(struct database *db, const struct audit *audit, uint64_t generation,
                      const struct store_history *keep, struct error *err);
/** Adds those that match, newest first. */
bool ledger_list_audit(struct database *db, const struct audit_filter *filter, struct audit *out,
                       struct error *err);
