/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/changes.h"

#include "cli/client.h"
#include "cli/grid.h"

#include <string.h>

/* What stands on one side of a difference; nothing where it is not there. */
static void add_value(struct text *out, const cJSON *value)
{
    char *printed = value != NULL ? cJSON_PrintUnformatted(value) : NULL;
    text_puts(out, printed != NULL ? printed : "nothing");
    cJSON_free(printed);
}

static void add_safe_line(struct text *out, struct text *line)
{
    grid_add_safe(out, line->bytes != NULL ? line->bytes : "", false);
    text_puts(out, "\n");
    text_free(line);
}

static void add_difference(struct text *out, const cJSON *difference)
{
    struct text line = { 0 };
    text_printf(&line, "  %s: ", json_text(difference, "pointer"));
    add_value(&line, cJSON_GetObjectItemCaseSensitive(difference, "before"));
    text_puts(&line, " becomes ");
    add_value(&line, cJSON_GetObjectItemCaseSensitive(difference, "after"));
    add_safe_line(out, &line);
}

void changes_print(const cJSON *changes, struct text *out)
{
    const cJSON *change, *difference;
    cJSON_ArrayForEach(change, changes)
    {
        struct text line = { 0 };
        const char *action = json_text(change, "action");
        text_printf(&line, "%s %s %s", action, json_text(change, "kind"), json_text(change, "name"));
        add_safe_line(out, &line);
        if (strcmp(action, "change") != 0)
            continue; /* all of it comes or goes */
        cJSON_ArrayForEach(difference, cJSON_GetObjectItemCaseSensitive(change, "differences"))
            add_difference(out, difference);
    }
}
