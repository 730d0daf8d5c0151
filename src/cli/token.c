/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_FILE_DEFAULT "/var/lib/steerd/admin.token"

/* A token goes into a header line: nothing in it may end that line. */
static bool take(const char *text, const char *where, char out[TOKEN_SIZE_MAX], struct error *err)
{
    size_t size = strcspn(text, "\r\n");
    if (size == 0 || size >= TOKEN_SIZE_MAX || strspn(text + size, "\r\n") != strlen(text + size))
        return error_set(err, "%s holds no token: one line is expected", where);
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return error_set(err, "%s holds no token: it has blanks or other odd characters", where);
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static bool take_file(const char *file, char out[TOKEN_SIZE_MAX], struct error *err)
{
    char text[TOKEN_SIZE_MAX + 2];
    FILE *from = fopen(file, "re");
    if (from == NULL)
        return error_set(err, "cannot read the token in %s: %s", file, strerror(errno));
    size_t size = fread(text, 1, sizeof text - 1, from);
    text[size] = '\0';
    fclose(from);
    return take(text, file, out, err);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

bool token_is_named(const char *file)
{
    return file != NULL || variable("STEERD_TOKEN") != NULL || variable("STEERD_TOKEN_FILE") != NULL;
}

bool token_find(const char *file, char out[TOKEN_SIZE_MAX], struct error *err)
{
    if (file == NULL && variable("STEERD_TOKEN") != NULL)
        return take(variable("STEERD_TOKEN"), "STEERD_TOKEN", out, err);
    if (file == NULL)
        file = variable("STEERD_TOKEN_FILE");
    return take_file(file != NULL ? file : TOKEN_FILE_DEFAULT, out, err);
}
