from __future__ import annotations

from guard.sandbox.dialects.binancecoinm.endpoints import TABLE
from guard.sandbox.dialects.binancecoinm.wording import engine_symbol, incoming, outgoing, wire_id
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.engine.listing import default_instruments, delivery_instruments, inverse_instruments

COINS = inverse_instruments() | delivery_instruments()


def test_names_go_there_and_back() -> None:
    """Perpetuals carry a suffix on the wire, contracts that expire their date."""
    assert [wire_id(item) for item in COINS.values()] == ["BTCUSD_PERP", "ETHUSD_PERP", "BTCUSD_301227"]
    assert [engine_symbol(wire_id(item)) for item in COINS.values()] == list(COINS)


def test_a_request_for_contracts_becomes_one_for_dollars() -> None:
    """100 dollars a contract of bitcoin, 10 of ether; what is not understood is left for the handler to refuse."""
    assert incoming(Params({"symbol": "BTCUSD_PERP", "quantity": "15"}), COINS).values == {
        "symbol": "BTCUSD",
        "quantity": "1500",
    }
    assert incoming(Params({"symbol": "ETHUSD_PERP", "quantity": "2.5"}), COINS).values["quantity"] == "25"
    assert incoming(Params({"symbol": "FOO", "quantity": "x"}), COINS).values == {"symbol": "FOO", "quantity": "x"}
    assert incoming(Params({"symbol": "BTCUSD_PERP", "quantity": "x"}), COINS).values["quantity"] == "x"


def test_answers_are_in_contracts_at_every_depth() -> None:
    """Rows carry the units of the symbol that they name; money stays what it is."""
    row = {"symbol": "BTCUSD", "positionAmt": "-1500", "notional": "-0.03", "entryPrice": "43500"}
    event = {"e": "ORDER_TRADE_UPDATE", "o": {"s": "ETHUSD", "q": "30", "z": "10", "p": "3400"}}
    assert outgoing({"positions": [row]}, COINS) == {
        "positions": [
            {
                "symbol": "BTCUSD_PERP",
                "pair": "BTCUSD",
                "positionAmt": "-15",
                "notionalValue": "-0.03",
                "entryPrice": "43500",
            }
        ]
    }
    assert outgoing(event, COINS)["o"] == {"s": "ETHUSD_PERP", "q": "3", "z": "1", "p": "3400"}


def test_linear_contracts_are_left_alone() -> None:
    """Where both kinds are listed."""
    row = {"symbol": "BTCUSDT", "positionAmt": "1.5", "notional": "3"}
    assert outgoing([row, 7, None], COINS | default_instruments()) == [row, 7, None]


def test_no_path_of_the_other_branch_is_served() -> None:
    """Every path is this branch's or the wallet's."""
    assert {path.split("/")[1] for _, path in TABLE} == {"dapi", "sapi"}
    assert ("GET", "/dapi/v1/multiAssetsMargin") not in TABLE
