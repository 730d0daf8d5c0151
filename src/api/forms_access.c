/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens and audit, as form.h says. */
#include "api/form.h"

static const struct member scope_members[] = {
    { "pools", "[string]", "pools that it reaches" },
    { "zones", "[string]", "zones that it reaches, with all in them" },
    { "checks", "[string]", "checks that it reaches" },
};
static const struct member new_members[] = {
    { "name", "string", "what it is called in histories; letters, digits, dots, dashes, underscores" },
    { "role", "viewer|operator|admin", "what it may do" },
    { "~pools", "[string]", "with any of these three it reaches nothing else: pools …" },
    { "~zones", "[string]", "… zones, with all in them …" },
    { "~checks", "[string]", "… checks" },
    { "~expires", "string", "a duration from now, as \"90d\"; never by default" },
    { "~comment", "string", "what it is for" },
};
static const struct member token_members[] = {
    { "name", "string", "its name" },
    { "role", "viewer|operator|admin", "what it may do" },
    { "scope", "scope?", "what it reaches; null: everything" },
    { "made", "time", "when it was made" },
    { "expires", "time?", "when it ends; null: never" },
    { "used", "time?", "when it was last used, to the minute; null: never" },
    { "expired", "boolean", "whether it has ended" },
    { "author", "string", "who made it" },
    { "comment", "string?", "what it is for" },
    { "~token", "string", "the secret, when it is made and never again" },
};
static const struct member revoked_members[] = {
    { "name", "string", "of the token" },
    { "revoked", "boolean", "true" },
};
static const struct member whoami_members[] = {
    { "name", "string", "of the token, the certificate or the user" },
    { "role", "viewer|operator|admin", "what it may do" },
    { "how", "bootstrap|token|certificate|socket", "what proved it" },
    { "scope", "scope?", "what it reaches; null: everything" },
};
static const struct member audit_members[] = {
    { "number", "integer", "ascends" },
    { "time", "time", "when" },
    { "who", "string?", "name of the token, the certificate or the user; null: a stranger" },
    { "how", "string?", "what proved it" },
    { "from", "string", "address, or \"unix\" with the number of the user" },
    { "method", "string", "what was wanted …" },
    { "target", "string", "… of what" },
    { "status", "integer", "what came of it; below 400 it was done" },
    { "dry_run", "boolean", "whether it was only to be tried" },
    { "generation", "integer?", "the configuration after it" },
    { "comment", "string?", "what the author said" },
    { "detail", "string?", "why it was refused" },
};

const struct form access_forms[] = {
    FORM("scope", "what a token reaches", scope_members),
    FORM("new_token", "a token to be made", new_members),
    FORM("token", "a token without its secret", token_members),
    FORM("revoked", "a token that opens nothing any more", revoked_members),
    FORM("whoami", "who somebody is", whoami_members),
    FORM("audit_entry", "somebody wanted to change something", audit_members),
};
const size_t access_form_count = sizeof access_forms / sizeof *access_forms;
