/* A program that opens a library while it runs: ./loader ./plugin-1.0.so "6 * 7" */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    double (*evaluate)(const char *);
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL) {
        fprintf(stderr, "%s\n", argc == 3 ? dlerror() : "usage: loader LIBRARY EXPRESSION");
        return 1;
    }
    *(void **)&evaluate = dlsym(library, "evaluate");
    printf("%g\n", evaluate(argv[2]));
    return dlclose(library);
}
