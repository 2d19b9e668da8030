/* The library that every peer calls. */

#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

struct point {
    double x;
    double y;
};

struct record {
    int number;
    char *name;
};

void noop(void);
int add(int a, int b);
long next_long(long a);
double add_doubles(double a, double b);
double add_mixed(int a, double b, long c, double d);
size_t text_length(const char *text);
int add_ten(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j);
double add_point(struct point p);
int count_up(int (*step)(int), int start, int times);
void sort_ints(int *values, size_t count, int (*compare)(const int *, const int *));

unsigned long burn(unsigned long steps);
unsigned long rest(unsigned long milliseconds);

#endif
