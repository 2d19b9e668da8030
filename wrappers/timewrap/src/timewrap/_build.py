"""Build ``timewrap._time``, the C module behind ``_raw``.

Belongs here: the C declarations.  The C functions are in ``_clocks.h`` and ``_calendar.h``.  Functions whose values need no
look by Python have the names of the standard library's: they are the public functions themselves.
"""

from __future__ import annotations

from pathlib import Path

from ffi_core import FFI

HERE = Path(__file__).resolve().parent

# These take less than a microsecond, or as long as the standard library keeps the GIL for them too.
SHORT = """
    double time(void);
    double monotonic(void);
    double perf_counter(void);
    double process_time(void);
    double thread_time(void);
    int64_t time_ns(void);
    int64_t monotonic_ns(void);
    int64_t perf_counter_ns(void);
    int64_t process_time_ns(void);
    int64_t thread_time_ns(void);

    #define TIMEWRAP_FAILED ...
    double timewrap_seconds(int clock);
    int64_t timewrap_nanoseconds(int clock);
    double timewrap_resolution(int clock);
    int timewrap_set(int clock, int64_t seconds, long nanoseconds);
    int timewrap_thread_clock(unsigned long thread, int *clock);

    struct timewrap_constant { const char *name; int value; };
    struct timewrap_constant timewrap_constant(int place);

    struct timewrap_fields {
        long long tm_year;
        int tm_mon, tm_mday, tm_hour, tm_min, tm_sec, tm_wday, tm_yday, tm_isdst;
        char tm_zone[...];
        long tm_gmtoff;
    };
    struct timewrap_text { int status; char text[...]; };
    struct timewrap_zone { long timezone, altzone; int daylight; char standard[...], summer[...]; };
    struct timewrap_parsed {
        int tm_mon, tm_mday, tm_hour, tm_min, tm_sec, tm_wday, tm_yday, tm_isdst;
        long long tm_year;
        long tm_gmtoff;
        const char *tm_zone;
        long consumed;
        int has_offset;
    };

    struct timewrap_fields timewrap_gmtime(int64_t seconds);
    struct timewrap_fields timewrap_gmtime_now(void);
    struct timewrap_fields timewrap_localtime(int64_t seconds);
    struct timewrap_fields timewrap_localtime_now(void);
    struct timewrap_text timewrap_asctime(const int *fields);
    struct timewrap_text timewrap_asctime_now(void);
    struct timewrap_text timewrap_ctime(int64_t seconds);
    double timewrap_mktime(const int *fields);
    int64_t timewrap_timegm(const int *fields);
    struct timewrap_zone timewrap_zone(void);
    int64_t timewrap_zone_stamp(void);
    void tzset(void);

    void *timewrap_new_locale(const char *name);
    void timewrap_free_locale(void *locale);
    long timewrap_strftime(const wchar_t *format, const int *fields, const wchar_t *zone, long offset, void *locale,
                           wchar_t *buffer, size_t size);
    long timewrap_strftime_now(const wchar_t *format, void *locale, wchar_t *buffer, size_t size);
    #define TIMEWRAP_BUFFER ...
    long timewrap_strftime_here(const wchar_t *format, wchar_t *buffer);
    struct timewrap_parsed timewrap_strptime(const char *text, const char *format, void *locale);
"""

LONG = """
    int timewrap_sleep_until(int64_t nanoseconds);
"""

ffibuilder = FFI()
ffibuilder.cdef(SHORT, release_gil=False)
ffibuilder.cdef(LONG)
ffibuilder.set_source(
    "timewrap._time",
    '#include "_clocks.h"\n#include "_calendar.h"\n',
    define_macros=[("_GNU_SOURCE", None)],
    include_dirs=[str(HERE)],
    depends=["src/timewrap/_clocks.h", "src/timewrap/_calendar.h"],  # from the folder of pyproject.toml
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
