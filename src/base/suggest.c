/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WORD_MAX 32

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment distance, in three rows of the classic table. */
static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][WORD_MAX + 1];
    for (size_t k = 0; k <= b_size; k++)
        rows[0][k] = (unsigned)k;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b_size; k++) {
            row[k] =
                least_of(least_of(above[k], row[k - 1]) + 1, above[k - 1] + !is_same(a[i - 1], b[k - 1]));
            bool is_swap = i > 1 && k > 1 && is_same(a[i - 1], b[k - 2]) && is_same(a[i - 2], b[k - 1]);
            if (is_swap)
                row[k] = least_of(row[k], before[k - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

void suggestion_consider(struct suggestion *suggestion, const char *candidate)
{
    size_t size = strlen(suggestion->word), other = strlen(candidate);
    if (size > WORD_MAX || other > WORD_MAX)
        return;
    unsigned far = distance(suggestion->word, size, candidate, other);
    unsigned allowed = size <= 4 ? 1 : (size <= 6 ? 2 : 3);
    if (far <= allowed && (suggestion->best == NULL || far < suggestion->distance)) {
        suggestion->best = candidate;
        suggestion->distance = far;
    }
}
