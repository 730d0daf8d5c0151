/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/body.h"

#include <stdio.h>

void body_complain(const struct document *body, struct problems *problems, const char *pointer,
                   const char *key, const char *what)
{
    char place[64];
    unsigned line, column;
    snprintf(place, sizeof place, "%s%s%s", pointer, key[0] != '\0' ? "/" : "", key);
    document_locate(body, (struct span){ 0, body->size }, place, &line, &column);
    problems_add(problems, NULL, line, column, place, "%s", what);
}
