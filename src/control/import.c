/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/import.h"

#include "base/memory.h"
#include "control/changes.h"

#include <stdlib.h>
#include <string.h>

static bool was_written_by_people(const struct settings *settings, const struct import_head *head)
{
    return !settings->is_file_mode && head->generation > 0 && head->origin == STORE_ORIGIN_API;
}

/* The head came from these very files: nothing need be compared. */
static bool is_the_import(const struct import_head *head, bool is_known)
{
    return is_known && head->generation > 0 && head->origin == STORE_ORIGIN_FILES;
}

void import_sum_up(const struct settings *settings, const struct problems *problems, struct error *err)
{
    const struct problem *first = problems_first_error(problems);
    char *line = first != NULL ? problem_format(first) : xstrdup(settings->steering);
    if (problems->error_count > 1)
        error_set(err, "nothing was changed: %zu errors, the first: %s", problems->error_count, line);
    else
        error_set(err, "nothing was changed: %s", line);
    free(line);
}

enum import_verdict import_files(const struct settings *settings, const struct compiler *compiler,
                                 const struct import_head *head, struct objects *changes, char **digest,
                                 struct problems *problems, struct error *err)
{
    struct objects wanted = { 0 };
    enum import_verdict verdict = IMPORT_NOTHING;
    if (settings->steering == NULL)
        return IMPORT_NOTHING;
    if (!objects_load(settings->steering, problems, &wanted)) {
        objects_free(&wanted);
        return IMPORT_INVALID;
    }
    *digest = changes_digest(&wanted);
    bool is_known = head->digest != NULL && strcmp(*digest, head->digest) == 0;
    if (is_the_import(head, is_known)) {
        verdict = IMPORT_NOTHING;
    } else if (!was_written_by_people(settings, head)) {
        changes_to(compiler, &wanted, false, changes);
        verdict = changes->count > 0 ? IMPORT_CHANGES : IMPORT_NOTHING;
    } else if (!is_known) {
        error_set(
            err,
            "%s was not imported: generation %llu was made through the API, and importing would undo it; "
            "to replace it run: steerctl apply -f %s",
            settings->steering, (unsigned long long)head->generation, settings->steering);
        verdict = IMPORT_REFUSED;
    }
    objects_free(&wanted);
    return verdict;
}
