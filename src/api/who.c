/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/who.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [ROLE_NONE] = NULL,
    [ROLE_VIEWER] = "viewer",
    [ROLE_OPERATOR] = "operator",
    [ROLE_ADMIN] = "admin",
};

const char *role_name(enum role role)
{
    return names[role];
}

enum role role_parse(const char *name)
{
    for (enum role role = ROLE_VIEWER; role <= ROLE_ADMIN; role++)
        if (strcmp(names[role], name) == 0)
            return role;
    return ROLE_NONE;
}

void who_set(struct who *who, enum role role, const char *name, const char *how, const char *scope)
{
    who_clear(who);
    who->role = role;
    who->name = xstrdup(name);
    who->how = how;
    who->scope = xstrdup(scope);
}

void who_clear(struct who *who)
{
    free(who->name);
    free(who->scope);
    *who = (struct who){ 0 };
}
