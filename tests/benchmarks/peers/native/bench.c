/* Functions that do next to nothing: what is measured is the way to them and back. */

#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void noop(void)
{
}

int add(int a, int b)
{
    return a + b;
}

long next_long(long a)
{
    return a + 1;
}

double add_doubles(double a, double b)
{
    return a + b;
}

double add_mixed(int a, double b, long c, double d)
{
    return a + b + (double)c + d;
}

size_t text_length(const char *text)
{
    return strlen(text);
}

int add_ten(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j)
{
    return a + b + c + d + e + f + g + h + i + j;
}

double add_point(struct point p)
{
    return p.x + p.y;
}

int count_up(int (*step)(int), int start, int times)
{
    while (times-- > 0) {
        start = step(start);
    }
    return start;
}

typedef int (*compare_ints)(const int *, const int *);

static _Thread_local compare_ints comparison;

static int compare_pointers(const void *one, const void *other)
{
    return comparison(one, other);
}

void sort_ints(int *values, size_t count, compare_ints compare)
{
    const compare_ints outer = comparison;
    comparison = compare;
    qsort(values, count, sizeof *values, compare_pointers);
    comparison = outer;
}

unsigned long burn(unsigned long steps)
{
    volatile unsigned long sum = 0;

    while (steps-- > 0) {
        sum = sum * 3 + 1;
    }
    return sum;
}

unsigned long rest(unsigned long milliseconds)
{
    const struct timespec time = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};

    nanosleep(&time, NULL);
    return milliseconds + 10;
}
