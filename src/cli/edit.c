/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edit: the document in an editor, the difference shown, written back as the change of what was read.
 *
 *     read ──▶ editor ──▶ show ──▶ ask ──▶ write ──▶ done
 *       ▲         ▲                 │        │ the generation moved, the document did not: write again
 *       └─────────┴──── e ──────────┘        │ it is not accepted: edit again, or keep the text
 *                                            └ somebody changed the document: keep the text, show theirs
 */
#include "base/memory.h"
#include "cli/call.h"
#include "cli/difference.h"
#include "cli/document.h"
#include "cli/object.h"
#include "cli/screen.h"
#include "cli/temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct edit {
    const struct options *options;
    struct client *client;
    const char *path; /* in the API */
    char *file;       /* where the text is being edited */
    char *before;     /* what was read, printed */
    char etag[64];
};

static enum cli_exit read_object(const struct edit *edit, char **text, char etag[64])
{
    struct answer answer;
    enum cli_exit code =
        client_call(edit->client, (struct call){ .method = "GET", .path = xstrdup(edit->path) }, &answer);
    if (code == CLI_DONE) {
        struct text printed = { 0 };
        document_print(answer.json, &printed);
        *text = text_take(&printed);
        snprintf(etag, 64, "%s", answer.etag);
    }
    answer_free(&answer);
    return code;
}

static void show_difference(const char *before, const char *after)
{
    struct text out = { 0 };
    difference_print(before, after, screen_has_colour(), &out);
    (void)screen_put(&out);
}

static enum cli_exit keep(const struct edit *edit, const char *why)
{
    return command_complain(CLI_REFUSED, "%s\nyour text is kept in %s: steerctl put %s -f %s", why,
                            edit->file, edit->options->arguments[0], edit->file);
}

static enum cli_exit write_text(struct edit *edit, const char *text, struct answer *answer)
{
    struct text path = { 0 };
    text_puts(&path, edit->path);
    call_add_write_params(edit->options, &path);
    return client_call(edit->client,
                       (struct call){ .method = "PUT",
                                      .path = text_take(&path),
                                      .body = text,
                                      .if_match = edit->etag,
                                      .is_quiet = true },
                       answer);
}

/* The generation counts all changes: true if none of them was of this document. */
static bool is_still_as_read(struct edit *edit, char **theirs)
{
    char etag[64] = "";
    *theirs = NULL;
    if (read_object(edit, theirs, etag) != CLI_DONE || strcmp(*theirs, edit->before) != 0)
        return false;
    memcpy(edit->etag, etag, sizeof etag);
    free(*theirs);
    *theirs = NULL;
    return true;
}

static enum cli_exit say_conflict(struct edit *edit, const char *theirs)
{
    if (theirs == NULL)
        return keep(edit, "it is not there any more");
    fputs("meanwhile somebody changed it:\n", stdout);
    show_difference(edit->before, theirs);
    return keep(edit, "somebody was faster: edit again, on top of that");
}

enum outcome { ENDED, AGAIN };

static enum outcome write_back(struct edit *edit, const char *text, enum cli_exit *code)
{
    struct answer answer;
    char *theirs = NULL;
    enum outcome outcome = ENDED;
    *code = write_text(edit, text, &answer);
    while (*code != CLI_DONE && answer.status == 412 && is_still_as_read(edit, &theirs)) {
        answer_free(&answer);
        *code = write_text(edit, text, &answer);
    }
    if (*code == CLI_DONE) {
        *code =
            edit->options->wants_json ? screen_put_json(&answer) : call_print_written(edit->options, &answer);
    } else if (answer.status == 412) {
        *code = say_conflict(edit, theirs);
    } else if (answer.status != 0) {
        *code = client_complain(&answer);
        if (screen_ask("edit again? [y]es, [n]o: ", "yn") == 'y')
            outcome = AGAIN;
        else
            (void)keep(edit, "nothing was changed");
    }
    free(theirs);
    answer_free(&answer);
    return outcome;
}

static enum outcome edit_once(struct edit *edit, enum cli_exit *code)
{
    struct error err;
    struct text text = { 0 };
    enum outcome outcome = ENDED;
    if (!temporary_edit(edit->file, &err) || !temporary_read(edit->file, &text, &err)) {
        *code = command_complain(CLI_REFUSED, "%s", err.text);
    } else if (strcmp(text.bytes != NULL ? text.bytes : "", edit->before) == 0) {
        fputs("nothing was changed\n", stdout);
        temporary_remove(edit->file);
        *code = CLI_DONE;
    } else {
        show_difference(edit->before, text.bytes != NULL ? text.bytes : "");
        int answer =
            edit->options->says_yes ? 'y' : screen_ask("write it? [y]es, [e]dit again, [n]o: ", "yen");
        if (answer == 'y' || answer == 0)
            outcome = write_back(edit, text.bytes != NULL ? text.bytes : "", code);
        else if (answer == 'e')
            outcome = AGAIN;
        else
            *code = keep(edit, "nothing was changed");
        if (outcome == ENDED && *code == CLI_DONE)
            temporary_remove(edit->file);
    }
    text_free(&text);
    return outcome;
}

static enum cli_exit run(struct edit *edit)
{
    struct error err;
    enum cli_exit code = read_object(edit, &edit->before, edit->etag);
    if (code != CLI_DONE)
        return code;
    edit->file = temporary_write(edit->before, &err);
    if (edit->file == NULL)
        return command_complain(CLI_REFUSED, "%s", err.text);
    while (edit_once(edit, &code) == AGAIN)
        ;
    return code;
}

enum cli_exit command_edit(const struct options *options)
{
    struct error err;
    struct edit edit = { .options = options };
    char *path = object_path(options->arguments[0], &err);
    if (path == NULL)
        return command_complain(CLI_USAGE, "%s", err.text);
    edit.path = path;
    enum cli_exit code = client_open(options, &edit.client);
    if (code == CLI_DONE) {
        code = run(&edit);
        client_close(edit.client);
    }
    free(edit.before);
    free(edit.file);
    free(path);
    return code;
}
