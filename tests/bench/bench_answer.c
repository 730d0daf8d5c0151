/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one answer costs in user time, from the bytes of the query to the bytes of the reply, by kind of
 * query.
 *
 *     bench_answer [--once] [NAMES [SERVICES [KIND]]]
 *
 * Prints nanoseconds an answer in batches of 64, the best of some rounds; of a zone with so many static names
 * and services of each kind, or of KIND alone.  With --once each kind is answered once and alone, for
 * callgrind: tests/bench/instructions.py.
 */
#include "answer/answer.h"
#include "bench_queries.h"
#include "bench_steering.h"
#include "bench_world.h"

#include <time.h>

enum {
    NAMES = 10000,
    SERVICES = 1000,
    QUERIES = 1 << 16,
    ROUNDS = 20,
    ONCE = 8192,
    BATCH = 64,
    ANSWER_US = 100
};

struct bench {
    struct bench_world world;
    struct rng rng;
    struct answer_settings settings;
    struct answer_counters counters;
    struct answerer answerer;
    struct server_keys keys;
    struct rate_limiter *limiter;
    struct address source;
    unsigned names, services;
    bool is_tcp;
    struct query queries[QUERIES];
    struct message batch[BATCH];
    uint8_t replies[BATCH][4096 + 64];
    size_t reply_bytes; /* of all replies */
};

/* Every second endpoint is down, and all of one pool. */
static struct endpoint_condition condition_of(const struct endpoint *endpoint)
{
    const char *name = endpoint_more(endpoint)->name;
    const bool is_dead = name != NULL && strncmp(name, "dead", 4) == 0,
               is_up = endpoint->slot % 2 && !is_dead;
    return (struct endpoint_condition){ .weight = endpoint->weight,
                                        .ttl_cap_s = TTL_CAP_NONE,
                                        .verdict = is_up ? HEALTH_UP : HEALTH_DOWN,
                                        .is_available = is_up };
}

static void make_queries(struct bench *bench, const struct kind *kind)
{
    const unsigned count = kind->count == MANY ? bench->names : kind->count == SOME ? bench->services : FEW;
    for (size_t i = 0; i < QUERIES; i++)
        make_query(kind, (unsigned)(rng_next(&bench->rng) % count), &bench->rng, &bench->queries[i]);
    bench->is_tcp = kind->is_tcp;
    bench->settings.limiter = kind->is_limited ? bench->limiter : NULL;
}

static void set_message(struct bench *bench, size_t index, size_t query)
{
    bench->batch[index] = (struct message){ .packet = bench->queries[query].bytes,
                                            .size = bench->queries[query].size,
                                            .source = bench->source,
                                            .out = bench->replies[index],
                                            .out_size = sizeof bench->replies[index] };
}

static void answer_by_tcp(struct bench *bench)
{
    for (size_t i = 0; i < ONCE; i++)
        bench->reply_bytes += answer_message(&bench->answerer, &bench->world.now, TRANSPORT_TCP,
                                             bench->queries[i].bytes, bench->queries[i].size, &bench->source,
                                             bench->replies[0], sizeof bench->replies[0]);
}

/* What callgrind counts. */
static __attribute__((noinline)) void answer_all(struct bench *bench)
{
    if (bench->is_tcp) {
        answer_by_tcp(bench);
        return;
    }
    for (size_t i = 0; i < ONCE; i++) {
        set_message(bench, 0, i);
        answer_batch(&bench->answerer, &bench->world.now, bench->batch, 1);
        bench->reply_bytes += bench->batch[0].reply_size;
    }
}

static void answer_in_batches(struct bench *bench)
{
    for (size_t first = 0; first < QUERIES; first += BATCH) {
        for (size_t i = 0; i < BATCH; i++)
            set_message(bench, i, first + i);
        answer_batch(&bench->answerer, &bench->world.now, bench->batch, BATCH);
        bench->answerer.now_us += BATCH * ANSWER_US;
    }
}

/* Of this process; no system call is timed.  Finer than getrusage, which splits by the clock's ticks. */
static double cpu_s(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void time_kind(struct bench *bench, const struct kind *kind)
{
    double best_s = 1e9;
    if (kind->is_tcp)
        return; /* comes alone */
    make_queries(bench, kind);
    for (int round = 0; round < ROUNDS; round++) {
        double before_s = cpu_s();
        answer_in_batches(bench);
        double took_s = cpu_s() - before_s;
        best_s = took_s < best_s ? took_s : best_s;
    }
    bench->reply_bytes = 0;
    answer_all(bench);
    printf("%-12s %6.0f ns an answer of %zu bytes\n", kind->name, best_s * 1e9 / QUERIES,
           bench->reply_bytes / ONCE);
}

static void open_bench(struct bench *bench, const char *only)
{
    static const struct rate_limit_settings generous = { 100000, 0, 24, 56, NULL, 0 };
    bench->rng.state = 1;
    bench_world_set_geo(&bench->world, make_geo(&bench->rng));
    char *text = steering(bench->names, bench->services, only);
    bench_world_steer(&bench->world, text, condition_of);
    free(text);
    bench->limiter = rate_limiter_new(&generous);
    bench->keys.cookie_count = 1;
    bench->world.now.keys = &bench->keys;
    bench->settings.udp_size = DNS_UDP_SIZE_DEFAULT;
    bench->settings.nsid = bench->settings.version = "ns-1.example.net";
    bench->settings.keepalive_ds = 100;
    bench->counters.served = xcalloc(SERVED_ROOM, sizeof *bench->counters.served);
    bench->counters.services = xcalloc(SERVED_ROOM, sizeof *bench->counters.services);
    bench->answerer.settings = &bench->settings;
    bench->answerer.counters = &bench->counters;
    bench->source = (struct address){ .family = ADDRESS_V4, .bytes = { 127, 0, 0, 1 } };
}

static void once(struct bench *bench, const struct kind *kind)
{
    make_queries(bench, kind);
    answer_all(bench);
    printf("%s %d\n", kind->name, ONCE);
}

static unsigned number_of(int argc, char **argv, int at, unsigned otherwise)
{
    return at < argc ? (unsigned)strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const bool is_once = argc > 1 && strcmp(argv[1], "--once") == 0;
    bench.names = number_of(argc, argv, 1 + is_once, NAMES);
    bench.services = number_of(argc, argv, 2 + is_once, SERVICES);
    const char *only = argc > 3 + is_once ? argv[3 + is_once] : NULL;
    if (argc > 4 + is_once || bench.names == 0 || bench.services == 0) {
        fprintf(stderr, "usage: bench_answer [--once] [NAMES [SERVICES [KIND]]]\n");
        return 2;
    }
    open_bench(&bench, only);
    for (size_t i = 0; i < KINDS; i++) {
        if (only == NULL || strcmp(only, kinds[i].name) == 0)
            (is_once ? once : time_kind)(&bench, &kinds[i]);
    }
    return 0; /* all goes with the process */
}
