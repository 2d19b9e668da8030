/* A user database for tests, which stands in for the C library's by LD_PRELOAD.

   FAKE_PASSWD   the file to read; a real name "NULL" becomes a NULL pointer
   FAKE_ERROR    an error number: every read fails with it
   FAKE_INTERRUPTED   so many reads fail with EINTR first

   fake_reads counts the entries read while going through the whole database; fake_open tells whether it is open. */

#define _GNU_SOURCE
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fake_reads;
int fake_open;

static FILE *stream;
static int interrupted;

static int planned_error(void)
{
    const char *error = getenv("FAKE_ERROR");
    const char *times = getenv("FAKE_INTERRUPTED");

    if (times != NULL && interrupted < atoi(times)) {
        interrupted++;
        return EINTR;
    }
    return error != NULL ? atoi(error) : 0;
}

/* After ERANGE the entry is still the next one. */
static int read_entry(FILE *file, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    const long place = ftell(file);
    const int error = fgetpwent_r(file, entry, buffer, size, found);

    if (error == ERANGE) {
        fseek(file, place, SEEK_SET);
    } else if (error == 0 && *found != NULL && strcmp(entry->pw_gecos, "NULL") == 0) {
        entry->pw_gecos = NULL;
    }
    return error;
}

static int search(const char *name, uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    int error = planned_error();
    FILE *file;

    *found = NULL;
    if (error != 0) {
        return error;
    }
    file = fopen(getenv("FAKE_PASSWD"), "re");
    if (file == NULL) {
        return errno;
    }
    while ((error = read_entry(file, entry, buffer, size, found)) == 0) {
        if (name != NULL ? strcmp(entry->pw_name, name) == 0 : entry->pw_uid == uid) {
            break;
        }
        *found = NULL;
    }
    fclose(file);
    return error == ENOENT ? 0 : error;
}

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    return search(name, 0, entry, buffer, size, found);
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    return search(NULL, uid, entry, buffer, size, found);
}

void endpwent(void)
{
    if (stream != NULL) {
        fclose(stream);
    }
    stream = NULL;
    fake_open = 0;
}

void setpwent(void)
{
    endpwent();
}

int getpwent_r(struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    int error = planned_error();

    *found = NULL;
    if (error != 0) {
        return error;
    }
    if (stream == NULL) {
        stream = fopen(getenv("FAKE_PASSWD"), "re");
        if (stream == NULL) {
            return errno;
        }
        fake_open = 1;
    }
    error = read_entry(stream, entry, buffer, size, found);
    if (error == 0 && *found != NULL) {
        fake_reads++;
    }
    return error;
}

struct passwd *getpwent(void)
{
    static struct passwd entry;
    static char buffer[1 << 20];
    struct passwd *found = NULL;

    errno = getpwent_r(&entry, buffer, sizeof buffer, &found);
    return found;
}
