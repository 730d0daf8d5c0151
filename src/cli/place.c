/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/place.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_DEFAULT   "http://127.0.0.1:8053"
#define FILE_SIZE_MAX ((size_t)1 << 20)

/* One row, one member of a profile. */
static const struct {
    const char *key;
    size_t offset, option; /* in struct place, in struct options */
    const char *variable;
} members[] = {
    { "url", offsetof(struct place, url), offsetof(struct options, url), "STEERD_URL" },
    { "token_file", offsetof(struct place, token_file), offsetof(struct options, token_file), NULL },
    { "ca", offsetof(struct place, ca), offsetof(struct options, ca), "STEERD_CA" },
    { "cert", offsetof(struct place, cert), offsetof(struct options, cert), "STEERD_CERT" },
    { "key", offsetof(struct place, key), offsetof(struct options, key), "STEERD_KEY" },
};
#define MEMBER_COUNT (sizeof members / sizeof *members)

static const char *variable(const char *name)
{
    const char *value = name != NULL ? getenv(name) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static char *file_name(void)
{
    if (variable("STEERCTL_CONFIG") != NULL)
        return xstrdup(variable("STEERCTL_CONFIG"));
    if (variable("XDG_CONFIG_HOME") != NULL)
        return xasprintf("%s/steerctl.json", variable("XDG_CONFIG_HOME"));
    return variable("HOME") != NULL ? xasprintf("%s/.config/steerctl.json", variable("HOME")) : NULL;
}

/* ---- the file ---- */

/* A file that is not there says nothing, unless it was asked for. */
static bool read_file(const char *name, struct text *out, struct error *err)
{
    char block[4096];
    size_t size;
    FILE *from = name != NULL ? fopen(name, "re") : NULL;
    if (from == NULL && (name == NULL || (errno == ENOENT && variable("STEERCTL_CONFIG") == NULL)))
        return true;
    if (from == NULL)
        return error_set(err, "%s: %s", name, strerror(errno));
    while (out->size <= FILE_SIZE_MAX && (size = fread(block, 1, sizeof block, from)) > 0)
        text_add(out, block, size);
    bool is_read = ferror(from) == 0;
    fclose(from);
    return (is_read && out->size <= FILE_SIZE_MAX) || error_set(err, "%s: cannot be read", name);
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; at != NULL && text < at; text++)
        line += *text == '\n';
    return line;
}

static bool check_profile(const cJSON *profile, struct error *err)
{
    const cJSON *member;
    if (!cJSON_IsObject(profile))
        return error_set(err, "/profiles/%s: must be an object", profile->string);
    cJSON_ArrayForEach(member, profile)
    {
        size_t i = 0;
        while (i < MEMBER_COUNT && strcmp(members[i].key, member->string) != 0)
            i++;
        if (strcmp(member->string, "token") == 0)
            return error_set(err,
                             "/profiles/%s/token: put it into a file of its own, and its name here: "
                             "\"token_file\"",
                             profile->string);
        if (i == MEMBER_COUNT)
            return error_set(err, "/profiles/%s/%s: unknown key: known are url, token_file, ca, cert, key",
                             profile->string, member->string);
        if (!cJSON_IsString(member))
            return error_set(err, "/profiles/%s/%s: must be a string", profile->string, member->string);
    }
    return true;
}

static bool check_file(const cJSON *root, struct error *err)
{
    const cJSON *member, *profile;
    if (!cJSON_IsObject(root))
        return error_set(err, "must be an object");
    cJSON_ArrayForEach(member, root)
    {
        bool is_name = strcmp(member->string, "profile") == 0;
        if (!is_name && strcmp(member->string, "profiles") != 0)
            return error_set(err, "/%s: unknown key: known are profile, profiles", member->string);
        if (is_name ? !cJSON_IsString(member) : !cJSON_IsObject(member))
            return error_set(err, "/%s: must be %s", member->string, is_name ? "a string" : "an object");
        for (profile = is_name ? NULL : member->child; profile != NULL; profile = profile->next)
            if (!check_profile(profile, err))
                return false;
    }
    return true;
}

bool place_parse(const char *name, const char *text, cJSON **out, struct error *err)
{
    const char *end = NULL;
    cJSON *file = cJSON_ParseWithOpts(text, &end, true);
    *out = NULL;
    if (file == NULL)
        return error_set(err, "%s:%u: is no JSON", name, line_of(text, end));
    if (!check_file(file, err)) {
        cJSON_Delete(file);
        return error_within(err, "%s", name);
    }
    *out = file;
    return true;
}

/* `out` is NULL if there is no file. */
static bool load(cJSON **out, struct error *err)
{
    struct text text = { 0 };
    char *name = file_name();
    *out = NULL;
    bool is_good = read_file(name, &text, err) && (text.size == 0 || place_parse(name, text.bytes, out, err));
    text_free(&text);
    free(name);
    return is_good;
}

cJSON *place_profiles(void)
{
    cJSON *file;
    struct error err;
    if (!load(&file, &err))
        return NULL;
    cJSON *profiles = cJSON_DetachItemFromObjectCaseSensitive(file, "profiles");
    cJSON_Delete(file);
    return profiles;
}

/* ---- who says ---- */

static char *expanded(const char *path)
{
    const char *home = variable("HOME");
    return path[0] == '~' && path[1] == '/' && home != NULL ? xasprintf("%s%s", home, path + 1)
                                                            : xstrdup(path);
}

static const cJSON *find_profile(const cJSON *file, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(file, "profiles"), name);
}

static const char *pick(size_t i, const struct options *options, const cJSON *profile)
{
    const char *said = *(const char *const *)((const char *)options + members[i].option);
    const char *in_profile = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(profile, members[i].key));
    if (said != NULL)
        return said;
    return in_profile != NULL ? in_profile : variable(members[i].variable);
}

/* The file's own choice is for who says nothing of a server: its token is not for another one. */
static const char *profile_name(const struct options *options, const cJSON *file)
{
    if (options->profile != NULL || variable("STEERCTL_PROFILE") != NULL)
        return options->profile != NULL ? options->profile : variable("STEERCTL_PROFILE");
    if (options->url != NULL || variable("STEERD_URL") != NULL)
        return NULL;
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, "profile"));
}

bool place_find(const struct options *options, struct place *out, struct error *err)
{
    cJSON *file;
    struct place place = { 0 };
    if (!load(&file, err))
        return false;
    const char *name = profile_name(options, file);
    const cJSON *profile = name != NULL ? find_profile(file, name) : NULL;
    if (name != NULL && profile == NULL) {
        error_set(err, "there is no profile \"%s\"\nprofiles stand in ~/.config/steerctl.json", name);
        cJSON_Delete(file);
        return false;
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const char *value = pick(i, options, profile);
        if (value != NULL)
            *(char **)((char *)&place + members[i].offset) = expanded(value);
    }
    if (place.url == NULL)
        place.url = xstrdup(URL_DEFAULT);
    cJSON_Delete(file);
    *out = place;
    return true;
}

void place_clear(struct place *place)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        free(*(char **)((char *)place + members[i].offset));
    *place = (struct place){ 0 };
}
