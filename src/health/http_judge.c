/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/http_judge.h"

#include "base/duration.h"

#include <string.h>

/* ---- its life ---- */

bool http_judge_open(struct http_judge *judge, const struct check *check, struct error *err)
{
    *judge = (struct http_judge){ .check = check };
    if (check->body_matches == NULL)
        return true;
    judge->has_regex = regcomp(&judge->regex, check->body_matches, REG_EXTENDED | REG_NOSUB) == 0;
    return judge->has_regex || error_set(err, "unusable body_matches \"%s\"", check->body_matches);
}

void http_judge_close(struct http_judge *judge)
{
    text_free(&judge->body);
    if (judge->has_regex)
        regfree(&judge->regex);
    judge->has_regex = false;
}

void http_judge_restart(struct http_judge *judge)
{
    text_free(&judge->body);
    judge->body_size = 0;
    judge->has_match = false;
}

/* ---- what comes in ---- */

bool http_judge_expects(const struct http_judge *judge, int status)
{
    const struct check *check = judge->check;
    for (size_t i = 0; i < check->code_count; i++)
        if (status >= check->codes[i].low && status <= check->codes[i].high)
            return true;
    return check->code_count == 0 && status >= 200 && status <= 299;
}

/* The wanted text may lie across two pieces. */
static void http_judge_look_for(struct http_judge *judge, const char *wanted, size_t fresh_size)
{
    size_t wanted_size = strlen(wanted), seen = judge->body.size - fresh_size;
    size_t from = seen >= wanted_size ? seen - wanted_size : 0;
    if (memmem(judge->body.bytes + from, judge->body.size - from, wanted, wanted_size) != NULL)
        judge->has_match = true;
}

bool http_judge_body(struct http_judge *judge, const char *bytes, size_t size)
{
    const struct check *check = judge->check;
    judge->body_size += size;
    if (check->body_contains != NULL || check->body_matches != NULL)
        text_add(&judge->body, bytes, size);
    if (check->body_contains != NULL && !judge->has_match)
        http_judge_look_for(judge, check->body_contains, size);
    bool is_found = judge->has_match && check->body_matches == NULL;
    return !is_found && judge->body_size < HTTP_BODY_MOST;
}

/* ---- what it means ---- */

/* "HTTP 503, expected 200-299, 304". */
static void http_judge_say_unexpected(const struct check *check, int status, struct finding *out)
{
    struct text codes = { 0 };
    for (size_t i = 0; i < check->code_count; i++) {
        const struct code_range *range = &check->codes[i];
        text_printf(&codes, i > 0 ? ", %u" : "%u", range->low);
        if (range->high != range->low)
            text_printf(&codes, "-%u", range->high);
    }
    const char *hint = status < 300 || status > 399 ? ""
                       : check->redirects == 0      ? "; redirects are not followed"
                                                    : "; too many redirects";
    finding_set(out, FINDING_FAILURE, "HTTP %d, expected %s%s", status,
                codes.size > 0 ? codes.bytes : "200-299", hint);
    text_free(&codes);
}

static bool http_judge_matches(const struct http_judge *judge)
{
    size_t size = judge->body.size < HTTP_REGEX_MOST ? judge->body.size : HTTP_REGEX_MOST;
    regmatch_t range = { .rm_so = 0, .rm_eo = (regoff_t)size };
    return regexec(&judge->regex, size > 0 ? judge->body.bytes : "", 1, &range, REG_STARTEND) == 0;
}

static void http_judge_say_body(struct http_judge *judge, int status, struct finding *out)
{
    const struct check *check = judge->check;
    if (check->body_contains != NULL && !judge->has_match) {
        if (judge->body_size >= HTTP_BODY_MOST)
            finding_set(out, FINDING_FAILURE, "first %d KiB of the body do not contain \"%s\"",
                        HTTP_BODY_MOST / 1024, check->body_contains);
        else
            finding_set(out, FINDING_FAILURE, "body does not contain \"%s\"", check->body_contains);
    } else if (check->body_matches != NULL && !http_judge_matches(judge)) {
        finding_set(out, FINDING_FAILURE, "body does not match \"%s\"", check->body_matches);
    } else {
        finding_set(out, FINDING_SUCCESS, "HTTP %d", status);
    }
}

void http_judge_say(struct http_judge *judge, int status, struct finding *out)
{
    if (!http_judge_expects(judge, status))
        http_judge_say_unexpected(judge->check, status, out);
    else
        http_judge_say_body(judge, status, out);
}

void http_judge_say_late(const struct http_judge *judge, int status, struct finding *out)
{
    char timeout[DURATION_TEXT_SIZE];
    if (!http_judge_expects(judge, status)) {
        http_judge_say_unexpected(judge->check, status, out);
        return;
    }
    duration_format(judge->check->timeout_ms, timeout);
    finding_set(out, FINDING_FAILURE, "HTTP %d, but the rest did not come within %s", status, timeout);
}

void http_judge_say_cut(const struct http_judge *judge, int status, const char *part, struct finding *out)
{
    if (http_judge_expects(judge, status))
        finding_set(out, FINDING_FAILURE, "HTTP %d, but connection closed before the end of the %s", status,
                    part);
    else
        http_judge_say_unexpected(judge->check, status, out);
}

void http_judge_say_too_long(const struct http_judge *judge, int status, struct finding *out)
{
    if (http_judge_expects(judge, status))
        finding_set(out, FINDING_FAILURE, "HTTP %d, but headers above %d KiB", status, HTTP_HEAD_MOST / 1024);
    else
        http_judge_say_unexpected(judge->check, status, out);
}
