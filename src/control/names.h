/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "control/chronicle.h"
#include "control/graph.h"
#include "health/checker.h"

/*
 * The hostnames of endpoints: who has to look again when their addresses change, and who resolves them.  They
 * are resolved while some service answers with addresses of hostnames.
 */
struct names;

struct names *names_new(void);
void names_free(struct names *names);

void names_set_checker(struct names *names, struct checker *checker);

/** Takes in what one compilation changed: `edit` is of conditions.names. */
void names_take(struct names *names, const struct compiled *compiled, struct paged_edit *edit,
                struct edition *edition);

/** Takes in what the name servers said: false if the name went meanwhile. */
bool names_resolve(struct names *names, const struct name_report *report, struct graph *graph,
                   struct chronicle *chronicle, struct paged_edit *edit, struct edition *edition);

/** Names that wait for their first answer. */
size_t names_unresolved(const struct names *names);
