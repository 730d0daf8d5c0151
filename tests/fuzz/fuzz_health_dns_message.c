/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/dns_message.h"
#include "health/grpc_message.h"

#include "dns/type.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What endpoints send, as a DNS reply to the question "a. CNAME" with id 0, and as a gRPC message. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct dns_name name;
    struct dns_reply reply;
    unsigned status;
    dns_name_parse("a", NULL, &name);
    static const uint8_t rdata[] = { 1, 'b', 0 };
    const struct dns_expectation expected = {
        .name = &name, .type = DNS_CNAME, .rdata = rdata, .rdata_size = sizeof rdata
    };
    if (dns_message_read_reply(bytes, size, &expected, &reply) && reply.has_rdata && reply.answers == 0)
        abort();
    (void)grpc_reply_read(bytes, size, &status);
    return 0;
}
