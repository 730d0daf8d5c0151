/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/explain.h"

#include "answer/answer.h"
#include "api/problem.h"
#include "api/reader.h"
#include "api/resources.h"
#include "api/state.h"
#include "base/clock.h"
#include "config/scope.h"
#include "dns/type.h"

#include <stdlib.h>
#include <string.h>

struct question {
    struct dns_name name;
    uint16_t type;
    struct prefix client;
    bool is_ecs;
};

static bool parse_name(struct request *request, struct question *out)
{
    const char *name = target_param(&request->target, "name");
    if (name == NULL || name[0] == '\0')
        return problem_parameter(request, "name", "is needed: the name to explain, as www.example.com");
    if (!dns_name_parse(name, NULL, &out->name))
        return problem_parameter(request, "name", "is no domain name: \"%.300s\"", name);
    return true;
}

static bool parse_type(struct request *request, struct question *out)
{
    const char *type = target_param(&request->target, "type");
    out->type = DNS_A;
    if (type != NULL && !dns_type_parse(type, &out->type))
        return problem_parameter(request, "type", "is no record type: \"%.40s\"", type);
    return true;
}

/* Without a client: whoever asks the API, on a unix socket this machine. */
static void take_peer(const struct request *request, struct question *out)
{
    out->client.address = request->peer;
    if (out->client.address.family == ADDRESS_NONE)
        (void)address_parse("127.0.0.1", &out->client.address);
    out->client.length = address_bits(&out->client.address);
}

static bool parse_client(struct request *request, struct question *out)
{
    const char *client = target_param(&request->target, "client");
    if (client == NULL)
        take_peer(request, out);
    else if (!prefix_parse(client, &out->client))
        return problem_parameter(request, "client",
                                 "must be an address or a prefix without host bits, as 198.51.100.7 or "
                                 "2001:db8::/56, got \"%.80s\"",
                                 client);
    return request_bool(request, "ecs", client != NULL, &out->is_ecs);
}

static void write_question(struct writer *json, const struct question *question, struct text *summary)
{
    char name[DNS_NAME_TEXT_SIZE], type[16], client[ADDRESS_TEXT_SIZE];
    dns_name_format(&question->name, name);
    dns_type_format(question->type, type);
    prefix_format(&question->client, client);
    writer_string(json, "name", name);
    writer_string(json, "type", type);
    writer_string(json, "client", client);
    writer_bool(json, "ecs", question->is_ecs);
    text_printf(summary, "%s %s for %s\n", name, type, client);
}

static const char *why_of(const struct explanation *explanation)
{
    switch (explanation->ede) {
    case EDE_NOT_AUTHORITATIVE: return "no zone of ours holds the name";
    case EDE_PROHIBITED: return "the zone's allow_query does not name this client";
    case EDE_NOT_SUPPORTED: return "not supported";
    default: return NULL;
    }
}

static void write_result(struct writer *json, const struct explanation *explanation,
                         const struct explain_steps *steps, struct text *summary)
{
    writer_string(json, "rcode", dns_rcode_name(explanation->rcode));
    writer_bool(json, "steered", explanation->is_steered);
    if (explanation->ede != EDE_NONE)
        writer_int(json, "ede", explanation->ede);
    const char *why = explanation->rcode != DNS_NOERROR ? why_of(explanation) : NULL;
    if (why != NULL)
        writer_string(json, "why", why);
    if (explanation->rcode != DNS_NOERROR)
        text_printf(summary, "%s%s%s\n", dns_rcode_name(explanation->rcode), why != NULL ? ": " : "",
                    why != NULL ? why : "");
    explain_write_records(json, explanation->reply, explanation->reply_size, summary);
    if (!steps->has_result)
        return;
    writer_uint(json, "ttl", steps->ttl_s);
    writer_uint(json, "scope", steps->depends_on_client ? steps->scope_len : 0);
    if (steps->depends_on_client && steps->scope_len > 0)
        text_printf(summary, "all clients in the same /%u get this\n", steps->scope_len);
}

/* How an explanation is made: from a question as if it came now, or from an answer that was given. */
struct explaining {
    struct question question;
    const struct answer_record *record; /* NULL: nobody was answered */
};

/* Inside a read section. */
static void explain(const struct control *control, const struct snapshot *now,
                    const struct explaining *explaining, struct writer *json, struct text *summary)
{
    const struct question *question = &explaining->question;
    struct explanation explanation = { 0 };
    struct explain_steps steps;
    writer_uint(json, "generation", now->dataset->generation);
    writer_uint(json, "conditions", now->conditions->number);
    write_question(json, question, summary);
    writer_array(json, "steps");
    explain_steps_begin(&steps, now, question->type, json, summary);
    steps.control = control;
    if (explaining->record != NULL)
        answer_replay(now, explaining->record, &steps.trace, &explanation);
    else
        answer_explain(now, &question->name, question->type, &question->client, question->is_ecs,
                       clock_monotonic_us(), &steps.trace, &explanation);
    writer_end(json);
    write_result(json, &explanation, &steps, summary);
}

static void reply_explanation(struct request *request, struct writer *json, struct text *summary)
{
    writer_string(json, "summary", summary->bytes != NULL ? summary->bytes : "");
    writer_end(json);
    text_free(summary);
    reply_json(request, json);
}

void explain_get(struct request *request)
{
    struct explaining explaining = { 0 };
    struct writer json = { 0 };
    struct text summary = { 0 };
    if (!parse_name(request, &explaining.question) || !parse_type(request, &explaining.question) ||
        !parse_client(request, &explaining.question))
        return;
    writer_object(&json, NULL);
    const struct snapshot *now = reader_acquire();
    explain(request->api->control, now, &explaining, &json, &summary);
    reader_release();
    reply_explanation(request, &json, &summary);
}

/* ---- by id ---- */

static bool parse_id(const char *text, uint64_t *out)
{
    if (strlen(text) != RECORD_ID_SIZE || strspn(text, "0123456789abcdefABCDEF") != RECORD_ID_SIZE)
        return false;
    *out = strtoull(text, NULL, 16);
    return true;
}

static bool find_record(const struct request *request, struct answer_record *out)
{
    const struct api_data_plane *plane = &request->api->data_plane;
    uint64_t id;
    if (plane->records == NULL || !parse_id(request->arguments[0], &id) ||
        record_worker(id) >= plane->worker_count)
        return false;
    const struct record_ring *ring = plane->records(plane->server, record_worker(id));
    return ring != NULL && record_ring_find(ring, id, out);
}

/* Who asked, in the words of a question. */
static bool question_of(const struct answer_record *record, struct question *out)
{
    struct prefix client = { record->source, address_bits(&record->source) };
    out->is_ecs = record->ecs.is_present && record->ecs.source_len > 0;
    if (out->is_ecs)
        client = (struct prefix){ record->ecs.address, record->ecs.source_len };
    out->client = client;
    out->type = record->qtype;
    return dns_name_read(record->qname, record->qname_size, &out->name) > 0;
}

static bool is_in_scope(const struct request *request, const struct question *question)
{
    char name[DNS_NAME_TEXT_SIZE];
    dns_name_format(&question->name, name);
    return scope_has_name(request->scope, name);
}

void explain_get_by_id(struct request *request)
{
    struct answer_record record;
    struct explaining explaining = { .record = &record };
    struct writer json = { 0 };
    struct text summary = { 0 };
    if (!find_record(request, &record) || !question_of(&record, &explaining.question) ||
        !is_in_scope(request, &explaining.question)) {
        problem_reply(request, 404,
                      "there is no answer of the id \"%.40s\", or no longer: the last 256 of each worker are "
                      "remembered, where explain_by_edns in steerd.json allows it",
                      request->arguments[0]);
        return;
    }
    writer_object(&json, NULL);
    writer_string(&json, "id", request->arguments[0]);
    writer_time(&json, "answered", (int64_t)record.wall_s * 1000);
    reader_acquire();
    const struct snapshot *then = snapshot_find(record.generation, record.conditions);
    if (then != NULL)
        explain(request->api->control, then, &explaining, &json, &summary);
    reader_release();
    if (then != NULL) {
        reply_explanation(request, &json, &summary);
        return;
    }
    text_free(&json.text);
    problem_reply(
        request, 404,
        "the state that gave this answer (generation %llu, conditions %llu) was replaced more than a "
        "minute or %d changes ago",
        (unsigned long long)record.generation, (unsigned long long)record.conditions, SNAPSHOTS_KEPT_MOST);
}
