"""The venue as a whole: its timeline, its accounts, and the order in which things happen at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from guard.sandbox.engine.accounts import Account, LedgerKind, Position, SymbolSettings, to_places
from guard.sandbox.engine.conditional import trigger_algos
from guard.sandbox.engine.funding import next_funding_ms, pay_funding
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.liquidation import liquidate_if_dead
from guard.sandbox.engine.listing import INVERSE_START_PRICES, START_PRICES, default_instruments
from guard.sandbox.engine.margin import AccountFigures, account_figures, usd_equity
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.matching import cancel_all, expire_orphans, fill_resting
from guard.sandbox.engine.orderbook import Depth
from guard.sandbox.engine.prices import PricePath, flat_path
from guard.sandbox.engine.rule import BracketRule, MarginRule
from guard.sandbox.engine.sides import Leg
from guard.sandbox.engine.state import VenueState

EIGHT_HOURS_MS = 8 * 3600 * 1000
_START_PRICES = {**START_PRICES, **INVERSE_START_PRICES}


@dataclass(frozen=True, slots=True)
class Holding:
    """A leg that an account starts with: signed `qty` in the contract's units, `entry_price` in quote units."""

    symbol: str
    qty: Decimal
    entry_price: Decimal
    leverage: int | None = None
    leg: Leg = Leg.BOTH
    isolated_wallet: Decimal | None = None


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How the engine runs: the grid on which prices are looked at, the funding interval, the order book.

    One advance looks at most about `max_steps` times: after a long pause of the clock the grid is coarser.
    """

    resolution_ms: int = 1000
    max_steps: int = 20_000
    funding_interval_ms: int = EIGHT_HOURS_MS
    depth: Depth = field(default_factory=Depth)


class Engine:
    """A venue on a timeline that only `advance` moves; the same calls give the same history."""

    def __init__(
        self,
        *,
        start_ms: int,
        instruments: Mapping[str, Instrument] | None = None,
        paths: Mapping[str, PricePath] | None = None,
        options: EngineOptions | None = None,
        rule: MarginRule | None = None,
    ) -> None:
        """A venue that starts at `start_ms` (epoch milliseconds) with every symbol on its path, or flat.

        Margins are computed by `rule`; None = leverage brackets.
        """
        self.options = options or EngineOptions()
        listed = dict(instruments or default_instruments())
        market = Market(instruments=listed, now_ms=start_ms, rule=rule or BracketRule(), depth=self.options.depth)
        for symbol, instrument in listed.items():
            path = (paths or {}).get(symbol)
            market.list_symbol(instrument, path or flat_path(_START_PRICES.get(symbol, Decimal(100))))
        self.state = VenueState(market)
        self._next_funding_ms = next_funding_ms(start_ms, self.options.funding_interval_ms)

    @property
    def market(self) -> Market:
        """Prices, books and funding rates."""
        return self.state.market

    @property
    def now_ms(self) -> int:
        """The venue's time, epoch milliseconds."""
        return self.state.now_ms

    @property
    def next_funding_ms(self) -> int:
        """When funding is paid next."""
        return self._next_funding_ms

    @property
    def accounts(self) -> Mapping[int, Account]:
        """Every account by id."""
        return self.state.accounts

    def advance(self, to_ms: int) -> None:
        """Live through every grid moment up to `to_ms`; going back does nothing.

        At each moment, in this order: 1. funding when it is due; 2. for every account by id: countdowns, conditional
        orders, resting orders, liquidation.
        """
        looks = max(1, -(-(to_ms - self.now_ms) // (self.options.resolution_ms * self.options.max_steps)))
        step_ms = self.options.resolution_ms * looks
        while (moment := self._next_moment(to_ms, step_ms)) is not None:
            self.market.now_ms = moment
            if moment >= self._next_funding_ms:
                for account in self.state.accounts.values():
                    pay_funding(self.state, account)
                self._next_funding_ms = next_funding_ms(moment, self.options.funding_interval_ms)
            self.settle()
        self.market.now_ms = max(self.now_ms, to_ms)

    def settle(self) -> None:
        """Let the present prices work: conditional orders, resting orders, liquidation, for every account."""
        for account_id in sorted(self.state.accounts):
            self.settle_account(self.state.accounts[account_id])

    def settle_account(self, account: Account) -> None:
        """Let the present prices work on one account."""
        for symbol in [symbol for symbol, at_ms in account.countdowns.items() if at_ms <= self.now_ms]:
            account.set_countdown(symbol, None)
            cancel_all(self.state, account, symbol)
        trigger_algos(self.state, account)
        fill_resting(self.state, account)
        expire_orphans(self.state, account)
        liquidate_if_dead(self.state, account)

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Put a symbol's mark at `price` (quote units), hold it there, and let it work at once."""
        self.set_prices({symbol: price})

    def set_prices(self, prices: Mapping[str, Decimal]) -> None:
        """Put several marks at once, and only then let them work."""
        for symbol, price in prices.items():
            self.market.set_price(symbol, price)
        self.settle()

    def set_path(self, symbol: str, path: PricePath) -> None:
        """Let a symbol follow another path from now on."""
        self.market.set_path(symbol, path)
        self.settle()

    def add_account(
        self,
        name: str,
        balances: Mapping[str, Decimal],
        holdings: Iterable[Holding] = (),
        *,
        hedge_mode: bool = False,
        multi_assets: bool = False,
        mode: str = "",
        default_leverage: int = 20,
    ) -> Account:
        """Open an account with wallet `balances` and, without any trade, `holdings`."""
        account = Account(
            id=len(self.state.accounts) + 1,
            name=name,
            hedge_mode=hedge_mode,
            multi_assets=multi_assets,
            mode=mode,
            default_leverage=default_leverage,
            updated_ms=self.now_ms,
        )
        for asset, amount in balances.items():
            self.state.book_money(account, LedgerKind.TRANSFER, asset, amount)
        for holding in holdings:
            self._hold(account, holding)
        self.state.accounts[account.id] = account
        return account

    def figures(self, account: Account) -> AccountFigures:
        """The venue's figures of an account at the current marks."""
        return account_figures(account, self.market)

    def equity(self, account: Account) -> Decimal:
        """Wallets and unrealized PnL, isolated legs included; in USD in multi-assets mode, else of one margin asset."""
        figures = self.figures(account)
        if account.multi_assets:
            return usd_equity(self.market, figures)
        return sum((asset.margin_balance for asset in figures.assets.values()), Decimal(0))

    def _hold(self, account: Account, holding: Holding) -> None:
        instrument = self.market.instrument(holding.symbol)
        if account.hedge_mode == (holding.leg is Leg.BOTH):
            raise ValueError(f"{holding.symbol}: leg {holding.leg.value} does not fit the position mode")
        leverage = holding.leverage or min(account.default_leverage, instrument.max_leverage)
        isolated = holding.isolated_wallet is not None
        account.settings[holding.symbol] = SymbolSettings(leverage=leverage, isolated=isolated)
        account.positions[holding.symbol, holding.leg] = Position(
            symbol=holding.symbol,
            leg=holding.leg,
            qty=holding.qty,
            entry_price=holding.entry_price,
            isolated_wallet=to_places(holding.isolated_wallet or Decimal(0)),
            updated_ms=self.now_ms,
        )

    def _next_moment(self, to_ms: int, step: int) -> int | None:
        """The next moment at which something can happen, up to `to_ms`: a grid point, funding, or a countdown."""
        grid = (self.now_ms // step + 1) * step
        still = self._still_until()
        if still is None:
            grid = to_ms + 1
        elif still > grid:
            grid = (still // step + 1) * step
        countdowns = (at_ms for account in self.state.accounts.values() for at_ms in account.countdowns.values())
        moment = min(grid, self._next_funding_ms, *countdowns)
        return moment if moment <= to_ms else None

    def _still_until(self) -> int | None:
        """Until when no price that matters to an account can move; None = for ever."""
        ends = [self.market.series[symbol].still_until(self.now_ms) for symbol in self._active_symbols()]
        moving = [end for end in ends if end is not None]
        return min(moving) if moving else None

    def _active_symbols(self) -> set[str]:
        active: set[str] = set()
        for account in self.state.accounts.values():
            active.update(position.symbol for position in account.held())
            active.update(order.symbol for order in account.open_orders.values())
            active.update(algo.request.symbol for algo in account.open_algo_orders.values())
        return active
