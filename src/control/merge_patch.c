/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/merge_patch.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void merge_member(cJSON *target, const cJSON *member)
{
    cJSON *old = cJSON_GetObjectItemCaseSensitive(target, member->string);
    if (cJSON_IsNull(member))
        cJSON_DeleteItemFromObjectCaseSensitive(target, member->string);
    else if (cJSON_IsObject(old) && cJSON_IsObject(member))
        merge_patch(old, member);
    else if (old != NULL)
        cJSON_ReplaceItemInObjectCaseSensitive(target, member->string, merge_patch(NULL, member));
    else
        cJSON_AddItemToObject(target, member->string, merge_patch(NULL, member));
}

cJSON *merge_patch(cJSON *target, const cJSON *patch)
{
    if (!cJSON_IsObject(patch)) {
        cJSON_Delete(target);
        return cJSON_Duplicate(patch, 1);
    }
    if (!cJSON_IsObject(target)) {
        cJSON_Delete(target);
        target = cJSON_CreateObject();
    }
    for (const cJSON *member = patch->child; member != NULL; member = member->next)
        merge_member(target, member);
    return target;
}

/* One reference token, with ~1 and ~0 decoded (RFC 6901 §4). */
static char *token_copy(const char *token, size_t size)
{
    char *copy = xstrndup(token, size), *to = copy;
    for (const char *from = copy; *from != '\0'; from++) {
        if (from[0] == '~' && (from[1] == '0' || from[1] == '1'))
            *to++ = *++from == '1' ? '/' : '~';
        else
            *to++ = *from;
    }
    *to = '\0';
    return copy;
}

static cJSON *member_of(cJSON *value, const char *token)
{
    if (!cJSON_IsArray(value))
        return cJSON_GetObjectItemCaseSensitive(value, token);
    char *end;
    long index = strtol(token, &end, 10);
    return *token != '\0' && *end == '\0' && index >= 0 && index < INT_MAX
               ? cJSON_GetArrayItem(value, (int)index)
               : NULL;
}

cJSON *json_at(cJSON *root, const char *pointer)
{
    while (root != NULL && *pointer == '/') {
        size_t size = strcspn(++pointer, "/");
        char *token = token_copy(pointer, size);
        root = member_of(root, token);
        free(token);
        pointer += size;
    }
    return *pointer == '\0' ? root : NULL;
}
