/* Groups: entries of the group database as text, and the groups of a user. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

/* One entry of the group database. */
struct pwdwrap_group {
    char *text;      /* its name, its password and the names of its members, one after the other, each with its NUL */
    size_t size;     /* of text */
    char *buffer;    /* for the C library */
    size_t capacity; /* of buffer */
    gid_t gid;
    int no_password; /* the password is a NULL string (empty in text) */
};

static int pwdwrap_add_text(struct pwdwrap_group *group, size_t *used, const char *string)
{
    const size_t size = strlen(string) + 1;

    if (size > group->size - *used) {
        return -ERANGE;
    }
    memcpy(group->text + *used, string, size);
    *used += size;
    return 0;
}

/* Take over an entry.  The length of the text, 0 for no entry, or a negative error number. */
static int pwdwrap_take_group(struct pwdwrap_group *group, const struct group *entry, int error)
{
    size_t used = 0;
    char **member;

    if (entry == NULL) {
        return -error;
    }
    group->gid = entry->gr_gid;
    group->no_password = entry->gr_passwd == NULL;
    error = pwdwrap_add_text(group, &used, entry->gr_name);
    if (error == 0) {
        error = pwdwrap_add_text(group, &used, group->no_password ? "" : entry->gr_passwd);
    }
    for (member = entry->gr_mem; error == 0 && member != NULL && *member != NULL; member++) {
        error = pwdwrap_add_text(group, &used, *member);
    }
    if (error == 0 && used > INT_MAX) {
        error = -EOVERFLOW;
    }
    return error != 0 ? error : (int)used;
}

static int pwdwrap_group_by_gid(gid_t gid, struct pwdwrap_group *group)
{
    struct group entry;
    struct group *found = NULL;
    const int error = getgrgid_r(gid, &entry, group->buffer, group->capacity, &found);

    return pwdwrap_take_group(group, found, error);
}

static int pwdwrap_group_by_name(const char *name, struct pwdwrap_group *group)
{
    struct group entry;
    struct group *found = NULL;
    const int error = getgrnam_r(name, &entry, group->buffer, group->capacity, &found);

    return pwdwrap_take_group(group, found, error);
}

/* Go to the beginning of the group database; close it.  Its position belongs to the process. */
static void pwdwrap_rewind_groups(void)
{
    setgrent();
}

static void pwdwrap_close_groups(void)
{
    endgrent();
}

/* Read the next entry: as pwdwrap_take_group.  After -ERANGE it is still the next one where the C library has getgrent_r(). */
static int pwdwrap_next_group(struct pwdwrap_group *group)
{
#if defined(__GLIBC__) && !defined(PWDWRAP_ONLY_POSIX)
    struct group entry;
    struct group *found = NULL;
    const int error = getgrent_r(&entry, group->buffer, group->capacity, &found);

    return pwdwrap_take_group(group, found, error == ENOENT ? 0 : error);
#else
    static const struct group *pending;
    int result;

    errno = 0;
    if (pending == NULL) {
        pending = getgrent();
    }
    result = pwdwrap_take_group(group, pending, pending == NULL && errno != ENOENT ? errno : 0);
    if (result != -ERANGE) {
        pending = NULL;
    }
    return result;
#endif
}

/* The groups of a user whose own group is "gid".  How many there are; where that is more than "room", not all were stored. */
static int pwdwrap_groups_of(const char *name, gid_t gid, gid_t *groups, int room)
{
#if defined(__APPLE__)
    int count = room, done = getgrouplist(name, (int)gid, (int *)groups, &count);

    return done < 0 && count <= room ? 2 * room : count;
#else
    int count = room;
    const int done = getgrouplist(name, gid, groups, &count);

    return done < 0 && count <= room ? 2 * room : count;
#endif
}
