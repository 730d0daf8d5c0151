/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images say what the RRset says, names compressed, and lead to its targets. */
#include "dns/image.h"

#include "base/rng.h"
#include "dns/draft.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20000, RECORDS_MOST = 16, TTL_S = 300 };

/* ---- an RRset with names ---- */

struct record {
    const char *head; /* of the rdata, in front of the name */
    uint8_t head_size;
    const char *name;
};

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    assert_true(dns_name_parse(text, NULL, &name));
    return name;
}

/* Capitals of the text are kept. */
static size_t put_name(const char *text, uint8_t *out)
{
    const struct dns_name name = name_of(text);
    memcpy(out, name.bytes, name.size);
    for (unsigned i = 0; i < name.label_count; i++) {
        uint8_t *label = out + name.label_at[i];
        memcpy(label + 1, text, *label);
        text += *label + 1;
    }
    return name.size;
}

static struct dns_rrset *make_rrset(uint16_t type, const struct record *records, size_t count)
{
    static uint8_t bytes[RECORDS_MOST][DNS_NAME_SIZE_MAX + 8];
    const uint8_t *rdatas[RECORDS_MOST];
    uint16_t sizes[RECORDS_MOST];
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes[i], records[i].head, records[i].head_size);
        rdatas[i] = bytes[i];
        sizes[i] =
            (uint16_t)(records[i].head_size + put_name(records[i].name, bytes[i] + records[i].head_size));
    }
    return dns_rrset_new(type, TTL_S, rdatas, sizes, count);
}

/* ---- its image, in a reply ---- */

union made {
    struct dns_image image;
    uint8_t room[DNS_IMAGE_ROOM];
};

struct shown {
    union made *made;
    struct dns_rrset *rrset;
    uint8_t packet[512], reply[4096];
    struct dns_query query;
    struct dns_draft draft;
};

/* Puts the image behind a question for its owner, or a name below it. */
static void show(struct shown *shown, const struct dns_name *qname, unsigned shift)
{
    static const struct dns_reply_edns no_edns = { .ede = EDE_NONE, .keepalive_ds = -1 };
    memset(shown->packet, 0, sizeof shown->packet);
    memcpy(shown->packet + DNS_HEADER_SIZE, qname->bytes, qname->size);
    shown->query = (struct dns_query){ .packet = shown->packet, .qname = *qname };
    shown->query.question_size = (uint16_t)(qname->size + 4);
    dns_draft_begin(&shown->draft, &shown->query, shown->reply, sizeof shown->reply, &no_edns);
    dns_draft_add_image(&shown->draft, DNS_ANSWER, &shown->made->image, shown->rrset, shift);
    assert_false(shown->draft.is_full);
}

/* Reads a name, which may lead on to others in front of it; returns where it ends in the reply. */
static const uint8_t *read_name(const struct shown *shown, const uint8_t *at, struct dns_name *out)
{
    uint8_t wire[DNS_NAME_SIZE_MAX];
    const uint8_t *end = NULL;
    size_t size = 0;
    while (*at != 0) {
        if (*at >= 0xc0) {
            const uint8_t *to = shown->reply + ((at[0] & 0x3f) << 8 | at[1]);
            assert_true(to < at);
            end = end == NULL ? at + 2 : end;
            at = to;
            continue;
        }
        memcpy(wire + size, at, 1u + *at);
        size += 1u + *at;
        at += 1 + *at;
    }
    wire[size] = 0;
    dns_name_from_wire(wire, out);
    return end == NULL ? at + 1 : end;
}

static void assert_name(const struct dns_name *got, const struct dns_name *expected)
{
    char texts[2][DNS_NAME_TEXT_SIZE];
    dns_name_format(got, texts[0]);
    dns_name_format(expected, texts[1]);
    assert_string_equal(texts[0], texts[1]);
}

/* Record by record the reply says what the RRset says. */
static void check_records(const struct shown *shown, const struct dns_name *owner)
{
    const struct dns_rrset *rrset = shown->rrset;
    const size_t head_size = dns_type_layout(rrset->type)->name_at;
    const uint8_t *at = shown->reply + DNS_HEADER_SIZE + shown->query.question_size;
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        struct dns_name name, expected;
        at = read_name(shown, at, &name);
        assert_name(&name, owner);
        assert_memory_equal(at, rr + 2, 8); /* type, class, TTL */
        const uint8_t *end = at + 10 + (at[8] << 8 | at[9]);
        assert_memory_equal(at + 10, dns_rr_rdata(rr), head_size);
        dns_name_from_wire(dns_rr_rdata(rr) + head_size, &expected);
        assert_ptr_equal(read_name(shown, at + 10 + head_size, &name), end);
        assert_name(&name, &expected);
        at = end;
    }
    assert_ptr_equal(at, shown->draft.at);
    assert_int_equal(shown->draft.counts >> 32 & 0xffff, rrset->count);
}

/* A target is the name that it is of, found by its hash and written from its own part and a pointer. */
static void check_target(struct shown *shown, const struct dns_image_target *target, unsigned shift,
                         const struct dns_name *apex, const struct dns_name *expected)
{
    const uint8_t *wire = shown->rrset->wire + target->name_at;
    const uint64_t hash = dns_name_hash(expected->bytes, (size_t)expected->size - apex->size);
    struct dns_name written;
    uint8_t *at = shown->draft.at;
    assert_int_equal(target->size, expected->size - apex->size);
    assert_memory_equal(target->hash, &hash, sizeof hash);
    memcpy(at, wire, target->own_size);
    at[target->own_size] = (uint8_t)((target->pointer + shift) >> 8);
    at[target->own_size + 1] = (uint8_t)(target->pointer + shift);
    read_name(shown, at, &written);
    assert_name(&written, expected);
    if (!target->is_owner)
        assert_memory_equal(wire, expected->bytes, expected->size);
}

#define APEX "example.test."

struct expected_target {
    const char *name;
    bool is_below, is_owner;
};

struct shown_case {
    const char *what;
    const char *owner;
    uint16_t type;
    bool is_cut;
    struct record records[4];
    struct expected_target targets[4]; /* in their order */
};

static const struct shown_case cases[] = {
    { "mail",
      "a.example.test.",
      DNS_MX,
      false,
      { { "\0\5", 2, "mail.example.test." },
        { "\0\7", 2, "mx.example.net." },
        { "\0\11", 2, "a.example.test." } },
      { { .name = "mail.example.test." }, { .name = "a.example.test.", .is_owner = true } } },
    { "one name twice is one target",
      "a.example.test.",
      DNS_MX,
      false,
      { { "\0\5", 2, "mail.example.test." }, { "\0\6", 2, "mail.example.test." } },
      { { .name = "mail.example.test." } } },
    { "glue below the cut comes first",
      "sub.example.test.",
      DNS_NS,
      true,
      { { "", 0, "ns.example.test." }, { "", 0, "ns.sub.example.test." }, { "", 0, "ns.example.net." } },
      { { .name = "ns.sub.example.test.", .is_below = true }, { .name = "ns.example.test." } } },
    { "servers of the apex lie below nothing",
      APEX,
      DNS_NS,
      false,
      { { "", 0, "ns.example.test." }, { "", 0, "x.ns.example.test." } },
      { { .name = "ns.example.test." }, { .name = "x.ns.example.test." } } },
    { "names of SRV are written in full",
      "_s._tcp.example.test.",
      DNS_SRV,
      false,
      { { "\0\1\0\2\1\273", 6, "a.example.test." }, { "\0\1\0\2\1\273", 6, "a._tcp.example.test." } },
      { { .name = "a.example.test." }, { .name = "a._tcp.example.test." } } },
    { "an alias",
      "www.example.test.",
      DNS_CNAME,
      false,
      { { "", 0, "a.example.test." } },
      { { .name = "a.example.test." } } },
    { "an alias that leads away",
      "www.example.test.",
      DNS_CNAME,
      false,
      { { "", 0, "www.example.net." } },
      { { .name = NULL } } },
    { "what PTR leads to is not looked for",
      "1.example.test.",
      DNS_PTR,
      false,
      { { "", 0, "a.example.test." } },
      { { .name = NULL } } },
    { "a binding to its owner",
      "h.example.test.",
      DNS_HTTPS,
      false,
      { { "\0\1", 2, "." } },
      { { .name = "h.example.test.", .is_owner = true } } },
    { "an alias of no service",
      "h.example.test.",
      DNS_HTTPS,
      false,
      { { "\0\0", 2, "." } },
      { { .name = NULL } } },
    { "a binding to another name",
      "h.example.test.",
      DNS_SVCB,
      false,
      { { "\0\1", 2, "svc.example.test." }, { "\0\2", 2, "." } },
      { { .name = "svc.example.test." }, { .name = "h.example.test.", .is_owner = true } } },
};

static void check_case(const struct shown_case *the_case)
{
    static union made made;
    static struct shown shown = { .made = &made };
    const struct dns_name apex = name_of(APEX), owner = name_of(the_case->owner);
    size_t count = 0, target_count = 0;
    for (; count < 4 && the_case->records[count].name != NULL;)
        count++;
    for (; target_count < 4 && the_case->targets[target_count].name != NULL;)
        target_count++;
    shown.rrset = make_rrset(the_case->type, the_case->records, count);
    const size_t room = dns_image_make(&owner, &apex, the_case->is_cut, shown.rrset, &shown.made->image);
    const struct dns_image *image = &shown.made->image;
    if (room == 0 || image->target_count != target_count)
        fail_msg("%s: %u targets in %zu bytes", the_case->what, room > 0 ? image->target_count : 0, room);
    assert_int_equal(image->room, room);
    assert_int_equal(room % 4, 0);
    show(&shown, &owner, 0);
    check_records(&shown, &owner);
    for (size_t i = 0; i < target_count; i++) {
        const struct dns_name expected = name_of(the_case->targets[i].name);
        check_target(&shown, &image->targets[i], 0, &apex, &expected);
        assert_int_equal(image->targets[i].is_below, the_case->targets[i].is_below);
        assert_int_equal(image->targets[i].is_owner, the_case->targets[i].is_owner);
    }
    free(shown.rrset);
}

static void an_image_says_what_the_rrset_says_and_where_it_leads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(&cases[i]);
}

static void only_what_leads_to_names_has_one(void **state)
{
    (void)state;
    static const uint16_t with[] = { DNS_NS, DNS_CNAME, DNS_PTR, DNS_MX, DNS_SRV, DNS_SVCB, DNS_HTTPS };
    unsigned count = 0;
    for (uint32_t type = 0; type <= UINT16_MAX; type++)
        count += dns_image_is_of((uint16_t)type);
    assert_int_equal(count, sizeof with / sizeof *with);
    for (size_t i = 0; i < count; i++)
        assert_true(dns_image_is_of(with[i]));
}

static void there_is_none_where_it_would_not_always_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *owner, *apex;
        uint16_t type;
        struct record records[2];
    } refused[] = {
        { "*.example.test.", APEX, DNS_MX, { { "\0\5", 2, "mail.example.test." } } }, /* any owner */
        { "a.example.test.", APEX, DNS_MX, { { "\0\5", 2, "Mail.example.test." } } }, /* its case is kept */
        { "a.test.", ".", DNS_MX, { { "\0\5", 2, "." } } }, /* no pointer leads there */
        { "_s.example.test.",
          APEX,
          DNS_SRV, /* the second ends with */
          { { "\0\1\0\2\0\3", 6, "b.example.test." },
            { "\0\1\0\2\0\3", 6, "a.b.example.test." } } }, /* the first */
    };
    static union made made;
    static struct shown shown = { .made = &made };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct dns_name apex = name_of(refused[i].apex), owner = name_of(refused[i].owner);
        struct dns_rrset *rrset =
            make_rrset(refused[i].type, refused[i].records, refused[i].records[1].name != NULL ? 2 : 1);
        assert_int_equal(dns_image_make(&owner, &apex, false, rrset, &shown.made->image), 0);
        free(rrset);
    }
}

/* Names of labels that often agree, in the zone and outside. */
static void random_name(struct rng *rng, char out[128])
{
    static const char *const labels[] = { "a", "bb", "mail", "ns", "sub", "x-y" }, *const ends[] = {
        APEX, APEX, "sub.example.test.", "example.net.", "test."
    };
    out[0] = '\0';
    for (uint64_t left = rng_next(rng) % 4; left > 0; left--) {
        strcat(out, labels[rng_next(rng) % 6]);
        strcat(out, ".");
    }
    strcat(out, ends[rng_next(rng) % 5]);
}

static struct dns_rrset *random_rrset(struct rng *rng)
{
    static const struct {
        uint16_t type;
        uint8_t head_size;
    } types[] = { { DNS_NS, 0 }, { DNS_MX, 2 }, { DNS_SRV, 6 }, { DNS_CNAME, 0 }, { DNS_HTTPS, 2 } };
    static char names[RECORDS_MOST][128], heads[RECORDS_MOST][6];
    struct record records[RECORDS_MOST];
    const size_t which = rng_next(rng) % 5;
    const size_t count = types[which].type == DNS_CNAME ? 1 : 1 + rng_next(rng) % RECORDS_MOST;
    for (size_t i = 0; i < count; i++) {
        random_name(rng, names[i]);
        heads[i][1] = (char)i;
        records[i] = (struct record){ heads[i], types[which].head_size, names[i] };
    }
    return make_rrset(types[which].type, records, count);
}

static void behind_the_question_for_a_name_below_its_owner_it_says_the_same(void **state)
{
    (void)state;
    static union made made;
    static struct shown shown = { .made = &made };
    const struct dns_name apex = name_of(APEX), owner = name_of("sub." APEX);
    struct rng rng;
    unsigned shown_count = 0;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < ROUNDS; round++) {
        shown.rrset = random_rrset(&rng);
        const bool is_cut = shown.rrset->type == DNS_NS;
        const size_t room = dns_image_make(&owner, &apex, is_cut, shown.rrset, &shown.made->image);
        assert_true(room <= DNS_IMAGE_ROOM);
        assert_true(room == 0 || shown.rrset->count <= DNS_IMAGE_RECORDS);
        const char *const qname_text = rng_next(&rng) % 2 ? "sub." APEX : "www.x.sub." APEX;
        const struct dns_name qname = name_of(qname_text);
        const unsigned shift = (unsigned)(qname.size - owner.size);
        if (room > 0) {
            shown_count++;
            show(&shown, &qname, shift);
            check_records(&shown, &owner);
        }
        for (unsigned i = 0; room > 0 && i < shown.made->image.target_count; i++) {
            const struct dns_image_target *target = &shown.made->image.targets[i];
            struct dns_name expected = owner;
            if (!target->is_owner)
                dns_name_from_wire(shown.rrset->wire + target->name_at, &expected);
            check_target(&shown, target, shift, &apex, &expected);
            assert_int_equal(target->is_below, is_cut && dns_name_is_within(&expected, &owner));
            assert_true(i == 0 || target[-1].is_below >= target->is_below);
        }
        free(shown.rrset);
    }
    assert_in_range(shown_count, ROUNDS / 4, ROUNDS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_says_what_the_rrset_says_and_where_it_leads),
        cmocka_unit_test(only_what_leads_to_names_has_one),
        cmocka_unit_test(there_is_none_where_it_would_not_always_be_right),
        cmocka_unit_test(behind_the_question_for_a_name_below_its_owner_it_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
