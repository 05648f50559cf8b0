"""Loading one module of ccxt, in fresh processes: what is loaded, and living with the whole package."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

LOADED = "len([name for name in sys.modules if name.startswith('ccxt.')])"


def run(code: str) -> str:
    """Run `code` in a fresh interpreter; what it prints."""
    script = "import sys\n" + textwrap.dedent(code)
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["guard.venues", "guard.venues.registry", "guard.venues.library"])
def test_importing_the_room_does_not_import_ccxt(module: str) -> None:
    """Nor does anything that other rooms import of it: commands start fast."""
    assert run(f"import {module}; print('ccxt' in sys.modules)") == "False"


@pytest.mark.parametrize("flavour", ["async", "pro"])
def test_one_exchange_loads_a_fraction_of_the_package(flavour: str) -> None:
    """The whole package has hundreds of modules; one exchange needs its own and the base."""
    loaded = run(f"""
        from guard.venues.library import exchange_class
        cls = exchange_class("binanceusdm", "{flavour}")
        assert cls().id == "binanceusdm"
        print({LOADED})
    """)
    assert int(loaded) < 40


def test_the_class_is_the_one_that_the_whole_package_has_afterwards() -> None:
    """Other code may import all of ccxt later: the same objects, nothing loaded twice."""
    run("""
        from guard.venues.library import exceptions, exchange_class
        early = exchange_class("binanceusdm")
        errors = exceptions()
        import ccxt
        import ccxt.async_support
        assert ccxt.async_support.binanceusdm is early
        assert ccxt.async_support.binance is early.__mro__[1]
        assert "kraken" in ccxt.exchanges
        assert ccxt.AuthenticationError is errors.AuthenticationError
        assert ccxt.__version__ == ccxt.async_support.__version__
        assert ccxt.binance is not ccxt.async_support.binance
        assert ccxt.async_support.okx().id == "okx"
        from ccxt.async_support import bybit
        assert bybit is ccxt.async_support.bybit
        assert {"binance", "okx", "Exchange"} <= set(dir(ccxt))
        assert exchange_class("binanceusdm") is early
    """)


def test_a_package_that_is_there_already_is_used() -> None:
    """Other code may have imported all of ccxt, or only its sync part, before."""
    for before in ("import ccxt", "import ccxt.async_support", "import ccxt.pro"):
        run(f"""
            {before}
            from guard.venues.library import exchange_class
            cls = exchange_class("binanceusdm")
            import ccxt.async_support
            assert ccxt.async_support.binanceusdm is cls
            assert issubclass(cls, ccxt.async_support.Exchange)
        """)


def test_pro_inherits_from_the_same_async_class() -> None:
    """The modules of pro take their parents from the package's attributes."""
    run("""
        from guard.venues.library import exchange_class
        rest, pro = exchange_class("binanceusdm"), exchange_class("binanceusdm", "pro")
        assert rest is not pro
        assert exchange_class("binance") in pro.__mro__
        assert hasattr(pro, "watch_positions")
        import ccxt.pro
        assert ccxt.pro.binanceusdm is pro
    """)


def test_probing_the_modules_loads_nothing() -> None:
    """Test runners and debuggers look for dunder names on everything that is loaded."""
    run(f"""
        import inspect, warnings
        from guard.venues.library import exchange_class
        exchange_class("binanceusdm")
        before = {LOADED}
        for module in list(sys.modules.values()):
            getattr(module, "__warningregistry__", None)
            hasattr(module, "__wrapped__")
        inspect.getmodule(exchange_class)
        assert {LOADED} == before
    """)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As for any package."""
    run("""
        from guard.venues.library import exchange_class
        exchange_class("binanceusdm")
        import ccxt
        try:
            ccxt.no_such_exchange
        except AttributeError as error:
            assert "no_such_exchange" in str(error)
        else:
            raise SystemExit("found it")
        import ccxt.async_support.okx
        assert ccxt.async_support.okx.__name__ == "okx"
    """)


@pytest.mark.parametrize("name", ["nosuchvenue", "base", "../binance", "", "binance.abc"])
def test_an_unknown_exchange_is_bad_input(name: str) -> None:
    """Named in one line."""
    run(f"""
        from guard.ports.errors import InputError
        from guard.venues.library import exchange_class
        try:
            exchange_class({name!r})
        except InputError as error:
            assert "ccxt has no exchange" in str(error)
        else:
            raise SystemExit("loaded it")
    """)


def test_memory_stays_far_below_the_whole_package() -> None:
    """Over what its libraries take anyway (aiohttp, requests, cryptography)."""
    used = """
        def resident():
            for line in open("/proc/self/status"):
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / 1024
        import aiohttp, certifi, requests, cryptography.hazmat.backends
        before = resident()
        {load}
        print(round(resident() - before, 1))
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    one = run(used.format(load="from guard.venues.library import exchange_class; exchange_class('binanceusdm')"))
    whole = run(used.format(load="import ccxt.async_support"))
    assert float(one) < 0.5 * float(whole), (one, whole)
