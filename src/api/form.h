/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The forms of the bodies that requests and replies have, for the OpenAPI document: a row a member.  Forms of
 * what is configured come from the tables of config; they are named here as `check`, `pool`, `zone` …
 *
 * A type is a word of this grammar:
 *
 *     string integer number boolean time any     time: RFC 3339
 *     up|down|drain                              one of these words
 *     NAME                                       another form
 *     [TYPE]                                     a list
 *     page of NAME                               {"items": [NAME], "next": cursor or null}
 *     patch of NAME                              a JSON Merge Patch
 *     TYPE?                                      or null
 *     NAME or NAME                               either
 */
struct member {
    const char *name; /* "~name": may be absent */
    const char *type;
    const char *doc;
};

struct form {
    const char *name;
    const char *doc;
    const char *with; /* a form of config whose members it has beside its own; NULL: none */
    bool is_open;     /* may have members that are not named here */
    const struct member *members;
    size_t count;
};

#define FORM(name, doc, members)                                             \
    {                                                                        \
        name, doc, NULL, false, members, sizeof(members) / sizeof *(members) \
    }

extern const struct form explain_forms[]; /* forms_explain.c */
extern const size_t explain_form_count;
extern const struct form access_forms[]; /* forms_access.c */
extern const size_t access_form_count;

/** Walks the forms: index from 0; NULL at the end. */
const struct form *form_at(size_t index);

/** Appends the JSON Schema of a type, with the members of `doc` in front; `doc` may be NULL. */
void form_describe_type(struct text *out, const char *type, const char *doc);
/** Appends the JSON Schema of the form, without what `with` brings. */
void form_describe(struct text *out, const struct form *form);
