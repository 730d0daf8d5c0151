/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/response.h"

#include "base/rng.h"
#include "dns/packet.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libknot/libknot.h>

/*
 * Random RRsets of names with much in common, written by us and read by another implementation, must come
 * back as they were.
 */
#define RRSETS_MOST 120

struct sample {
    enum dns_section section;
    bool has_owner;
    struct dns_name owner;
    struct dns_rrset *rrset;
};

static struct rng rng;

static unsigned below(unsigned limit)
{
    return (unsigned)(rng_next(&rng) % limit);
}

static void random_name(struct dns_name *out)
{
    static const char *const labels[] = { "a",       "A",       "www", "Www",
                                          "example", "exAmple", "com", "a-longer-label",
                                          "ns1" };
    uint8_t wire[DNS_NAME_SIZE_MAX];
    size_t size = 0;
    for (unsigned count = below(below(10) == 0 ? 16 : 4); count > 0; count--) {
        const char *label = labels[below(sizeof labels / sizeof *labels)];
        wire[size] = (uint8_t)strlen(label);
        memcpy(wire + size + 1, label, wire[size]);
        size += 1 + (size_t)wire[size];
    }
    wire[size] = 0;
    assert_true(dns_name_read(wire, size + 1, out) > 0);
    memcpy(out->bytes, wire, size + 1); /* with its case, as rdata may have it */
}

static uint16_t random_rdata(uint16_t type, uint8_t *out)
{
    const struct dns_type_layout *layout = dns_type_layout(type);
    size_t size = layout->name_at;
    memset(out, 0x11, size);
    for (unsigned i = 0; i < layout->name_count; i++) {
        struct dns_name name;
        random_name(&name);
        memcpy(out + size, name.bytes, name.size);
        size += name.size;
    }
    size_t tail = type == DNS_A      ? 4
                  : type == DNS_AAAA ? 16
                  : type == DNS_TXT  ? 1 + below(200)
                                     : layout->tail_size;
    for (size_t i = 0; i < tail; i++)
        out[size + i] = (uint8_t)rng_next(&rng);
    if (type == DNS_TXT)
        out[size] = (uint8_t)(tail - 1);
    return (uint16_t)(size + tail);
}

static void random_sample(struct sample *out, enum dns_section section)
{
    static const uint16_t types[] = { DNS_A,   DNS_AAAA, DNS_TXT, DNS_NS,    DNS_MX,
                                      DNS_SOA, DNS_PTR,  DNS_SRV, DNS_DNAME, DNS_CNAME };
    uint8_t bytes[6][600];
    const uint8_t *rdatas[6];
    uint16_t sizes[6];
    out->section = section;
    out->has_owner = below(3) > 0;
    random_name(&out->owner);
    uint16_t type = types[below(sizeof types / sizeof *types)];
    unsigned count = type == DNS_SOA || type == DNS_CNAME || type == DNS_DNAME ? 1 : 1 + below(6);
    for (unsigned i = 0; i < count; i++) {
        sizes[i] = random_rdata(type, bytes[i]);
        rdatas[i] = bytes[i];
    }
    out->rrset = dns_rrset_new(type, below(1000), rdatas, sizes, count);
}

static void check_record(const struct sample *sample, const uint8_t *rr, uint32_t ttl_s,
                         const struct dns_name *qname, const knot_rrset_t *read)
{
    const struct dns_name *owner = sample->has_owner ? &sample->owner : qname;
    assert_true(knot_dname_is_case_equal(read->owner, owner->bytes));
    assert_int_equal(read->type, sample->rrset->type);
    assert_int_equal(read->ttl, ttl_s < sample->rrset->ttl_s ? ttl_s : sample->rrset->ttl_s);
    assert_int_equal(read->rrs.count, 1);
    knot_rrset_t *written = knot_rrset_new(owner->bytes, read->type, DNS_IN, read->ttl, NULL);
    assert_int_equal(knot_rrset_add_rdata(written, dns_rr_rdata(rr), (uint16_t)dns_rr_rdlength(rr), NULL), 0);
    assert_int_equal(knot_rrset_rr_to_canonical(written), 0);
    assert_int_equal(written->rrs.rdata->len, read->rrs.rdata->len);
    assert_memory_equal(written->rrs.rdata->data, read->rrs.rdata->data, read->rrs.rdata->len);
    knot_rrset_free(written, NULL);
}

/* Reads the reply and compares it with what was added: a prefix of the samples in answer and authority, any
 * of them in additional. */
static void check_reply(const uint8_t *bytes, size_t size, const struct dns_query *query,
                        const struct sample *samples, const bool *is_written, size_t count, uint32_t ttl_s)
{
    knot_pkt_t *packet = knot_pkt_new((void *)bytes, (uint16_t)size, NULL);
    assert_int_equal(knot_pkt_parse(packet, 0), KNOT_EOK);
    assert_int_equal(packet->parsed, size);
    unsigned at[3] = { 0 };
    for (size_t i = 0; i < count; i++) {
        const struct sample *sample = &samples[i];
        const knot_pktsection_t *section = knot_pkt_section(packet, (knot_section_t)sample->section);
        for (const uint8_t *rr = sample->rrset->wire; rr != NULL && is_written[i];
             rr = dns_rrset_next(sample->rrset, rr)) {
            assert_true(at[sample->section] < section->count);
            check_record(sample, rr, ttl_s, &query->qname,
                         knot_pkt_rr(section, (uint16_t)at[sample->section]++));
        }
    }
    assert_int_equal(at[0], knot_pkt_section(packet, KNOT_ANSWER)->count);
    assert_int_equal(at[1], knot_pkt_section(packet, KNOT_AUTHORITY)->count);
    assert_int_equal(at[2] + 1u, knot_pkt_section(packet, KNOT_ADDITIONAL)->count); /* and the OPT */
    assert_non_null(packet->opt_rr);
    knot_pkt_free(packet);
}

static void one_round(uint8_t *buffer, size_t limit)
{
    static const struct dns_reply_edns edns = {
        .udp_size = 1232, .nsid = "x", .ede = -1, .keepalive_ds = -1
    };
    uint8_t packet[DNS_HEADER_SIZE + DNS_NAME_SIZE_MAX + 4] = { 1, 2, 1, 0, 0, 1 };
    struct dns_name qname;
    random_name(&qname);
    memcpy(packet + DNS_HEADER_SIZE, qname.bytes, qname.size);
    memcpy(packet + DNS_HEADER_SIZE + qname.size, "\0\001\0\001", 4);
    struct dns_query query;
    assert_int_equal(dns_query_parse(packet, DNS_HEADER_SIZE + qname.size + 4u, &query), DNS_QUERY_ACCEPT);

    struct sample samples[RRSETS_MOST];
    bool is_written[RRSETS_MOST];
    struct dns_response response;
    dns_response_begin(&response, &query, buffer, limit, &edns);
    size_t count = below(limit > 4096 ? RRSETS_MOST : 8);
    uint32_t ttl_s = below(2) == 0 ? UINT32_MAX : below(1000);
    unsigned section = DNS_ANSWER;
    for (size_t i = 0; i < count; i++) {
        struct sample *sample = &samples[i];
        section = section < DNS_ADDITIONAL && below((unsigned)count) < 3 ? section + 1 : section;
        random_sample(sample, (enum dns_section)section);
        unsigned before = response.counts[section];
        dns_response_add(&response, sample->section, sample->has_owner ? sample->owner.bytes : NULL,
                         sample->rrset, ttl_s, false);
        is_written[i] = response.counts[section] > before;
    }
    size_t size = dns_response_end(&response, &edns);
    assert_true(size <= limit);
    check_reply(buffer, size, &query, samples, is_written, count, ttl_s);
    for (size_t i = 0; i < count; i++)
        free(samples[i].rrset);
}

static void replies_are_read_by_another_implementation_as_they_were_meant(void **state)
{
    (void)state;
    static const size_t limits[] = { 512, 1232, 4096, 40000, 65535 };
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < 4000; round++) {
        size_t limit = limits[below(round % 16 == 0 ? 5 : 3)];
        uint8_t *buffer = malloc(limit); /* the sanitizer sees bytes written behind it */
        one_round(buffer, limit);
        free(buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_by_another_implementation_as_they_were_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
