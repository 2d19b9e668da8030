"""Build ``pwdwrap._pwd``, the C module behind ``_raw``.

Belongs here: the C declarations, and the few C functions that bring entries of the user database into one block of
memory, so that Python takes them over with one call and one decoding.  Those for groups are in ``_groups.h``.
"""

from __future__ import annotations

from pathlib import Path

from ffi_core import FFI

CDEF = """
    typedef int... uid_t;
    typedef int... gid_t;

    struct pwdwrap_block {
        char *text;
        size_t size;
        unsigned int length;
        char *buffer;
        size_t capacity;
        uid_t *uids;
        gid_t *gids;
        int room;
        unsigned int unusual;
        int status;
    };

    #define PWDWRAP_STRINGS ...
    #define PWDWRAP_HEADER ...
    #define PWDWRAP_UNUSUAL ...
    #define PWDWRAP_END ...

    int pwdwrap_by_uid(uid_t uid, struct pwdwrap_block *block);
    int pwdwrap_by_name(const char *name, struct pwdwrap_block *block);
    int pwdwrap_next(struct pwdwrap_block *block);
    void pwdwrap_rewind(void);
    void pwdwrap_close(void);

    struct pwdwrap_group {
        char *text;
        size_t size;
        char *buffer;
        size_t capacity;
        gid_t gid;
        int no_password;
    };

    int pwdwrap_group_by_gid(gid_t gid, struct pwdwrap_group *group);
    int pwdwrap_group_by_name(const char *name, struct pwdwrap_group *group);
    void pwdwrap_rewind_groups(void);
    void pwdwrap_close_groups(void);
    int pwdwrap_next_group(struct pwdwrap_group *group);
    int pwdwrap_groups_of(const char *name, gid_t gid, gid_t *groups, int room);
"""

SOURCE = r"""
#include "_groups.h"
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#define PWDWRAP_STRINGS 5
#define PWDWRAP_HEADER ((int)(sizeof(uid_t) + sizeof(gid_t)))
#define PWDWRAP_UNUSUAL INT_MIN
#define PWDWRAP_END 1

/* PWDWRAP_ONLY_POSIX lets a test take the path of systems without getpwent_r(). */
#if !defined(PWDWRAP_ONLY_POSIX) && (defined(__GLIBC__) || defined(__FreeBSD__) || defined(__NetBSD__))
#define PWDWRAP_HAVE_GETPWENT_R 1
#else
#define PWDWRAP_HAVE_GETPWENT_R 0
#endif

/* Entries of the user database. */
struct pwdwrap_block {
    char *text;          /* the strings, one after the other, each with its NUL */
    size_t size;         /* of text; at least PWDWRAP_HEADER + PWDWRAP_STRINGS * capacity */
    unsigned int length; /* how much of text is used */
    char *buffer;        /* for the C library */
    size_t capacity;     /* of buffer */
    uid_t *uids;         /* of each entry */
    gid_t *gids;
    int room;            /* for so many entries */
    unsigned int unusual; /* bit i: field i of the last entry is a NULL string (empty in text), or an id of -1 */
    int status;          /* of pwdwrap_next: 0, PWDWRAP_END, or a negative error number */
};

/* Add an entry to the block as number "place".  0, or -ERANGE when it does not fit. */
static int pwdwrap_add(struct pwdwrap_block *block, int place, const struct passwd *entry)
{
    const char *const strings[PWDWRAP_STRINGS] = {
        entry->pw_name, entry->pw_passwd, entry->pw_gecos, entry->pw_dir, entry->pw_shell,
    };
    const unsigned int fields[PWDWRAP_STRINGS] = {1u << 0, 1u << 1, 1u << 4, 1u << 5, 1u << 6};
    size_t used = block->length;
    int i;

    for (i = 0; i < PWDWRAP_STRINGS; i++) {
        const char *string = strings[i] != NULL ? strings[i] : "";
        const size_t size = strlen(string) + 1;

        if (size > block->size - used) {
            return -ERANGE;
        }
        memcpy(block->text + used, string, size);
        used += size;
        if (strings[i] == NULL) {
            block->unusual |= fields[i];
        }
    }
    if (entry->pw_uid == (uid_t)-1) {
        block->unusual |= 1u << 2;
    }
    if (entry->pw_gid == (gid_t)-1) {
        block->unusual |= 1u << 3;
    }
    block->length = (unsigned int)used;
    block->uids[place] = entry->pw_uid;
    block->gids[place] = entry->pw_gid;
    return 0;
}

/* Make "entry" the only entry of the block.  The text begins with a header: the bytes of both ids.
   Returns the length of the text, 0 for no entry, a negative error number, or PWDWRAP_UNUSUAL for an unusual entry. */
static int pwdwrap_single(struct pwdwrap_block *block, const struct passwd *entry, int error)
{
    if (entry == NULL) {
        return -error;
    }
    memcpy(block->text, &entry->pw_uid, sizeof(uid_t));
    memcpy(block->text + sizeof(uid_t), &entry->pw_gid, sizeof(gid_t));
    block->length = (unsigned int)PWDWRAP_HEADER;
    block->unusual = 0;
    error = pwdwrap_add(block, 0, entry);
    if (error != 0) {
        return error;
    }
    return block->unusual == 0 ? (int)block->length : PWDWRAP_UNUSUAL;
}

static int pwdwrap_by_uid(uid_t uid, struct pwdwrap_block *block)
{
    struct passwd entry;
    struct passwd *found = NULL;
    const int error = getpwuid_r(uid, &entry, block->buffer, block->capacity, &found);

    return pwdwrap_single(block, found, error);
}

static int pwdwrap_by_name(const char *name, struct pwdwrap_block *block)
{
    struct passwd entry;
    struct passwd *found = NULL;
    const int error = getpwnam_r(name, &entry, block->buffer, block->capacity, &found);

    return pwdwrap_single(block, found, error);
}

#if PWDWRAP_HAVE_GETPWENT_R

static void pwdwrap_rewind(void)
{
    setpwent();
}

/* Add the next entry.  0, PWDWRAP_END, or a negative error number: after -ERANGE it is still the next one. */
static int pwdwrap_add_next(struct pwdwrap_block *block, int place)
{
    struct passwd entry;
    struct passwd *found = NULL;
    int error;

    /* Once read, an entry must fit, whatever parts of the buffer its strings share. */
    if (block->size - block->length < PWDWRAP_STRINGS * block->capacity) {
        return -ERANGE;
    }
    error = getpwent_r(&entry, block->buffer, block->capacity, &found);
    if (error == ENOENT || (error == 0 && found == NULL)) {
        return PWDWRAP_END;
    }
    if (error != 0) {
        return -error;
    }
    return pwdwrap_add(block, place, found) == 0 ? 0 : -EOVERFLOW;
}

#else

/* POSIX has getpwent() only.  An entry that does not fit is kept for the next call. */
static const struct passwd *pwdwrap_pending;

static void pwdwrap_rewind(void)
{
    pwdwrap_pending = NULL;
    setpwent();
}

static int pwdwrap_add_next(struct pwdwrap_block *block, int place)
{
    int error;

    if (pwdwrap_pending == NULL) {
        errno = 0;
        pwdwrap_pending = getpwent();
        if (pwdwrap_pending == NULL) {
            return errno == 0 || errno == ENOENT ? PWDWRAP_END : -errno;
        }
    }
    error = pwdwrap_add(block, place, pwdwrap_pending);
    if (error == 0) {
        pwdwrap_pending = NULL;
    }
    return error;
}

#endif

/* Read the next entries into the block; return how many.  An unusual entry is the last one. */
static int pwdwrap_next(struct pwdwrap_block *block)
{
    int place = 0;

    block->length = 0;
    block->unusual = 0;
    block->status = 0;
    while (place < block->room && block->unusual == 0) {
        block->status = pwdwrap_add_next(block, place);
        if (block->status != 0) {
            break;
        }
        place++;
    }
    return place;
}

static void pwdwrap_close(void)
{
    endpwent();
}
"""

ffibuilder = FFI()
ffibuilder.cdef(CDEF)
ffibuilder.set_source(
    "pwdwrap._pwd",
    SOURCE,
    include_dirs=[str(Path(__file__).resolve().parent)],
    depends=["src/pwdwrap/_groups.h"],  # from the folder of pyproject.toml
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
