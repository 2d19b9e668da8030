# cython: language_level=3, binding=False
"""The library through Cython, with the GIL kept, which is its default."""

cdef extern from "bench.h":
    struct point:
        double x
        double y
    void c_noop "noop"() noexcept
    int c_add "add"(int a, int b) noexcept
    long c_next_long "next_long"(long a) noexcept
    double c_add_doubles "add_doubles"(double a, double b) noexcept
    double c_add_mixed "add_mixed"(int a, double b, long c, double d) noexcept
    size_t c_text_length "text_length"(const char *text) noexcept
    int c_add_ten "add_ten"(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) noexcept
    double c_add_point "add_point"(point p) noexcept
    int c_count_up "count_up"(int (*step)(int) noexcept, int start, int times) noexcept


cdef class Point:
    cdef point value

    def __init__(self, double x, double y):
        self.value.x = x
        self.value.y = y


def noop():
    c_noop()


def add(int a, int b):
    return c_add(a, b)


def next_long(long a):
    return c_next_long(a)


def add_doubles(double a, double b):
    return c_add_doubles(a, b)


def add_mixed(int a, double b, long c, double d):
    return c_add_mixed(a, b, c, d)


def text_length(const char *text):
    return c_text_length(text)


def add_ten(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j):
    return c_add_ten(a, b, c, d, e, f, g, h, i, j)


def add_point(Point p not None):
    return c_add_point(p.value)


current_step = None


cdef int call_step(int value) noexcept with gil:
    return current_step(value)


def count_up(step, int start, int times):
    global current_step
    current_step = step
    return c_count_up(call_step, start, times)
