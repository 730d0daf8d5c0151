/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to say when the server refuses. */
#include "cli/complaint.h"

#include "cli/client.h"

#include <string.h>

/* The first row that fits. */
const char *complaint_lists(const char *path)
{
    static const struct {
        const char *begins, *lists;
    } rows[] = {
        { "/v1/generations", "steerctl history" },      { "/v1/zones", "steerctl list zones" },
        { "/v1/tokens", "steerctl token list" },        { "/v1/checks", "steerctl list checks" },
        { "/v1/policies", "steerctl list policies" },   { "/v1/maps", "steerctl list maps" },
        { "/v1/locations", "steerctl list locations" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strncmp(path, rows[i].begins, strlen(rows[i].begins)) == 0)
            return rows[i].lists;
    }
    return "steerctl endpoints, steerctl list pools";
}

static const char *advice_for(long status)
{
    switch (status) {
    case 401: return "the token is not this server's: give its admin.token with --token-file";
    case 403: return "use a token with a greater role";
    case 412: return "somebody was faster: look at steerctl history, then repeat";
    case 413: return "put it into files on the server, and steerctl reload";
    case 428: return "say what it replaces: steerctl apply does, or --if-generation";
    case 503: return "try again soon, and look at the server's log";
    default: return NULL;
    }
}

static void add_place(struct text *out, const cJSON *error)
{
    const char *file = json_text(error, "file");
    double line = json_number(error, "line");
    text_puts(out, file);
    if (line > 0)
        text_printf(out, "%s%.0f:%.0f", file[0] != '\0' ? ":" : "", line, json_number(error, "column"));
    if (file[0] != '\0' || line > 0)
        text_puts(out, ": ");
}

static void add_errors(struct text *out, const struct answer *answer)
{
    const cJSON *error;
    cJSON_ArrayForEach(error, cJSON_GetObjectItemCaseSensitive(answer->json, "errors"))
    {
        const char *pointer = json_text(error, "pointer");
        if (cJSON_HasObjectItem(error, "parameter"))
            continue; /* the detail of the whole says the same */
        text_puts(out, "\n  ");
        if (!answer->hides_places)
            add_place(out, error);
        text_printf(out, "%s%s%s", pointer, pointer[0] != '\0' ? ": " : "", json_text(error, "detail"));
    }
}

enum cli_exit client_complain(const struct answer *answer)
{
    struct text message = { 0 };
    const char *advice = advice_for(answer->status);
    const char *detail = json_text(answer->json, "detail");
    if (detail[0] != '\0')
        text_puts(&message, detail);
    else
        text_printf(&message, "the server answered HTTP %ld", answer->status);
    add_errors(&message, answer);
    if (strstr(detail, "force=true") != NULL)
        advice = "if that is meant: --force";
    if (advice != NULL)
        text_printf(&message, "\n%s", advice);
    else if (answer->status == 404 && answer->lists != NULL)
        text_printf(&message, "\nsee what there is: %s", answer->lists);
    bool is_auth = answer->status == 401 || answer->status == 403;
    command_complain(CLI_REFUSED, "%s", message.bytes);
    text_free(&message);
    return is_auth ? CLI_NOT_ALLOWED : CLI_REFUSED;
}
