/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/blocks.h"
#include "base/memory.h"
#include "base/rng.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { COUNT = 40000, SIZE_MOST = 700, THREADS = 4 };

static uint8_t *taken[COUNT];
static size_t sizes[COUNT];

static bool is_filled(const uint8_t *block, size_t size, uint8_t with)
{
    for (size_t i = 0; i < size; i++) {
        if (block[i] != with)
            return false;
    }
    return true;
}

/* Each filled with its number; some 14 MB, several chunks of them. */
static void take_all(struct rng *rng)
{
    struct blocks blocks = { 0 };
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = 1 + rng_next(rng) % SIZE_MOST;
        taken[i] = (i % 2 ? blocks_take : blocks_take_at_line)(&blocks, sizes[i]);
        assert_int_equal((uintptr_t)taken[i] % 8, 0);
        assert_true(is_filled(taken[i], sizes[i], 0));
        memset(taken[i], (uint8_t)i, sizes[i]);
    }
    blocks_end(&blocks);
}

static void blocks_keep_what_is_written_while_others_go(void **state)
{
    struct rng rng = { 1 };
    (void)state;
    take_all(&rng);
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 == 0)
            block_free(taken[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 != 0)
            assert_true(is_filled(taken[i], sizes[i], (uint8_t)i));
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 != 0)
            block_free(taken[i]);
    }
}

/* Of the page at `block`. */
static bool is_mapped(void *block)
{
    void *page = (void *)((uintptr_t)block & ~(uintptr_t)4095);
    unsigned char resident;
    return mincore(page, 1, &resident) == 0 || errno != ENOMEM;
}

static void memory_goes_back_with_the_last_block(void **state)
{
    struct rng rng = { 2 };
    (void)state;
    take_all(&rng);
    size_t last = COUNT - 1;
    assert_true(is_mapped(taken[last]));
    for (size_t i = 0; i < COUNT; i++)
        block_free(taken[i]);
    assert_false(is_mapped(taken[last]));
}

static void what_is_left_of_the_last_chunk_goes_back(void **state)
{
    struct blocks blocks = { 0 };
    unsigned char resident;
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        taken[i] = blocks_take(&blocks, 1000);
    char *behind = (char *)((uintptr_t)(taken[999] + 1000 + 4095) & ~(uintptr_t)4095);
    blocks_end(&blocks);
    assert_int_equal(mincore(behind, 1, &resident), 0);
    assert_false(resident & 1);
    for (size_t i = 0; i < 1000; i++)
        block_free(taken[i]);
}

static void a_large_block_and_a_few_small_ones_come_from_malloc(void **state)
{
    struct blocks blocks = { 0 };
    (void)state;
    void *small = blocks_take(&blocks, 100), *large = blocks_take(&blocks, 3 << 20);
    assert_null(blocks.chunk);
    free(small); /* with AddressSanitizer this is a test */
    block_free(large);
    block_free(xmalloc(10));
    block_free(NULL);
    blocks_end(&blocks);
}

static void *free_some(void *first)
{
    for (size_t i = (size_t)first; i < COUNT; i += THREADS)
        block_free(taken[i]);
    return NULL;
}

static void several_threads_may_free(void **state)
{
    struct rng rng = { 3 };
    pthread_t threads[THREADS];
    (void)state;
    take_all(&rng);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, free_some, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_keep_what_is_written_while_others_go),
        cmocka_unit_test(memory_goes_back_with_the_last_block),
        cmocka_unit_test(what_is_left_of_the_last_chunk_goes_back),
        cmocka_unit_test(a_large_block_and_a_few_small_ones_come_from_malloc),
        cmocka_unit_test(several_threads_may_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
