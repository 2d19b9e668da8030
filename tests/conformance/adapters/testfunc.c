/* The C functions that the suite's test_c.py calls by number. */
#include <complex.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct pair { unsigned char a1; short a2; };
struct ints2 { int a1, a2; };
struct ints3 { int a1, a2, a3; };
struct real { double a1; };
struct single { float a1; };
struct mixed { float a1; int a2; };
struct floats { float a1, a2; };
struct mixed2 { int a1; float a2; };
struct ints10 { int n[10]; };

static signed char f0(signed char a, signed char b) { return (signed char)(a + b); }
static long f1(int a, long b) { return (long)a + b; }
static long long f2(long long a, long long b) { return (long long)((unsigned long long)a + (unsigned long long)b); }
static double f3(float a, double b) { return a + b; }
static float f4(float a, double b) { return (float)(a + b); }
static void f5(void) { errno += 15; }
static int *f6(int *p) { static int result; result = *p - 1000; return &result; }
static short f7(struct pair s) { return (short)(s.a1 + s.a2); }
static int f9(int n, ...)
{
    int total = 0;
    va_list rest;
    va_start(rest, n);
    for (int i = 0; i < n; i++) total += va_arg(rest, int);
    va_end(rest);
    return total;
}
static struct pair f10(int n) { struct pair s = {(unsigned char)n, (short)(n * n)}; return s; }
static struct ints2 f11(int n) { struct ints2 s = {n, n * n}; return s; }
static struct real f12(int n) { struct real s = {n}; return s; }
static struct ints3 f13(int n) { struct ints3 s = {n, n * n, n * n * n}; return s; }
static struct single f14(int n) { struct single s = {(float)n}; return s; }
static struct mixed f15(int n) { struct mixed s = {(float)n, n * n}; return s; }
static struct floats f16(int n) { struct floats s = {(float)n, (float)-n}; return s; }
static struct mixed2 f17(int n) { struct mixed2 s = {n, (float)n * (float)n}; return s; }
static int f18(struct mixed2 *s) { return s->a1 + (int)s->a2; }
static long double f19(long double x, int n) { while (n-- > 0) x = 4 * x - x * x; return x; }
static short f20(struct pair *s) { return (short)(s->a1 + s->a2); }
static int f21(struct ints10 s) { int total = 0; for (int i = 0; i < 10; i++) total += s.n[i] << i; return total; }
static struct ints10 f22(struct ints10 a, struct ints10 b) { for (int i = 0; i < 10; i++) a.n[i] -= b.n[i]; return a; }
static int f23(const char *p) { return p == NULL ? -42 : 1000 * p[0]; }
static float complex f24(float a, float b) { return a + 2 * b * I; }
static double complex f25(double a, double b) { return a + 2 * b * I; }

void *testfunc(int number)
{
    void *functions[] = {f0, f1, f2, f3, f4, f5, f6, f7, stderr, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22,
                         f23, f24, f25};
    return functions[number];
}
