// The library through nanobind, with the GIL kept, which is its default.

#include <nanobind/nanobind.h>

extern "C" {
#include "bench.h"
}

namespace nb = nanobind;

static nb::object current_step;

static int call_step(int value)
{
    return nb::cast<int>(current_step(value));
}

static int count_up_py(nb::object step, int start, int times)
{
    current_step = std::move(step);
    const int result = count_up(call_step, start, times);
    current_step = nb::object();
    return result;
}

NB_MODULE(_bench_nanobind, m)
{
    nb::class_<point>(m, "Point").def("__init__", [](point *p, double x, double y) { new (p) point{x, y}; });
    m.def("noop", &noop);
    m.def("add", &add);
    m.def("next_long", &next_long);
    m.def("add_doubles", &add_doubles);
    m.def("add_mixed", &add_mixed);
    m.def("text_length", [](nb::bytes text) { return text_length(text.c_str()); });
    m.def("add_ten", &add_ten);
    m.def("add_point", &add_point);
    m.def("count_up", &count_up_py);
}
