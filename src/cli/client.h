/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "cli/command.h"

#include <cjson/cJSON.h>

/* One server's admin API. */
struct client;

struct call {
    const char *method;
    char *path;           /* with its query; owned: freed by client_call */
    const char *body;     /* NULL: none */
    bool is_own_body;     /* steerctl wrote it: nobody has seen its lines and columns */
    const char *if_match; /* an ETag with its quotes, or NULL */
    bool is_quiet;        /* a refusal is the caller's to tell, by client_complain */
};

struct answer {
    long status;
    struct text body;
    char etag[64];     /* "" if there was none */
    cJSON *json;       /* NULL if the body is none */
    const char *lists; /* commands that list what such a path may name */
    bool hides_places; /* in the body that was sent */
};
void answer_free(struct answer *answer);

/** Finds the token and gets ready.  Complains itself. */
enum cli_exit client_open(const struct options *options, struct client **out);
void client_close(struct client *client);

/** Asks and waits.  Whatever is no success is said on standard error, with what to do next; `out` is to be
 * freed in any case. */
enum cli_exit client_call(struct client *client, struct call call, struct answer *out);

/** Says what a refusal says, with what to do next. */
enum cli_exit client_complain(const struct answer *answer);

/** Asks for a body without end (`path` is freed) and hands its bytes on as they come, until `take` says false
 * or the server ends it: both are CLI_DONE.  With `is_patient` a server that is not there is CLI_UNREACHABLE
 * without a word. */
enum cli_exit client_follow(struct client *client, char *path, bool is_patient,
                            bool (*take)(void *context, const char *bytes, size_t size), void *context);

/** Asks for a file (`path` is freed) and writes it to `fd`.  It came whole: the digest that the server sent
 * with it, base64 of SHA-256, fits (it is written out).  Complains itself. */
enum cli_exit client_download(struct client *client, char *path, int fd, char digest[64], uint64_t *size);

/** Appends `text` with all but unreserved characters percent-encoded (RFC 3986 §2.3). */
void client_add_escaped(struct text *path, const char *text);
/** Appends "?name=value", or "&…"; NULL adds nothing. */
void client_add_param(struct text *path, const char *name, const char *value);

/** Checks what --url says, and takes "unix:/path" apart; `socket_path` is NULL for TCP.  Borrowed. */
bool client_parse_url(const char *url, const char **base, const char **socket_path, struct error *err);

/** Members that may be absent: "" or 0 then. */
const char *json_text(const cJSON *object, const char *key);
double json_number(const cJSON *object, const char *key);
