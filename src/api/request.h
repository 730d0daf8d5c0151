/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/writer.h"
#include "api/target.h"
#include "api/who.h"
#include "base/address.h"
#include "base/text.h"
#include "control/control.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One request on its way through the API, known to MHD's thread only.  A handler either writes the reply, or
 * sends a command to control and names the function that goes on when the command is back.
 *
 *     begin ──▶ route, token, limits ──▶ body ──▶ handle ──▶ reply
 *                                                  │   ▲
 *                                        command_send  `then`        (the connection sleeps in between)
 */
struct api;
struct route;
struct request;
struct stream;
struct visitor;
struct MHD_Connection;

#define REQUEST_ARGUMENTS_MAX 4

enum method { METHOD_GET, METHOD_PUT, METHOD_PATCH, METHOD_POST, METHOD_DELETE, METHOD_OTHER };

struct reply {
    unsigned status; /* 0: none yet */
    const char *content_type;
    struct text body;
    bool has_etag;
    uint64_t etag;
    char *allow;           /* 405: the methods there are */
    bool wants_token;      /* 401 */
    struct stream *stream; /* a body without end instead of `body`; owned until it is sent */
    bool has_file;         /* the body is the command's file */
    const char *file_name; /* that is proposed to whoever keeps it */
    bool wants_close;      /* the connection is of no more use */
    unsigned retry_in_s;   /* 429 and 503; 0: says nothing */
    char *detail;          /* owned: of a problem, for the audit */
};

struct request {
    struct api *api;
    struct MHD_Connection *connection;
    struct visitor *visitor; /* whose connection it is */
    struct address peer;     /* NONE on a unix socket */
    bool has_peer_uid;       /* on a unix socket */
    uint32_t peer_uid;
    struct target target;
    struct error target_error; /* why there is no target */
    bool has_target;
    bool has_begun; /* headers were looked at */

    enum method method;
    const struct route *route;
    const char *arguments[REQUEST_ARGUMENTS_MAX]; /* what stands at the {…} of the route, in order */
    const char *if_match, *if_none_match;         /* the headers, or NULL */
    const char *last_event_id;                    /* the header, or NULL */
    struct who who;
    const char *author; /* its name; NULL for a stranger */
    char *scope;        /* owned: what `who` reaches, as zones lie now (scope_now); NULL: everything */

    struct text body;
    size_t body_limit; /* bytes */
    bool discards;     /* the reply is known: the body is read only to be polite */
    size_t discarded;

    struct command *command;        /* came back, or NULL */
    void (*then)(struct request *); /* goes on with it */
    bool is_waiting;                /* a command is under way */
    bool is_item;                   /* of a batch: its command is not sent but stays in `command` */
    struct command *prepared;       /* to be sent after the one under way, or NULL */
    bool is_audited;                /* what was done is written down with it */

    struct reply reply;
};

struct request *request_new(struct api *api, const char *raw_target);
void request_free(struct request *request);

enum method method_of(const char *name);
const char *method_name(enum method method);

/** Ends the request with 200 and the JSON written so far (taken over). */
void reply_json(struct request *request, struct writer *json);
/** The same with an ETag. */
void reply_resource(struct request *request, struct writer *json, uint64_t generation);
void reply_text(struct request *request, const char *content_type, struct text *text);

/** True or false by "true"/"1"/"false"/"0"; `fallback` if absent.  False with a 400 replied for anything
 * else. */
bool request_bool(struct request *request, const char *name, bool fallback, bool *out);
/** A decimal number from `least` to `most`; `fallback` if absent.  False with a 400 replied. */
bool request_number(struct request *request, const char *name, uint64_t least, uint64_t most,
                    uint64_t fallback, uint64_t *out);
