/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"
#include "config/check.h"
#include "health/probe.h"

#include <regex.h>

/*
 * What an HTTP reply means for the check, whoever carried it here: the status and the body are handed in as
 * they come, the finding is asked for at the end.
 */

enum {
    HTTP_HEAD_MOST = 65536,  /* bytes of status line and headers */
    HTTP_BODY_MOST = 65536,  /* bytes that are read; what is known then decides */
    HTTP_REGEX_MOST = 16384, /* bytes that are matched: the time it takes may grow with their square */
};

struct http_judge {
    const struct check *check;
    regex_t regex;
    bool has_regex;
    /* of the run under way */
    size_t body_size;
    struct text body; /* kept only while something is looked for */
    bool has_match;   /* the body contains what was looked for */
};

/** False if the check can never be judged; to be closed in any case. */
bool http_judge_open(struct http_judge *judge, const struct check *check, struct error *err);
void http_judge_close(struct http_judge *judge);
void http_judge_restart(struct http_judge *judge);

bool http_judge_expects(const struct http_judge *judge, int status);

/** Takes a piece of the body; false when what is known decides. */
bool http_judge_body(struct http_judge *judge, const char *bytes, size_t size);

/* What the reply means, once its status is known. */
void http_judge_say(struct http_judge *judge, int status,
                    struct finding *out); /* it came whole, or enough of it */
void http_judge_say_late(const struct http_judge *judge, int status, struct finding *out);
void http_judge_say_too_long(const struct http_judge *judge, int status, struct finding *out);
/** The connection closed within this part of it: "headers", "body". */
void http_judge_say_cut(const struct http_judge *judge, int status, const char *part, struct finding *out);
