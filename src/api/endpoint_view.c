/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/endpoint_view.h"

#include "api/resolved_view.h"
#include "base/clock.h"
#include "policy/policy.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = {
    [HEALTH_UNKNOWN] = "unknown",
    [HEALTH_UP] = "up",
    [HEALTH_DOWN] = "down",
    [HEALTH_UNCHECKED] = "unchecked",
};
static const char *const override_words[] = {
    [OVERRIDE_NONE] = NULL,
    [OVERRIDE_UP] = "up",
    [OVERRIDE_DOWN] = "down",
    [OVERRIDE_DRAIN] = "drain",
};

const char *endpoint_verdict_name(uint8_t verdict)
{
    return verdict_names[verdict <= HEALTH_UNCHECKED ? verdict : HEALTH_UNKNOWN];
}

static void say_override(const struct override *override, char out[ENDPOINT_WHY_SIZE])
{
    static const char *const phrases[] = {
        [OVERRIDE_NONE] = "weighed",
        [OVERRIDE_UP] = "held up",
        [OVERRIDE_DOWN] = "taken down",
        [OVERRIDE_DRAIN] = "drained",
    };
    char until[CLOCK_TEXT_SIZE] = "";
    if (override->expires_wall_ms != 0)
        clock_format(override->expires_wall_ms, until);
    snprintf(out, ENDPOINT_WHY_SIZE, "%s by %s%s%s%s%s",
             phrases[override->state <= OVERRIDE_DRAIN ? override->state : 0],
             override->author[0] != '\0' ? override->author : "an operator",
             until[0] != '\0' ? " until " : "", until, override->reason[0] != '\0' ? ": " : "",
             override->reason);
}

static void say_down(const struct endpoint_condition *condition, char out[ENDPOINT_WHY_SIZE])
{
    const struct evidence *evidence = condition->evidence;
    const struct failover *failover = &condition->failover;
    char since[CLOCK_TEXT_SIZE];
    if (evidence == NULL) {
        snprintf(out, ENDPOINT_WHY_SIZE, "its check says down");
        return;
    }
    clock_format(evidence->since_wall_ms, since);
    int used = snprintf(out, ENDPOINT_WHY_SIZE, "down since %s by check %s: %s", since, evidence->check,
                        evidence->text);
    if (used > 0 && used < ENDPOINT_WHY_SIZE && failover->at_wall_ms != 0 && failover->objective_ms != 0)
        snprintf(out + used, ENDPOINT_WHY_SIZE - (size_t)used,
                 "; out of caches within %.1fs, the objective is %gs",
                 (double)failover_achieved_ms(failover) / 1e3, failover->objective_ms / 1e3);
}

static void say_observed(const struct endpoint_condition *condition, char out[ENDPOINT_WHY_SIZE])
{
    switch (condition->verdict) {
    case HEALTH_DOWN: say_down(condition, out); return;
    case HEALTH_UNKNOWN: snprintf(out, ENDPOINT_WHY_SIZE, "not checked yet"); return;
    case HEALTH_UNCHECKED: snprintf(out, ENDPOINT_WHY_SIZE, "nobody checks it"); return;
    default: break;
    }
    snprintf(out, ENDPOINT_WHY_SIZE, "check %s is content",
             condition->evidence != NULL ? condition->evidence->check : "");
}

/* What hold and ramp keep back, behind the rest. */
static void say_pace(const struct endpoint_condition *condition, char out[ENDPOINT_WHY_SIZE])
{
    size_t used = strlen(out);
    char until[CLOCK_TEXT_SIZE];
    if (condition->hold_until_wall_ms == HELD_MANUALLY) {
        snprintf(out + used, ENDPOINT_WHY_SIZE - used,
                 "; it was down and is held back until an operator says up");
    } else if (condition->hold_until_wall_ms != 0) {
        clock_format(condition->hold_until_wall_ms, until);
        snprintf(out + used, ENDPOINT_WHY_SIZE - used, "; it was down and is held back until %s", until);
    } else if (condition->withheld != 0) {
        snprintf(out + used, ENDPOINT_WHY_SIZE - used, "; it is growing: %u %% of its weight so far",
                 (WHOLE - condition->withheld) / 100);
    }
}

void endpoint_state_of(const struct endpoint *endpoint, const struct endpoint_condition *condition,
                       struct endpoint_state *out)
{
    *out = (struct endpoint_state){ .is_available = true, .weight = endpoint->weight, .word = "up" };
    if (condition == NULL) {
        snprintf(out->why, sizeof out->why, "nobody checks it");
        return;
    }
    const struct override *override = condition->override;
    bool is_overridden = override != NULL && override->state != OVERRIDE_NONE;
    out->is_available = condition->is_available;
    out->weight = condition->weight;
    out->word = condition->is_available ? "up" : "down";
    if (condition->hold_until_wall_ms != 0)
        out->word = "hold";
    if (is_overridden && condition->is_held)
        out->word = override_words[override->state];
    if (is_overridden)
        say_override(override, out->why);
    else
        say_observed(condition, out->why);
    say_pace(condition, out->why);
    if (out->is_available && out->weight == 0) {
        size_t used = strlen(out->why);
        snprintf(out->why + used, sizeof out->why - used, "; weight 0: it serves when no other can");
    }
}

static void write_effective(struct writer *json, const struct endpoint *endpoint,
                            const struct endpoint_condition *condition)
{
    struct endpoint_state state;
    endpoint_state_of(endpoint, condition, &state);
    writer_object(json, "effective");
    writer_bool(json, "available", state.is_available);
    writer_uint(json, "weight", state.weight);
    writer_string(json, "state", state.word);
    writer_string(json, "why", state.why);
    writer_end(json);
}

/* The steps that its first check takes. */
static void write_times(struct writer *json, const struct check_times *times)
{
    writer_array(json, "times");
    for (int of = 0; times != NULL && of < LATENCY_OF_COUNT; of++) {
        const struct check_time *time = &times->of[of];
        if (time->samples == 0)
            continue;
        writer_object(json, NULL);
        writer_string(json, "step", latency_of_names[of]);
        writer_real(json, "ms", time->mean_us / 1000.0);
        writer_uint(json, "samples", time->samples);
        writer_uint(json, "age_s", time->age_ms / 1000);
        writer_bool(json, "is_latency", (int)times->counts == of);
        writer_end(json);
    }
    writer_end(json);
}

/* Where there are several: what each says, and whether it decides. */
static void write_checks(struct writer *json, const struct endpoint_condition *condition)
{
    if (condition == NULL || condition->check_count == 0)
        return;
    writer_array(json, "checks");
    for (size_t i = 0; i < condition->check_count; i++) {
        const struct check_state *state = &condition->checks[i];
        writer_object(json, NULL);
        writer_string(json, "check", state->name);
        writer_string(json, "verdict", endpoint_verdict_name(state->verdict));
        writer_bool(json, "decides", state->decides);
        writer_time(json, "since", state->evidence != NULL ? state->evidence->since_wall_ms : 0);
        writer_string(json, "evidence", state->evidence != NULL ? state->evidence->text : NULL);
        writer_end(json);
    }
    writer_end(json);
}

static void write_seconds(struct writer *json, const char *key, bool is_known, uint64_t ms)
{
    if (is_known)
        writer_real(json, key, (double)ms / 1e3);
    else
        writer_null(json, key);
}

/* What would happen if it died now, and what did the last time. */
static void write_failover(struct writer *json, const struct failover *failover)
{
    bool has_objective = failover->objective_ms != 0, has_died = failover->at_wall_ms != 0;
    writer_object(json, "failover");
    write_seconds(json, "objective_s", has_objective, failover->objective_ms);
    write_seconds(json, "promised_s", has_objective, failover_promised_ms(failover));
    write_seconds(json, "notices_within_s", true, failover->promised_ms);
    writer_time(json, "last", failover->at_wall_ms);
    write_seconds(json, "noticed_s", has_died, failover->noticed_ms);
    write_seconds(json, "achieved_s", has_died && has_objective, failover_achieved_ms(failover));
    writer_end(json);
}

static void write_health(struct writer *json, const struct endpoint_condition *condition,
                         const struct check_times *times)
{
    const struct evidence *evidence = condition != NULL ? condition->evidence : NULL;
    writer_object(json, "health");
    writer_string(json, "verdict",
                  endpoint_verdict_name(condition != NULL ? condition->verdict : HEALTH_UNCHECKED));
    writer_time(json, "since", evidence != NULL ? evidence->since_wall_ms : 0);
    writer_string(json, "check", evidence != NULL ? evidence->check : NULL);
    writer_string(json, "evidence", evidence != NULL ? evidence->text : NULL);
    if (condition != NULL && condition->latency_us != 0)
        writer_real(json, "latency_ms", condition->latency_us / 1000.0);
    else
        writer_null(json, "latency_ms");
    write_times(json, times);
    writer_time(json, "certificate_ends", condition != NULL ? condition->certificate_ends_s * 1000 : 0);
    write_checks(json, condition);
    if (condition != NULL && condition->failover.promised_ms != 0)
        write_failover(json, &condition->failover);
    writer_end(json);
}

void endpoint_view_override(struct writer *json, const char *key, const struct override *override)
{
    if (override == NULL) {
        writer_null(json, key);
        return;
    }
    writer_object(json, key);
    writer_string(json, "state", override_words[override->state <= OVERRIDE_DRAIN ? override->state : 0]);
    if (override->has_weight)
        writer_uint(json, "weight", override->weight);
    else
        writer_null(json, "weight");
    writer_time(json, "set", override->set_wall_ms);
    writer_time(json, "expires", override->expires_wall_ms);
    writer_time(json, "cached_until", override->cached_until_wall_ms);
    writer_string(json, "author", override->author);
    writer_string(json, "reason", override->reason[0] != '\0' ? override->reason : NULL);
    writer_end(json);
}

static bool has_weight(const char *declared, size_t size)
{
    cJSON *object = cJSON_ParseWithLength(declared, size);
    bool is_there = cJSON_GetObjectItemCaseSensitive(object, "weight") != NULL;
    cJSON_Delete(object);
    return is_there;
}

void endpoint_view_write(struct writer *json, const char *pool, const char *name, const char *declared,
                         size_t size, const struct snapshot *now, const struct endpoint *endpoint,
                         const struct control *control)
{
    writer_string(json, "pool", pool);
    writer_string(json, "name", name);
    writer_members_of(json, declared, size);
    if (endpoint == NULL)
        return;
    if (!has_weight(declared, size))
        writer_uint(json, "weight", endpoint->weight); /* the default, so that nobody has to know it */
    const struct endpoint_condition *condition = conditions_endpoint(now->conditions, endpoint);
    write_effective(json, endpoint, condition);
    struct check_times times;
    bool has_times = control != NULL && endpoint->slot != SLOT_NONE &&
                     control_check_times(control, endpoint->slot, &times);
    write_health(json, condition, has_times ? &times : NULL);
    if (conditions_resolved(now->conditions, endpoint) != NULL)
        resolved_view_write(json, "resolved", endpoint, conditions_resolved(now->conditions, endpoint));
    endpoint_view_override(json, "override", condition != NULL ? condition->override : NULL);
}
