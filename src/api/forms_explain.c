/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What explain answers. */
#include "api/form.h"

static const struct member explanation_members[] = {
    { "~id", "string", "of the answer, if one was asked for" },
    { "~answered", "time?", "when that was" },
    { "~generation", "integer", "the one that answers" },
    { "~conditions", "integer", "number of the conditions that answer" },
    { "~name", "string", "the name that was asked for" },
    { "~type", "string", "RR type" },
    { "~client", "string", "the client's network" },
    { "~ecs", "boolean", "true: the client came by EDNS Client Subnet" },
    { "~steps", "[explain_step]", "how the answer was found, in order" },
    { "~rcode", "string", "of the answer" },
    { "~steered", "boolean", "true: a service answers" },
    { "~ede", "integer", "extended DNS error (RFC 8914)" },
    { "~why", "string", "of a refusal" },
    { "~answers", "[explain_record]", "the answer section" },
    { "~authority", "[explain_record]", "the authority section" },
    { "~ttl", "integer", "of a steered answer" },
    { "~scope", "integer", "bits of the client's network that get the same answer" },
    { "summary", "string", "the same in words, line by line" },
};

/* Which members there are follows from the step. */
static const struct member step_members[] = {
    { "step", "zone|client|view|node|empty|result", "" },
    { "~zone", "string", "apex" },
    { "~outcome", "string", "what the zone says of the name, or how steering ended" },
    { "~wildcard", "boolean", "" },
    { "~service", "string?", "" },
    { "~client", "string", "" },
    { "~by", "ecs|source", "who the client is by" },
    { "~location", "location?", "null: unknown" },
    { "~location_from", "string?", "databases, or the set of locations that has the last word" },
    { "~view", "string", "health as it is, or as it is taken when all is down" },
    { "~node", "string", "a pool or policy" },
    { "~why", "string", "why it was passed over" },
    { "~depth", "integer", "in the tree" },
    { "~policy", "string", "" },
    { "~answers", "integer", "endpoints in one answer at most" },
    { "~draw", "integer", "the ticket of this answer" },
    { "~rule", "string?", "the rule that matched" },
    { "~chosen", "[string]", "" },
    { "~reason", "string?", "" },
    { "~scope", "integer", "bits of the client's network that are alike here" },
    { "~measured", "[explain_measured]", "latencies that the choice looked at" },
    { "~candidates", "[explain_candidate]", "" },
    { "~endpoints", "[string]", "those in the answer" },
    { "~ttl", "integer", "" },
    { "~objective_s", "number", "the service's failover objective" },
    { "~degraded", "boolean", "true: answered although nothing is available" },
    { "~ttl_why", "string", "" },
    { "~scope_why", "string", "" },
};
static const struct member location_members[] = {
    { "continent", "string", "" },   { "country", "string", "" },
    { "subdivision", "string", "" }, { "city", "string", "" },
    { "asn", "integer", "" },        { "~at", "[number]", "latitude and longitude in degrees" },
};
static const struct member candidate_members[] = {
    { "name", "string", "" },
    { "kind", "string", "" },
    { "~rule", "string", "the rule that leads to it" },
    { "weight", "integer", "" },
    { "~share", "number", "of the answers" },
    { "available", "boolean", "" },
    { "chosen", "boolean", "" },
    { "why", "string", "" },
    { "~candidates", "[explain_candidate]", "what is below one that cannot be chosen" },
};
static const struct member measured_members[] = {
    { "of", "string", "how wide the networks are that were measured" },
    { "decides", "boolean", "" },
    { "figures", "[explain_figure]", "" },
    { "~margin_ms", "number", "between the best and the next" },
};
static const struct member figure_members[] = {
    { "name", "string", "" },
    { "ms", "number", "median" },
    { "samples", "integer", "" },
    { "enough", "boolean", "" },
    { "age_s", "integer", "of the newest sample" },
};
static const struct member record_members[] = {
    { "name", "string", "" },
    { "type", "string", "" },
    { "ttl", "integer", "in seconds" },
    { "data", "string", "in presentation format" },
};

const struct form explain_forms[] = {
    FORM("explanation", "why a client gets the answer it gets", explanation_members),
    FORM("explain_step", "one step to the answer", step_members),
    FORM("location", "where a client is", location_members),
    FORM("explain_candidate", "what a pool or policy could choose", candidate_members),
    FORM("explain_measured", "latencies of one kind of network", measured_members),
    FORM("explain_figure", "latencies of one candidate", figure_members),
    FORM("explain_record", "a record of the answer", record_members),
};
const size_t explain_form_count = sizeof explain_forms / sizeof *explain_forms;
