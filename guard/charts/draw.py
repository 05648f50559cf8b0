"""From a picture as a value to PNG bytes. Slow (it is matplotlib): see `guard.charts.studio` for who calls it where."""

from __future__ import annotations

import warnings
from typing import Any

from guard.charts.draw_bars import draw_exposure, draw_reach
from guard.charts.draw_heat import draw_heat
from guard.charts.draw_history import draw_history
from guard.charts.fonts import embolden, fonts_for
from guard.charts.picture import PICTURE, ExposurePicture, HeatPicture, HistoryPicture, Picture, ReachPicture
from guard.charts.style import png_of


def draw(picture: Picture) -> bytes:
    """The picture as PNG, 1,080 pixels wide."""
    with warnings.catch_warnings(), fonts_for(PICTURE.dump_json(picture).decode()):
        # A name in letters that no font here has is drawn as boxes; that is no news for a terminal.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        figure = figure_of(picture)
        embolden(figure)
        return png_of(figure)


def figure_of(picture: Picture) -> Any:
    """The picture as a figure of matplotlib."""
    match picture:
        case HistoryPicture():
            return draw_history(picture)
        case ExposurePicture():
            return draw_exposure(picture)
        case ReachPicture():
            return draw_reach(picture)
        case HeatPicture():
            return draw_heat(picture)
