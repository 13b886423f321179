"""Compile a kernel where numba is installed, else run it as it stands.

A kernel is written once, in the part of Python that numba compiles; without numba the same function runs plain, with
the same results and some hundred times slower. Import modules with kernels inside functions: numba takes a second to
load.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar, cast

_F = TypeVar("_F", bound=Callable[..., Any])
COMPILED = find_spec("numba") is not None


def kernel(function: _F) -> _F:
    """``function`` compiled without Python's lock and cached on disk, or ``function`` itself."""
    if not COMPILED:
        return function
    import numba

    return cast(_F, numba.njit(nogil=True, cache=True)(function))


def plain(function: _F) -> _F:
    """The function behind a kernel as Python: what tests compare the compiled one with.

    Kernels that it calls stay compiled.
    """
    return cast(_F, getattr(function, "py_func", function))
