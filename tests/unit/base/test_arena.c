/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include "base/memory.h"
#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

struct piece {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

/* Pieces of many sizes, each filled with a mark of its own, which the others must leave alone. */
static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    enum { PIECES = 2000 };
    static struct piece pieces[PIECES];
    alignas(max_align_t) char room[512];
    struct rng rng;
    rng_seed(&rng);
    uint64_t seed = rng.state;
    struct arena arena = arena_in(room, sizeof room), other = { 0 };
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = (size_t)(rng_next(&rng) % (i % 100 == 0 ? 100000 : 200));
        struct arena *from = i % 3 == 0 ? &other : &arena;
        unsigned char *piece = arena_take(from, size);
        if ((uintptr_t)piece % alignof(max_align_t) != 0 || !is_zero(piece, size))
            fail_msg("seed %llu, piece %zu of %zu bytes", (unsigned long long)seed, i, size);
        pieces[i] = (struct piece){ piece, size, (unsigned char)(1 + i % 255) };
        memset(piece, pieces[i].mark, size);
        assert_string_equal(arena_string(from, "text", 2), "te");
        if (i == PIECES / 2)
            arena_adopt(&arena, xcalloc(1, 1000));
    }
    arena_merge(&arena, &other);
    assert_null(other.chunks);
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < pieces[i].size; k++)
            assert_int_equal(pieces[i].bytes[k], pieces[i].mark);
    }
    arena_free(&arena);
    assert_null(arena.chunks);
}

static void an_empty_arena_takes_what_another_has(void **state)
{
    (void)state;
    struct arena arena = { 0 }, other = { 0 };
    arena_adopt(&other, xcalloc(1, 10));
    const char *string = arena_string(&other, "abc", 3);
    arena_merge(&arena, &other);
    arena_merge(&arena, &other);
    assert_string_equal(string, "abc");
    assert_string_equal(arena_string(&arena, "", 0), "");
    arena_free(&arena);
    arena_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(an_empty_arena_takes_what_another_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
