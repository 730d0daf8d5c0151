/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/check.h"
#include "field.h"

#define DAMP_FLAPS_MAX 16

/* Types of options that only checks have, and what their texts must be. */
extern const char *const check_type_names[]; /* by enum check_type, ends with NULL */

extern const struct field_type type_codes;      /* struct check: codes, code_count */
extern const struct field_type type_source;     /* struct address */
extern const struct field_type type_headers;    /* char **: "Name: value", and its count */
extern const struct field_type type_query_type; /* uint16_t */

extern const struct field_type type_require; /* uint16_t; 0: all */

bool input_accept(const char *text, struct error *err);
bool method_accept(const char *text, struct error *err);
bool regex_accept(const char *text, struct error *err);
bool dns_name_accept(const char *text, struct error *err);
