/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any message, by UDP or TCP, to a world with a bit of everything in it. */
#include "answer/answer.h"
#include "base/memory.h"
#include "config/compiler.h"
#include "control/world.h"
#include "snapshot/tickets.h"

#include <stdlib.h>
#include <string.h>

static const char steering[] =
    "{\"pools\":{\"w\":{\"policy\":\"weighted\",\"endpoints\":{\"a\":{\"ipv4\":\"192.0.2.1\",\"weight\":3},"
    "\"b\":{\"ipv4\":\"192.0.2.2\",\"ipv6\":\"2001:db8::2\"}}},\"r\":{\"endpoints\":{"
    "\"c\":{\"ipv6\":\"2001:db8::3\"},\"d\":{\"ipv4\":\"192.0.2.4\"}}}},"
    "\"zones\":{\"no\":{\"records\":[\"@ NS n\"],\"allow_query\":[]},\"test\":{\"records\":[\"@ 9 IN SOA n h "
    "1 2 3 4 5\",\"@ 9 IN NS n\",\"n 9 IN A 192.0.2.9\","
    "\"c 9 IN CNAME w\",\"o 9 IN CNAME x.example.\",\"l 9 IN CNAME l\",\"d 9 IN DNAME e\",\"s 9 IN NS n.s\","
    "\"n.s 9 IN A 192.0.2.8\",\"*.k 9 IN MX 1 w\",\"a.b.k 9 IN TXT \\\"t\\\"\",\"v 9 IN SRV 1 2 3 n\"],"
    "\"services\":{\"w\":{\"policy\":\"w\"},\"@\":{\"policy\":{\"failover\":[\"w\",\"r\"]}},"
    "\"*.y\":{\"policy\":{\"sticky\":{\"w\":1,\"r\":2}}},\"h\":{\"policy\":{\"failover\":[{\"hostname\":\"w."
    "test\"}]}},"
    "\"g\":{\"policy\":{\"geo\":{\"198.51.100.0/24\":\"w\",\"2001:db8::/32\":\"r\",\"default\":{\"weighted\":"
    "[{\"to\":\"r\",\"weight\":2},{\"to\":\"w\"}]}}}},\"m\":{\"policy\":{\"nearest\":[\"w\",\"r\"]}},"
    "\"z\":{\"policy\":{\"latency\":[\"w\",\"r\"]},\"ecs\":false}}}}}";

static struct rate_limiter *limiter; /* soon every reply is one too many */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static struct compiler *compiler;
    static struct world *world; /* lives as long as the process */
    struct problems problems = { 0 };
    struct document document;
    struct objects objects = { 0 };
    struct compiled compiled;
    struct server_keys *keys = xcalloc(1, sizeof *keys);
    const struct rate_limit_settings limits = { 1, 2, 24, 56, NULL, 0 };
    keys->cookie_count = 2;
    compiler = compiler_new();
    world = world_new(tickets_new(4096));
    snapshot_register_thread();
    if (!document_scan(NULL, steering, strlen(steering), &problems, &document) ||
        !objects_of_steering(&document, "", &problems, &objects) ||
        !compiler_apply(compiler, objects.items, objects.count, &problems, &compiled))
        abort();
    world_take(world, &compiled, 1);
    world_set_keys(world, keys);
    limiter = rate_limiter_new(&limits);
    compiler_accept(compiler, &compiled);
    if (!world_publish(world))
        abort();
    problems_free(&compiled.warnings);
    objects_free(&objects);
    document_free(&document);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct answer_settings settings = {
        .udp_size = 1232, .nsid = "ns1", .version = "1", .identity = "ns1", .keepalive_ds = 100
    };
    static struct answer_counters counters;
    static struct answerer answerer = { .settings = &settings, .counters = &counters };
    const struct address source = { .family = ADDRESS_V4, .bytes = { 198, 51, 100, 7 } };
    if (size == 0)
        return 0;
    settings.limiter = data[0] & 2 ? limiter : NULL;
    settings.requires_cookie = data[0] & 4;
    enum transport transport = data[0] & 1 ? TRANSPORT_TCP : TRANSPORT_UDP;
    size_t room = transport == TRANSPORT_TCP ? 65535 : 1232;
    uint8_t *reply = malloc(room);
    size_t reply_size =
        answer_message(&answerer, snapshot_acquire(), transport, data + 1, size - 1, &source, reply, room);
    snapshot_release();
    bool is_plausible = reply_size == 0 || (reply_size >= 12 && reply_size <= room && size > 12 &&
                                            memcmp(reply, data + 1, 2) == 0 && (reply[2] & 0x80) != 0);
    if (!is_plausible)
        abort();
    free(reply);
    return 0;
}
