/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/steer.h"
#include "answer/trace.h"
#include "api/writer.h"

/* Turns the steps of a trace into JSON and, along the way, into sentences for people. */
struct explain_steps {
    struct trace trace; /* given to answer_explain; first, so that the callback finds the rest */
    const struct snapshot *now;
    struct writer *json;  /* inside the array of steps */
    struct text *summary; /* lines */
    uint16_t qtype;
    /* what the last RESULT said */
    bool has_result;
    uint32_t ttl_s;
    uint8_t scope_len;
    bool depends_on_client;
};

void explain_steps_begin(struct explain_steps *steps, const struct snapshot *now, uint16_t qtype,
                         struct writer *json, struct text *summary);

/** Writes the arrays "answers" and "authority" of a DNS message, records in presentation format; tells each
 * answer in `summary`. */
void explain_write_records(struct writer *json, const uint8_t *message, size_t size, struct text *summary);
