/* Clocks.  Times are in nanoseconds since the clock's own epoch. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* What no clock shows. */
#define TIMEWRAP_FAILED INT64_MIN

/* "time" is the public name; C's own function is not needed below. */
#define time timewrap_time

static int64_t timewrap_nanoseconds(int clock)
{
    struct timespec now;
    int64_t result;

    if (clock_gettime((clockid_t)clock, &now) != 0) {
        return TIMEWRAP_FAILED;
    }
    if (__builtin_mul_overflow((int64_t)now.tv_sec, (int64_t)1000000000, &result) ||
        __builtin_add_overflow(result, (int64_t)now.tv_nsec, &result)) {
        errno = EOVERFLOW;
        return TIMEWRAP_FAILED;
    }
    return result;
}

/* NaN where it fails. */
static double timewrap_seconds(int clock)
{
    const int64_t now = timewrap_nanoseconds(clock);

    return now == TIMEWRAP_FAILED ? (double)NAN : (double)now / 1e9;
}

static double timewrap_resolution(int clock)
{
    struct timespec step;

    if (clock_getres((clockid_t)clock, &step) != 0) {
        return (double)NAN;
    }
    return (double)step.tv_sec + (double)step.tv_nsec * 1e-9;
}

/* 0 or an error number. */
static int timewrap_set(int clock, int64_t seconds, long nanoseconds)
{
    struct timespec when;

    when.tv_sec = (time_t)seconds;
    when.tv_nsec = nanoseconds;
    if ((int64_t)when.tv_sec != seconds) {
        return EOVERFLOW;
    }
    return clock_settime((clockid_t)clock, &when) == 0 ? 0 : errno;
}

static int timewrap_thread_clock(unsigned long thread, int *clock)
{
    clockid_t found;
    const int error = pthread_getcpuclockid((pthread_t)thread, &found);

    if (error == 0) {
        *clock = (int)found;
    }
    return error;
}

#define TIMEWRAP_CLOCK(name, clock)                       \
    static double name(void)                              \
    {                                                     \
        return timewrap_seconds(clock);                   \
    }                                                     \
    static int64_t name##_ns(void)                        \
    {                                                     \
        return timewrap_nanoseconds(clock);               \
    }

TIMEWRAP_CLOCK(timewrap_time, CLOCK_REALTIME)
TIMEWRAP_CLOCK(monotonic, CLOCK_MONOTONIC)
TIMEWRAP_CLOCK(perf_counter, CLOCK_MONOTONIC)
TIMEWRAP_CLOCK(process_time, CLOCK_PROCESS_CPUTIME_ID)
TIMEWRAP_CLOCK(thread_time, CLOCK_THREAD_CPUTIME_ID)

static int64_t time_ns(void)
{
    return timewrap_nanoseconds(CLOCK_REALTIME);
}

/* Sleep until the monotonic clock shows so many nanoseconds.  0 or an error number: EINTR after a signal. */
static int timewrap_sleep_until(int64_t nanoseconds)
{
#if defined(__APPLE__)
    const int64_t rest = nanoseconds - timewrap_nanoseconds(CLOCK_MONOTONIC);
    struct timespec time_left = {(time_t)(rest / 1000000000), (long)(rest % 1000000000)};

    return rest <= 0 || nanosleep(&time_left, NULL) == 0 ? 0 : errno;
#else
    const struct timespec deadline = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};

    return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL);
#endif
}

/* The clocks that this system has. */
struct timewrap_constant {
    const char *name;
    int value;
};

#define TIMEWRAP_CONSTANT(name) {#name, (int)(name)},

static const struct timewrap_constant timewrap_constants[] = {
    TIMEWRAP_CONSTANT(CLOCK_REALTIME)
    TIMEWRAP_CONSTANT(CLOCK_MONOTONIC)
#ifdef CLOCK_MONOTONIC_RAW
    TIMEWRAP_CONSTANT(CLOCK_MONOTONIC_RAW)
#endif
#ifdef CLOCK_MONOTONIC_RAW_APPROX
    TIMEWRAP_CONSTANT(CLOCK_MONOTONIC_RAW_APPROX)
#endif
#ifdef CLOCK_HIGHRES
    TIMEWRAP_CONSTANT(CLOCK_HIGHRES)
#endif
#ifdef CLOCK_PROCESS_CPUTIME_ID
    TIMEWRAP_CONSTANT(CLOCK_PROCESS_CPUTIME_ID)
#endif
#ifdef CLOCK_THREAD_CPUTIME_ID
    TIMEWRAP_CONSTANT(CLOCK_THREAD_CPUTIME_ID)
#endif
#ifdef CLOCK_PROF
    TIMEWRAP_CONSTANT(CLOCK_PROF)
#endif
#ifdef CLOCK_BOOTTIME
    TIMEWRAP_CONSTANT(CLOCK_BOOTTIME)
#endif
#ifdef CLOCK_TAI
    TIMEWRAP_CONSTANT(CLOCK_TAI)
#endif
#ifdef CLOCK_UPTIME
    TIMEWRAP_CONSTANT(CLOCK_UPTIME)
#endif
#ifdef CLOCK_UPTIME_RAW
    TIMEWRAP_CONSTANT(CLOCK_UPTIME_RAW)
#endif
#ifdef CLOCK_UPTIME_RAW_APPROX
    TIMEWRAP_CONSTANT(CLOCK_UPTIME_RAW_APPROX)
#endif
#ifdef CLOCK_REALTIME_COARSE
    TIMEWRAP_CONSTANT(CLOCK_REALTIME_COARSE)
#endif
#ifdef CLOCK_MONOTONIC_COARSE
    TIMEWRAP_CONSTANT(CLOCK_MONOTONIC_COARSE)
#endif
    {NULL, 0}
};

/* The constant at that place; a NULL name comes after the last. */
static struct timewrap_constant timewrap_constant(int place)
{
    return timewrap_constants[place];
}
