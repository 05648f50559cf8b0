"""The linear programme over a pool model: the least cost at which every slack is at least 0. Pure.

Formula:
    minimise    sum of the costs of all flows
    subject to  slack_d >= 0 for each demand d; total notional <= cap; ties between levers
    over        pieces of each lever between its corners, 0 <= piece <= its width

Along a lever costs rise ever faster and slacks rise ever slower, so the best pieces come first by themselves. What legs
share, and assets that bend, are further columns that a row for each of their lines holds down. A lever that has its
side of the order book to itself has the corners of its cost curve among its own.

**A lower bound.** Every plan that trades t_j >= 0 on these levers is a point of this programme: the model's slack is
never below the true one (equity is linear or bends as it does; hulls lie below what legs ask for once `gap` is taken
off), its cost is the true one before rounding (orders that share a side of an order book share its curve), and ties
are relaxed to what every plan obeys. Its least cost is therefore no more than that of any plan, rounded or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from guard.protect.poolmodel import Bend, Couple, Flow, PoolModel
from guard.protect.slack import Slack
from guard.risk.pool import Array, Index

_COST_SCALE = 1_000.0


@dataclass(frozen=True, slots=True)
class Tie:
    """`sum of weight * traded` of some levers is at most `most` (equal to it where `exact`), in quote notional."""

    weights: tuple[tuple[int, float], ...]
    most: float
    exact: bool = False

    def holds(self, traded: Array) -> bool:
        """Whether it holds at `traded` (levers,), to rounding."""
        total = sum(weight * float(traded[lever]) for lever, weight in self.weights)
        slack = 1e-9 * (abs(self.most) + sum(abs(weight * float(traded[lever])) for lever, weight in self.weights))
        return abs(total - self.most) <= slack if self.exact else total <= self.most + slack


@dataclass(frozen=True, slots=True)
class Optimum:
    """What the programme answers: notional of each lever, and the cost."""

    traded: Array
    cost: float


@dataclass(slots=True)
class _Columns:
    """Columns of a programme under construction; entries are (row, column, value)."""

    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    entries: list[tuple[Index, Index, Array]] = field(default_factory=list)

    def add(self, cost: Array, lower: Array, upper: Array) -> Index:
        """New columns; their indices."""
        first = len(self.cost)
        self.cost += cost.tolist()
        self.lower += lower.tolist()
        self.upper += upper.tolist()
        return np.arange(first, len(self.cost))

    def put(self, rows: Index, columns: Index, values: Array) -> None:
        """Entries; the three broadcast against each other."""
        rows, columns, values = np.broadcast_arrays(rows, columns, values)
        self.entries.append((rows.ravel(), columns.ravel(), values.ravel()))


@dataclass(slots=True)
class _Rows:
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, lower: float, upper: float) -> int:
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.lower) - 1


class Programme:
    """The programme of a model: built once, solved for several corrections."""

    def __init__(self, model: PoolModel, ties: Sequence[Tie] = (), *, most_notional: float | None = None) -> None:
        self._model = model
        self._columns, self._rows = _Columns(), _Rows()
        self._pieces: list[Index] = []
        self._shared: list[tuple[int, Index]] = []
        for _ in range(model.goal.demands):
            self._rows.add(0.0, np.inf)
        own = {flow.levers[0]: flow for flow in model.flows if len(flow.levers) == 1}
        for lever in range(len(model.levers)):
            self._pieces.append(self._add_lever(lever, own.get(lever)))
        for flow in model.flows:
            if len(flow.levers) > 1:
                self._add_flow(flow)
        for couple in model.couples:
            self._add_couple(couple)
        for bend in model.bends:
            self._add_bend(bend)
        for tie in ties:
            self._add_tie(tie.weights, tie.most, exact=tie.exact)
        if most_notional is not None:
            self._add_tie(tuple((lever, 1.0) for lever in range(len(model.levers))), most_notional, exact=False)

    def _add_lever(self, lever: int, flow: Flow | None) -> Index:
        model, curve = self._model, self._model.curves[lever]
        traded = curve.traded
        if flow is not None:
            traded = np.unique(np.concatenate([traded, flow.traded[flow.traded <= traded[-1]]]))
            traded = traded[np.append(True, np.diff(traded) > 1e-12 * traded[-1])]
        widths = np.diff(traded)
        slope = np.diff(curve.at(traded), axis=1) / widths * model.alone[:, lever, None]
        rate = np.zeros(len(widths))
        if flow is not None:
            rate = np.diff(np.interp(traded, flow.traded, flow.cost)) / widths
        columns = self._columns.add(rate * _COST_SCALE, np.zeros(len(widths)), widths / model.scale)
        rise = model.rise[:, lever, None] - model.paid[:, lever, None] * rate
        demands = np.arange(model.goal.demands)[:, None]
        self._columns.put(demands, columns[None, :], model.weights[:, None] * rise - slope)
        return columns

    def _add_flow(self, flow: Flow) -> None:
        """Columns for the order book that several levers share, and the row that they do."""
        model, lever = self._model, flow.levers[0]
        widths = np.diff(flow.traded)
        rate = np.diff(flow.cost) / widths
        columns = self._columns.add(rate * _COST_SCALE, np.zeros(len(widths)), widths / model.scale)
        demands = np.arange(model.goal.demands)[:, None]
        fall = -(model.weights * model.paid[:, lever])[:, None] * rate
        self._columns.put(demands, columns[None, :], fall)
        self._shared.append((lever, columns))
        row = np.array(self._rows.add(0.0, 0.0))
        self._columns.put(row, columns, np.ones(len(columns)))
        for each in flow.levers:
            self._columns.put(row, self._pieces[each], np.array(-1.0))

    def _slopes(self, lever: int, demand: int) -> Array:
        """Change of what a lever's leg asks for along its pieces, for each quote traded."""
        curve = self._model.curves[lever]
        pieces = self._pieces[lever]
        widths = np.array(self._columns.upper)[pieces] * self._model.scale
        ends = np.concatenate([[0.0], np.cumsum(widths)])
        return np.asarray(np.diff(curve.at(ends)[demand]) / widths)

    def _add_couple(self, couple: Couple) -> None:
        for demand in couple.demands:
            column = self._columns.add(np.zeros(1), np.array([-np.inf]), np.array([np.inf]))
            self._columns.put(np.array(demand), column, np.array(-1.0))
            if couple.pairing == "net" and couple.line is not None:
                self._add_net(couple, demand, column)
                continue
            now = max(float(couple.long_now[demand]), float(couple.short_now[demand]))
            for side, stands in ((couple.long, couple.long_now), (couple.short, couple.short_now)):
                row = np.array(self._rows.add((float(stands[demand]) - now) / self._model.scale, np.inf))
                self._columns.put(row, column, np.array(1.0))
                for lever in side:
                    self._columns.put(row, self._pieces[lever], -self._slopes(lever, demand))

    def _add_net(self, couple: Couple, demand: int, column: Index) -> None:
        """A row for each line of what a net notional asks for, on both sides of none."""
        if couple.line is None:
            return
        x, y = couple.line[0], couple.line[1][demand]
        now = float(np.interp(abs(couple.net_now), x, y))
        slopes = np.diff(y) / np.diff(x)
        for sign in (1.0, -1.0):
            for slope, left, height in zip(slopes.tolist(), x.tolist(), y.tolist(), strict=False):
                at = height + slope * (sign * couple.net_now - left) - now
                row = np.array(self._rows.add(at / self._model.scale, np.inf))
                self._columns.put(row, column, np.array(1.0))
                for lever, moved in couple.signs.items():
                    self._columns.put(row, self._pieces[lever], np.array(-slope * sign * moved))

    def _add_bend(self, bend: Bend) -> None:
        model = self._model
        column = self._columns.add(np.zeros(1), np.array([-np.inf]), np.array([np.inf]))
        self._columns.put(np.array(bend.demand), column, np.array(float(model.weights[bend.demand]) * bend.level))
        rates = np.array(self._columns.cost) / _COST_SCALE
        for rate, gap in zip(bend.rate.tolist(), bend.gap.tolist(), strict=True):
            row = np.array(self._rows.add(-np.inf, gap / model.scale))
            self._columns.put(row, column, np.array(1.0))
            for lever, pieces in enumerate(self._pieces):
                moved = bend.moved[lever] - bend.paid[lever] * rates[pieces]
                self._columns.put(row, pieces, -rate * moved)
            for lever, columns in self._shared:
                self._columns.put(row, columns, rate * bend.paid[lever] * rates[columns])

    def _add_tie(self, weights: Sequence[tuple[int, float]], most: float, *, exact: bool) -> None:
        most = most / self._model.scale
        row = np.array(self._rows.add(most if exact else -np.inf, most))
        for lever, weight in weights:
            self._columns.put(row, self._pieces[lever], np.array(weight))

    def solve(self, correction: Slack) -> Optimum | None:
        """The least cost with `correction` (demands,) added to the slacks; None when nothing meets the demands."""
        model = self._model
        lower, upper = np.array(self._rows.lower), np.array(self._rows.upper)
        lower[: model.goal.demands] = -(model.base + correction) / model.scale
        values = _solved(self._columns, lower, upper)
        if values is None:
            return None
        traded = np.array([values[pieces].sum() for pieces in self._pieces]) * model.scale
        cost = float(values @ np.array(self._columns.cost)) / _COST_SCALE * model.scale
        return Optimum(np.maximum(traded, 0.0), max(0.0, cost))


def prepare() -> None:
    """Load the solver, a fifth of a second once a process: when an account is armed, not when it is in danger."""
    import highspy  # noqa: F401, PLC0415 - an idle guard does without it


def _solved(columns: _Columns, lower: Array, upper: Array) -> Array | None:
    """Solve with HiGHS: the columns' values, None when there are none.

    Imported here: a guard that only watches does not load the solver.
    """
    import highspy  # noqa: PLC0415 - see above

    rows = np.concatenate([entry[0] for entry in columns.entries])
    places = np.concatenate([entry[1] for entry in columns.entries])
    values = np.concatenate([entry[2] for entry in columns.entries])
    kept = values != 0.0
    rows, places, values = rows[kept], places[kept], values[kept]
    order = np.argsort(places, kind="stable")
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = len(columns.cost), len(lower)
    programme.col_cost_ = np.array(columns.cost)
    programme.col_lower_ = np.array(columns.lower)
    programme.col_upper_ = np.array(columns.upper)
    programme.row_lower_, programme.row_upper_ = lower, upper
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.searchsorted(places[order], np.arange(len(columns.cost) + 1)).astype(np.int32)
    programme.a_matrix_.index_ = rows[order].astype(np.int32)
    programme.a_matrix_.value_ = values[order]
    solver = highspy.Highs()
    solver.silent()
    for name, value in (("threads", 1), ("solver", "simplex"), ("primal_feasibility_tolerance", 1e-9)):
        solver.setOptionValue(name, value)
    solver.passModel(programme)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(solver.getSolution().col_value)
