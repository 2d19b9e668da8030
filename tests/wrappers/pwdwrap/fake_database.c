/* A user database for tests, which stands in for the C library's by LD_PRELOAD.

   FAKE_PASSWD   the file to read; a real name "NULL" becomes a NULL pointer
   FAKE_GROUP    the file of groups to read; a password "NULL" becomes a NULL pointer
   FAKE_ERROR    an error number: every read fails with it
   FAKE_INTERRUPTED   so many reads fail with EINTR first

   fake_reads counts the entries read while going through the whole database; fake_open tells whether it is open. */

#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
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

/* ---- groups ---- */

static FILE *groups;

static int read_group(FILE *file, struct group *entry, char *buffer, size_t size, struct group **found)
{
    const long place = ftell(file);
    const int error = fgetgrent_r(file, entry, buffer, size, found);

    if (error == ERANGE) {
        fseek(file, place, SEEK_SET);
    } else if (error == 0 && *found != NULL && strcmp(entry->gr_passwd, "NULL") == 0) {
        entry->gr_passwd = NULL;
    }
    return error;
}

static int search_group(const char *name, gid_t gid, struct group *entry, char *buffer, size_t size, struct group **found)
{
    int error = planned_error();
    FILE *file;

    *found = NULL;
    if (error != 0) {
        return error;
    }
    file = fopen(getenv("FAKE_GROUP"), "re");
    if (file == NULL) {
        return errno;
    }
    while ((error = read_group(file, entry, buffer, size, found)) == 0) {
        if (name != NULL ? strcmp(entry->gr_name, name) == 0 : entry->gr_gid == gid) {
            break;
        }
        *found = NULL;
    }
    fclose(file);
    return error == ENOENT ? 0 : error;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found)
{
    return search_group(name, 0, entry, buffer, size, found);
}

int getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, struct group **found)
{
    return search_group(NULL, gid, entry, buffer, size, found);
}

void endgrent(void)
{
    if (groups != NULL) {
        fclose(groups);
    }
    groups = NULL;
}

void setgrent(void)
{
    endgrent();
}

int getgrent_r(struct group *entry, char *buffer, size_t size, struct group **found)
{
    const int error = planned_error();

    *found = NULL;
    if (error != 0) {
        return error;
    }
    if (groups == NULL) {
        groups = fopen(getenv("FAKE_GROUP"), "re");
        if (groups == NULL) {
            return errno;
        }
    }
    return read_group(groups, entry, buffer, size, found);
}

struct group *getgrent(void)
{
    static struct group entry;
    static char buffer[1 << 20];
    struct group *found = NULL;

    errno = getgrent_r(&entry, buffer, sizeof buffer, &found);
    return found;
}

/* The own group and those that list the user; -1 and how many there are where they do not fit. */
int getgrouplist(const char *name, gid_t gid, gid_t *list, int *count)
{
    static char buffer[1 << 20];
    const int room = *count;
    struct group entry, *found;
    FILE *file = fopen(getenv("FAKE_GROUP"), "re");
    int used = 1;
    char **member;

    if (room > 0) {
        list[0] = gid;
    }
    while (file != NULL && fgetgrent_r(file, &entry, buffer, sizeof buffer, &found) == 0) {
        for (member = entry.gr_mem; *member != NULL; member++) {
            if (strcmp(*member, name) == 0 && entry.gr_gid != gid) {
                if (used < room) {
                    list[used] = entry.gr_gid;
                }
                used++;
            }
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    *count = used;
    return used > room ? -1 : used;
}
