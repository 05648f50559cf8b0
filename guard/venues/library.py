"""Loading one exchange module of ccxt without the whole package.

`import ccxt` runs a package file that imports every exchange there is: about 70 MiB (sync) to 95 MiB (async)
resident. `exchange_class("binanceusdm")` loads that one module and what it inherits from. The packages `ccxt`,
`ccxt.async_support` and `ccxt.pro` stand in `sys.modules` as themselves, found at their installed place, but
their `__init__` runs only when somebody asks for a name that no single module answers. So other code in the
process may import ccxt before or after: it gets the same classes and, when it wants it, the whole package.

Owns how ccxt gets into memory. Must not know any venue.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from types import ModuleType
from typing import Any, Literal

from guard.ports.errors import GuardError, InputError

Flavour = Literal["async", "pro"]

_PACKAGES: dict[Flavour, str] = {"async": "ccxt.async_support", "pro": "ccxt.pro"}
_lock = threading.RLock()


class _DeferredPackage(ModuleType):
    """A ccxt package whose `__init__` has not run yet; the first unknown name runs it, in this very module."""

    def __setattr__(self, name: str, value: object) -> None:
        # The import system binds a loaded submodule to its parent's attribute. The real `__init__` then rebinds
        # the attribute to the exchange class of the same name, and ccxt's own modules rely on that.
        if isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}":
            value = _class_of(value) or value
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        # Inspection tools probe every loaded module for dunder names; that must not load the whole package.
        if name.startswith("__") and name not in {"__version__", "__all__"}:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found = _single(self.__name__, name)
        if found is not None:
            return found
        self._run_init()
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        self._run_init()
        return sorted(self.__dict__)

    def _run_init(self) -> None:
        with _lock:
            if type(self) is not _DeferredPackage:
                return
            # From here on this is an ordinary module: its `__init__` may look up names in itself.
            object.__setattr__(self, "__class__", ModuleType)
            loader: Any = self.__loader__
            try:
                loader.exec_module(self)
            except BaseException:
                object.__setattr__(self, "__class__", _DeferredPackage)
                raise


def _class_of(module: ModuleType) -> type | None:
    """The exchange class that a module such as `ccxt.pro.binance` is named by."""
    found = module.__dict__.get(module.__name__.rpartition(".")[2])
    return found if isinstance(found, type) else None


def _single(package: str, name: str) -> type | None:
    """A name of a package that one module answers: an exception, the base class, or one exchange's class."""
    errors = importlib.import_module("ccxt.base.errors")
    if name in errors.__all__:
        exception: type = getattr(errors, name)
        return exception
    if name == "Exchange":
        home = "ccxt.base.exchange" if package == "ccxt" else "ccxt.async_support.base.exchange"
        base: type = importlib.import_module(home).Exchange
        return base
    if importlib.util.find_spec(f"{package}.{name}") is None:
        return None
    return _class_of(importlib.import_module(f"{package}.{name}"))


def _defer(package: str) -> None:
    """Put `package` into `sys.modules` without running it, unless it is there already."""
    if package in sys.modules:
        return
    parent, _, child = package.rpartition(".")
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise GuardError(f"the Python package {package.partition('.')[0]} is not installed", fix="install it again")
    module = _DeferredPackage(package)
    module.__dict__.update(
        __spec__=spec,
        __loader__=spec.loader,
        __file__=spec.origin,
        __package__=package,
        __path__=spec.submodule_search_locations,
    )
    sys.modules[package] = module
    if parent:
        setattr(sys.modules[parent], child, module)


def exchange_class(exchange_id: str, flavour: Flavour = "async") -> Any:
    """The ccxt class of `exchange_id`, loading that module alone.

    Args:
        exchange_id: ccxt id such as `binanceusdm`.
        flavour: `async` (REST) or `pro` (REST and WebSocket).

    Raises:
        InputError: ccxt has no such exchange.
    """
    package = _PACKAGES[flavour]
    with _lock:
        for name in dict.fromkeys(("ccxt", "ccxt.async_support", package)):
            _defer(name)
        if not exchange_id.isidentifier() or importlib.util.find_spec(f"{package}.{exchange_id}") is None:
            raise _unknown(exchange_id, flavour)
        found = _class_of(importlib.import_module(f"{package}.{exchange_id}"))
    if found is None:
        raise _unknown(exchange_id, flavour)
    return found


def _unknown(exchange_id: str, flavour: Flavour) -> InputError:
    streams = " with streams" if flavour == "pro" else ""
    return InputError(f"ccxt has no exchange {exchange_id!r}{streams}", fix="the ids are those of ccxt, such as htx")


def exceptions() -> Any:
    """The module `ccxt.base.errors`: the root class is `BaseError`."""
    with _lock:
        _defer("ccxt")
        return importlib.import_module("ccxt.base.errors")
