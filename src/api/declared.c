/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/declared.h"

#include "api/problem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool declared_scan(struct request *request, struct document *out)
{
    struct problems problems = { 0 };
    const struct command *command = request->command;
    const char *body = command->body != NULL ? command->body : "";
    bool is_json = document_scan(NULL, body, command->body_size, &problems, out);
    if (!is_json)
        problem_list(request, 500, "what is stored is not JSON", &problems);
    problems_free(&problems);
    return is_json;
}

struct span declared_member(const struct document *document, struct span parent, const char *key)
{
    size_t at = 0;
    char *name;
    struct span value;
    while (parent.size > 0 && document_next_member(document, parent, &at, &name, &value)) {
        bool is_wanted = strcmp(name, key) == 0;
        free(name);
        if (is_wanted)
            return value;
    }
    return (struct span){ 0, 0 };
}

char *declared_endpoint_pointer(const char *name)
{
    struct text pointer = { 0 };
    text_puts(&pointer, "/endpoints/");
    for (; *name != '\0'; name++) {
        if (*name == '~')
            text_puts(&pointer, "~0");
        else if (*name == '/')
            text_puts(&pointer, "~1");
        else
            text_add(&pointer, name, 1);
    }
    return text_take(&pointer);
}
