// The library through pybind11, with the GIL kept, which is its default.

#include <pybind11/pybind11.h>

extern "C" {
#include "bench.h"
}

namespace py = pybind11;

static py::object current_step;

static int call_step(int value)
{
    return py::cast<int>(current_step(value));
}

static int count_up_py(py::object step, int start, int times)
{
    current_step = std::move(step);
    const int result = count_up(call_step, start, times);
    current_step = py::object();
    return result;
}

PYBIND11_MODULE(_bench_pybind11, m)
{
    py::class_<point>(m, "Point").def(py::init([](double x, double y) { return point{x, y}; }));
    m.def("noop", &noop);
    m.def("add", &add);
    m.def("next_long", &next_long);
    m.def("add_doubles", &add_doubles);
    m.def("add_mixed", &add_mixed);
    m.def("text_length", [](const py::bytes &text) { return text_length(PyBytes_AS_STRING(text.ptr())); });
    m.def("add_ten", &add_ten);
    m.def("add_point", &add_point);
    m.def("count_up", &count_up_py);
}
