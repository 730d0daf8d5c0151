/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/edns.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_HEADER_SIZE 12

enum dns_query_outcome {
    DNS_QUERY_DROP,   /* no reply may be sent: a response, shorter than a header */
    DNS_QUERY_REFUSE, /* reply with `rcode` only */
    DNS_QUERY_ACCEPT, /* one question of opcode QUERY, well-formed: look it up */
};

/* A query as read from the wire.  `packet` is borrowed and must outlive it. */
struct dns_query {
    const uint8_t *packet;
    uint16_t size;
    uint16_t flags;         /* the second header word, host order */
    uint16_t question_size; /* bytes of the question behind the header to copy into the reply; 0: none; at
                               most 259 */
    uint16_t qtype, qclass;
    uint8_t rcode; /* why it is refused: FORMERR, NOTIMP, BADVERS; NOERROR: it only asks for a cookie */
    struct edns edns;
    struct dns_name qname; /* lowercase; the client's case stands in the packet */
};

/**
 * Reads the usual message: one question and nothing else, or behind it an OPT that has no options, or a
 * client subnet or a cookie as most have it.  Where its name ends follows from where the message ends, so the
 * name is not looked into: `out` is written as by dns_query_parse for what is accepted, but for the labels of
 * `qname`, which may be no name at all.  Whoever finds its bytes among valid names knows that it is one;
 * others ask dns_query_read_labels.
 *
 * False: it is no such message, and is to be parsed.  Never reads behind `size`; any thread.
 */
bool dns_query_glance(const uint8_t *packet, size_t size, struct dns_query *out);

/** Reads the labels after a glance: the message is accepted then.  False: it is malformed, or other than it
 * seemed, and is to be parsed to know what it deserves. */
bool dns_query_read_labels(struct dns_query *query);

/**
 * Parses one message (RFC 1035 §4.1).  `out` is written as far as it was read: a refusal still echoes id,
 * opcode, RD and, where it could be read, the question, and answers with EDNS if the OPT was readable.
 *
 * No question but a COOKIE option is a query for a server cookie (RFC 7873 §5.4): REFUSE with NOERROR.
 *
 * DROP: shorter than 12 bytes; QR=1.  NOTIMP: opcode other than QUERY.  FORMERR: QDCOUNT other than one (RFC
 * 9619), unreadable or compressed question, records in answer or authority that overrun, more than one OPT,
 * an OPT whose owner is not the root, malformed options, bytes behind the last record.  BADVERS: EDNS version
 * above 0 (RFC 6891 §6.1.3). Never reads behind `size`; any thread.
 */
enum dns_query_outcome dns_query_parse(const uint8_t *packet, size_t size, struct dns_query *out);
