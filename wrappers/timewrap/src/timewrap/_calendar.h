/* Calendars and formats.  Fields are numbered and counted as Python does: the year is whole, months begin with 1, weeks with Monday. */
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define TIMEWRAP_ZONE_SIZE 64
#define TIMEWRAP_BUFFER 256

struct timewrap_fields {
    long long tm_year;
    int tm_mon, tm_mday, tm_hour, tm_min, tm_sec, tm_wday, tm_yday, tm_isdst;
    char tm_zone[TIMEWRAP_ZONE_SIZE];
    long tm_gmtoff;
};

struct timewrap_text {
    int status; /* 0, or what timewrap_check returns */
    char text[56];
};

struct timewrap_zone {
    long timezone, altzone;
    int daylight;
    char standard[TIMEWRAP_ZONE_SIZE], summer[TIMEWRAP_ZONE_SIZE];
};

struct timewrap_parsed {
    int tm_mon, tm_mday, tm_hour, tm_min, tm_sec, tm_wday, tm_yday, tm_isdst;
    long long tm_year;
    long tm_gmtoff;
    const char *tm_zone; /* always NULL: strptime does not say */
    long consumed;       /* bytes of the text that match; -1: it does not match */
    int has_offset;      /* does tm_gmtoff come from the text? */
};

/* The numbers of the fields in arrays of int. */
enum { TIMEWRAP_YEAR, TIMEWRAP_MONTH, TIMEWRAP_DAY, TIMEWRAP_HOUR, TIMEWRAP_MINUTE, TIMEWRAP_SECOND, TIMEWRAP_WEEKDAY,
       TIMEWRAP_YEARDAY, TIMEWRAP_DST };

static void timewrap_copy_zone(char *zone, const char *name)
{
    size_t length = name == NULL ? 0 : strlen(name);

    length = length < TIMEWRAP_ZONE_SIZE ? length : TIMEWRAP_ZONE_SIZE - 1;
    if (length > 0) {
        memcpy(zone, name, length);
    }
    zone[length] = '\0';
}

static void timewrap_from_tm(struct timewrap_fields *fields, const struct tm *tm)
{
    fields->tm_year = (long long)tm->tm_year + 1900;
    fields->tm_mon = tm->tm_mon + 1;
    fields->tm_mday = tm->tm_mday;
    fields->tm_hour = tm->tm_hour;
    fields->tm_min = tm->tm_min;
    fields->tm_sec = tm->tm_sec;
    fields->tm_wday = (tm->tm_wday + 6) % 7;
    fields->tm_yday = tm->tm_yday + 1;
    fields->tm_isdst = tm->tm_isdst;
    fields->tm_gmtoff = tm->tm_gmtoff;
    timewrap_copy_zone(fields->tm_zone, tm->tm_zone);
}

/* Fill "tm" as the fields say.  0, or -1 for a year that does not fit. */
static int timewrap_to_tm(struct tm *tm, const int *fields)
{
    memset(tm, 0, sizeof *tm);
    if (fields[TIMEWRAP_YEAR] < INT_MIN + 1900) {
        return -1;
    }
    tm->tm_year = fields[TIMEWRAP_YEAR] - 1900;
    tm->tm_mon = (int)((unsigned int)fields[TIMEWRAP_MONTH] - 1u);
    tm->tm_mday = fields[TIMEWRAP_DAY];
    tm->tm_hour = fields[TIMEWRAP_HOUR];
    tm->tm_min = fields[TIMEWRAP_MINUTE];
    tm->tm_sec = fields[TIMEWRAP_SECOND];
    tm->tm_wday = (int)((unsigned int)fields[TIMEWRAP_WEEKDAY] + 1u) % 7;
    tm->tm_yday = (int)((unsigned int)fields[TIMEWRAP_YEARDAY] - 1u);
    tm->tm_isdst = fields[TIMEWRAP_DST];
    return 0;
}

/* Take 0 for the first month, day and day of the year, and say which field is out of range: 0, or 1 + its number. */
static int timewrap_check(struct tm *tm)
{
    if (tm->tm_mon == -1) {
        tm->tm_mon = 0;
    }
    else if (tm->tm_mon < 0 || tm->tm_mon > 11) {
        return 1 + TIMEWRAP_MONTH;
    }
    if (tm->tm_mday == 0) {
        tm->tm_mday = 1;
    }
    else if (tm->tm_mday < 0 || tm->tm_mday > 31) {
        return 1 + TIMEWRAP_DAY;
    }
    if (tm->tm_hour < 0 || tm->tm_hour > 23) {
        return 1 + TIMEWRAP_HOUR;
    }
    if (tm->tm_min < 0 || tm->tm_min > 59) {
        return 1 + TIMEWRAP_MINUTE;
    }
    if (tm->tm_sec < 0 || tm->tm_sec > 61) {
        return 1 + TIMEWRAP_SECOND;
    }
    if (tm->tm_wday < 0) {
        return 1 + TIMEWRAP_WEEKDAY;
    }
    if (tm->tm_yday == -1) {
        tm->tm_yday = 0;
    }
    else if (tm->tm_yday < 0 || tm->tm_yday > 365) {
        return 1 + TIMEWRAP_YEARDAY;
    }
    return 0;
}

/* ---- from seconds to fields: month 0, and errno, where it fails ---- */

static int64_t timewrap_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec;
}

static struct timewrap_fields timewrap_break_down(int64_t seconds, struct tm *(*convert)(const time_t *, struct tm *))
{
    struct timewrap_fields fields;
    struct tm tm;
    const time_t when = (time_t)seconds;

    errno = 0;
    if ((int64_t)when == seconds && convert(&when, &tm) != NULL) {
        timewrap_from_tm(&fields, &tm);
    }
    else {
        memset(&fields, 0, sizeof fields);
        errno = errno == 0 ? EOVERFLOW : errno;
    }
    return fields;
}

static struct timewrap_fields timewrap_gmtime(int64_t seconds)
{
    return timewrap_break_down(seconds, gmtime_r);
}

static struct timewrap_fields timewrap_gmtime_now(void)
{
    return timewrap_break_down(timewrap_now(), gmtime_r);
}

static struct timewrap_fields timewrap_localtime(int64_t seconds)
{
    return timewrap_break_down(seconds, localtime_r);
}

static struct timewrap_fields timewrap_localtime_now(void)
{
    return timewrap_break_down(timewrap_now(), localtime_r);
}

/* ---- from fields to seconds ---- */

/* NaN where it fails. */
static double timewrap_mktime(const int *fields)
{
    struct tm tm;
    time_t seconds;

    if (timewrap_to_tm(&tm, fields) != 0) {
        return (double)NAN;
    }
    tm.tm_wday = -1; /* it is set unless mktime fails: -1 is also the second before the epoch */
    seconds = mktime(&tm);
    return seconds == (time_t)-1 && tm.tm_wday == -1 ? (double)NAN : (double)seconds;
}

/* TIMEWRAP_FAILED where it fails. */
static int64_t timewrap_timegm(const int *fields)
{
    struct tm tm;
    time_t seconds;

    if (timewrap_to_tm(&tm, fields) != 0) {
        return TIMEWRAP_FAILED;
    }
    tm.tm_wday = -1;
    seconds = timegm(&tm);
    return seconds == (time_t)-1 && tm.tm_wday == -1 ? TIMEWRAP_FAILED : (int64_t)seconds;
}

/* ---- from fields to text ---- */

static struct timewrap_text timewrap_write(const struct tm *tm)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct timewrap_text result;
    char *place = result.text;
    const int pairs[3] = {tm->tm_hour, tm->tm_min, tm->tm_sec};
    int i;

    /* "Sun Jun 20 23:21:05 1993".  printf takes longer than all the rest. */
    result.status = 0;
    memcpy(place, days[tm->tm_wday], 3);
    place[3] = ' ';
    memcpy(place + 4, months[tm->tm_mon], 3);
    place[7] = ' ';
    place[8] = (char)(tm->tm_mday < 10 ? ' ' : '0' + tm->tm_mday / 10);
    place[9] = (char)('0' + tm->tm_mday % 10);
    place += 10;
    for (i = 0; i < 3; i++) {
        *place++ = i == 0 ? ' ' : ':';
        *place++ = (char)('0' + pairs[i] / 10);
        *place++ = (char)('0' + pairs[i] % 10);
    }
    snprintf(place, sizeof result.text - (size_t)(place - result.text), " %lld", (long long)tm->tm_year + 1900);
    return result;
}

static struct timewrap_text timewrap_asctime(const int *fields)
{
    struct timewrap_text result;
    struct tm tm;

    result.text[0] = '\0';
    result.status = timewrap_to_tm(&tm, fields) != 0 ? 1 + TIMEWRAP_YEAR : timewrap_check(&tm);
    return result.status == 0 ? timewrap_write(&tm) : result;
}

/* The status is negative where the seconds have no such fields: an error number. */
static struct timewrap_text timewrap_ctime(int64_t seconds)
{
    struct timewrap_text result;
    struct tm tm;
    const time_t when = (time_t)seconds;

    errno = 0;
    if ((int64_t)when == seconds && localtime_r(&when, &tm) != NULL) {
        return timewrap_write(&tm);
    }
    result.text[0] = '\0';
    result.status = errno == 0 ? -EOVERFLOW : -errno;
    return result;
}

static struct timewrap_text timewrap_asctime_now(void)
{
    return timewrap_ctime(timewrap_now());
}

/* ---- formats; "locale" NULL stands for the locale of the process ---- */

static void *timewrap_new_locale(const char *name)
{
    return (void *)newlocale(LC_ALL_MASK, name, (locale_t)0);
}

static void timewrap_free_locale(void *locale)
{
    freelocale((locale_t)locale);
}

static long timewrap_format(const wchar_t *format, const struct tm *tm, void *locale, wchar_t *buffer, size_t size)
{
    const locale_t before = locale == NULL ? (locale_t)0 : uselocale((locale_t)locale);
    const size_t length = wcsftime(buffer, size, format, tm);

    if (locale != NULL) {
        uselocale(before);
    }
    return (long)length;
}

/* The length of the text: 0 also where there is no room for it.  Negative: minus what timewrap_check returns.
   "zone" may be NULL. */
static long timewrap_strftime(const wchar_t *format, const int *fields, const wchar_t *zone, long offset, void *locale,
                              wchar_t *buffer, size_t size)
{
    struct tm tm;
    char name[TIMEWRAP_ZONE_SIZE * 4];
    int status = timewrap_to_tm(&tm, fields) != 0 ? 1 + TIMEWRAP_YEAR : timewrap_check(&tm);

    if (status != 0) {
        return -status;
    }
    tm.tm_isdst = tm.tm_isdst < -1 ? -1 : tm.tm_isdst > 1 ? 1 : tm.tm_isdst; /* the C library knows of no others */
    tm.tm_gmtoff = offset;
    if (zone != NULL) {
        const size_t length = wcstombs(name, zone, sizeof name - 1);

        name[length == (size_t)-1 ? 0 : length] = '\0';
        tm.tm_zone = name;
    }
    return timewrap_format(format, &tm, locale, buffer, size);
}

static long timewrap_strftime_now(const wchar_t *format, void *locale, wchar_t *buffer, size_t size)
{
    struct tm tm;
    const time_t when = (time_t)timewrap_now();

    return localtime_r(&when, &tm) == NULL ? 0 : timewrap_format(format, &tm, locale, buffer, size);
}

/* The same in the locale of the process, into a buffer of TIMEWRAP_BUFFER characters: the call that programs make most. */
static long timewrap_strftime_here(const wchar_t *format, wchar_t *buffer)
{
    return timewrap_strftime_now(format, NULL, buffer, TIMEWRAP_BUFFER);
}

/* What the format does not mention is as at the beginning of 1900, as in Python. */
static struct timewrap_parsed timewrap_strptime(const char *text, const char *format, void *locale)
{
    const locale_t before = locale == NULL ? (locale_t)0 : uselocale((locale_t)locale);
    struct timewrap_parsed parsed;
    struct tm tm;
    const char *rest;

    memset(&tm, 0, sizeof tm);
    tm.tm_mday = 1;
    tm.tm_wday = 1;
    tm.tm_isdst = -1;
    tm.tm_gmtoff = LONG_MIN;
    rest = strptime(text, format, &tm);
    if (locale != NULL) {
        uselocale(before);
    }
    if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31) {
        rest = NULL; /* glibc takes day 366 of any year, and then finds no month that has it */
    }
    parsed.tm_year = (long long)tm.tm_year + 1900;
    parsed.tm_mon = tm.tm_mon + 1;
    parsed.tm_mday = tm.tm_mday;
    parsed.tm_hour = tm.tm_hour;
    parsed.tm_min = tm.tm_min;
    parsed.tm_sec = tm.tm_sec;
    parsed.tm_wday = (tm.tm_wday + 6) % 7;
    parsed.tm_yday = tm.tm_yday + 1;
    parsed.tm_isdst = tm.tm_isdst;
    parsed.tm_gmtoff = tm.tm_gmtoff;
    parsed.tm_zone = NULL;
    parsed.consumed = rest == NULL ? -1 : (long)(rest - text);
    parsed.has_offset = tm.tm_gmtoff != LONG_MIN;
    return parsed;
}

/* ---- the zone ---- */

/* A number that is another one once tzset() has changed the zone, whoever called it. */
static int64_t timewrap_zone_stamp(void)
{
    return (int64_t)((uint64_t)(uintptr_t)tzname[0] * 31u + (uint64_t)(uintptr_t)tzname[1] * 17u +
                     (uint64_t)timezone * 2u + (uint64_t)(daylight != 0));
}

/* The offsets and names of the time zone in January and in July of this year. */
static struct timewrap_zone timewrap_zone(void)
{
    static const int64_t year = (365 * 24 + 6) * 3600;
    const int64_t start = timewrap_now() / year * year;
    struct timewrap_fields january, july;
    struct timewrap_zone zone;

    january = timewrap_localtime(start);
    july = timewrap_localtime(start + year / 2);
    if (january.tm_gmtoff > july.tm_gmtoff) { /* the south: its summer is in January */
        const struct timewrap_fields summer = january;

        january = july;
        july = summer;
    }
    zone.timezone = -january.tm_gmtoff;
    zone.altzone = -july.tm_gmtoff;
    zone.daylight = january.tm_gmtoff != july.tm_gmtoff;
    memcpy(zone.standard, january.tm_zone, sizeof zone.standard);
    memcpy(zone.summer, july.tm_zone, sizeof zone.summer);
    return zone;
}
