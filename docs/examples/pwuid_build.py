from ffi_core import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    typedef int... uid_t;
    struct passwd { uid_t pw_uid; ...; };
    struct passwd *getpwnam(const char *);
""")
ffibuilder.set_source("_pwuid_cffi", """
    #include <sys/types.h>
    #include <pwd.h>
""")

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
