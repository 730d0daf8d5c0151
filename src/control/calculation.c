/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/calculation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One input, as the calculation sees it. */
struct input {
    const char *name;
    const struct observation *observed; /* NULL: it is not bound */
    bool is_known, is_good;
    bool is_near; /* on its way to the other verdict */
};

static const struct observation *find_observed(const char *name, struct check *const *checks,
                                               const struct observation *observed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(checks[i]->name, name) == 0)
            return &observed[i];
    return NULL;
}

static void read_inputs(const struct check *check, struct check *const *checks,
                        const struct observation *observed, size_t count, struct input *out)
{
    for (size_t i = 0; i < check->input_count; i++) {
        const char *name = check_input_name(check->inputs[i]);
        const struct observation *found = find_observed(name, checks, observed, count);
        uint8_t verdict = found != NULL ? found->verdict : HEALTH_UNKNOWN;
        uint8_t good = check_input_is_negated(check->inputs[i]) ? HEALTH_DOWN : HEALTH_UP;
        out[i] = (struct input){ .name = name,
                                 .observed = found,
                                 .is_known = verdict == HEALTH_UP || verdict == HEALTH_DOWN,
                                 .is_good = verdict == good,
                                 .is_near = found != NULL && found->settle_ms != 0 };
    }
}

/* With those that are near taken as they are, or as they may become. */
static uint8_t judge(const struct check *check, const struct input *inputs, bool has_turned,
                     size_t *good_count)
{
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < check->input_count; i++) {
        bool is_good = inputs[i].is_good != (has_turned && inputs[i].is_known && inputs[i].is_near);
        good += inputs[i].is_known && is_good;
        bad += inputs[i].is_known && !is_good;
    }
    if (good_count != NULL)
        *good_count = good;
    if (good >= check->needed)
        return HEALTH_UP;
    return check->input_count - bad < check->needed ? HEALTH_DOWN : HEALTH_UNKNOWN;
}

static uint32_t settle_of(const struct check *check, const struct input *inputs)
{
    uint32_t settle_ms = 0;
    if (judge(check, inputs, true, NULL) == judge(check, inputs, false, NULL))
        return 0;
    for (size_t i = 0; i < check->input_count; i++) {
        uint32_t one_ms = inputs[i].is_near ? inputs[i].observed->settle_ms : 0;
        if (one_ms != 0 && (settle_ms == 0 || one_ms < settle_ms))
            settle_ms = one_ms;
    }
    return settle_ms;
}

/* ---- words ---- */

struct words {
    char *at;
    size_t room;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(words->at, words->room, format, arguments);
    va_end(arguments);
    size_t used = size < 0 ? 0 : (size_t)size < words->room ? (size_t)size : words->room - 1;
    words->at += used;
    words->room -= used;
}

/* Bytes of the text that fit, without half of a letter (UTF-8). */
static int fit(const char *text, size_t most)
{
    size_t size = strlen(text) < most ? strlen(text) : most;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return (int)size;
}

static void name_input(struct words *words, const struct input *input, bool has_reason, size_t most)
{
    const struct observation *observed = input->observed;
    const char *before = words->at;
    add(words, "; %s is %s", input->name, observed->verdict == HEALTH_UP ? "up" : "down");
    size_t used = (size_t)(words->at - before) + strlen(": ");
    if (has_reason && observed->evidence != NULL && used < most)
        add(words, ": %.*s", fit(observed->evidence->text, most - used), observed->evidence->text);
}

/* Who decided: the good ones of what is up; of what is down the bad ones, and why, each with its share of the
 * room. */
static void explain(const struct check *check, const struct input *inputs, size_t good,
                    struct calculation *out)
{
    struct words words = { out->text, sizeof out->text };
    bool is_up = out->verdict == HEALTH_UP;
    size_t left = 0;
    add(&words, "needs %u of %zu, has %zu", check->needed, check->input_count, good);
    for (size_t i = 0; i < check->input_count; i++)
        left += inputs[i].is_known && inputs[i].is_good == is_up;
    for (size_t i = 0; i < check->input_count; i++)
        if (inputs[i].is_known && inputs[i].is_good == is_up)
            name_input(&words, &inputs[i], !is_up, (words.room - 1) / left--);
}

void calculate(const struct check *check, struct check *const *checks, const struct observation *observed,
               size_t count, struct calculation *out)
{
    struct input inputs[CHECK_INPUTS_MAX];
    size_t good;
    read_inputs(check, checks, observed, count, inputs);
    *out = (struct calculation){ .verdict = judge(check, inputs, false, &good),
                                 .settle_ms = settle_of(check, inputs) };
    if (out->verdict == HEALTH_UNKNOWN)
        return;
    explain(check, inputs, good, out);
}
