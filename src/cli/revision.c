/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/revision.h"

#include "base/memory.h"
#include "cli/difference.h"
#include "cli/document.h"
#include "cli/screen.h"

#include <stdlib.h>

char *revision_normalise(const char *text)
{
    char *copy = xstrdup(text);
    cJSON_Minify(copy); /* takes comments out */
    cJSON *json = cJSON_Parse(copy);
    struct text out = { 0 };
    if (json != NULL) {
        document_sort(json);
        document_print(json, &out);
    }
    free(copy);
    if (json == NULL)
        return NULL;
    cJSON_Delete(json);
    return text_take(&out);
}

enum cli_exit revision_read(struct client *client, char *path, char **out)
{
    struct answer answer;
    enum cli_exit code = client_call(client, (struct call){ .method = "GET", .path = path }, &answer);
    *out = code == CLI_DONE ? revision_normalise(answer.body.bytes) : NULL;
    answer_free(&answer);
    return code;
}

enum cli_exit revision_compare(struct client *client, const char *text, struct text *out)
{
    char *before, *after = revision_normalise(text);
    enum cli_exit code = revision_read(client, xstrdup("/v1/config"), &before);
    if (after != NULL && before != NULL)
        difference_print(before, after, screen_has_colour(), out);
    free(before);
    free(after);
    return code;
}
