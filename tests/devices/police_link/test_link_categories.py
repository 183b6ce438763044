"""Categories: the longest silence they allow, and the paths they need."""

from __future__ import annotations

import pytest
from supervised import NOW, single

from devices.police_link.categories import Category, CategoryError, Trust, demand
from devices.police_link.link import Path
from devices.police_link.supervision import Supervision


def test_figures_from_memory_are_marked_as_such() -> None:
    assert demand(Category.SP6).silence_ms == 20_000
    assert demand(Category.DP4).silence_ms == 90_000
    assert demand(Category.SP2).silence_ms == 25 * 3_600_000
    published = {one for one in Category if demand(one).trust is Trust.PUBLISHED}
    assert published == {Category.SP6, Category.DP4}


def test_the_configured_time_counts_and_not_the_categorys() -> None:
    asked = demand(Category.SP2, silence_ms=5_000)
    assert (asked.silence_ms, asked.trust) == (5_000, Trust.CONFIGURED)


@pytest.mark.parametrize("silence_ms", [0, -1, 999, 8 * 86_400_000])
def test_a_silence_that_cannot_be_supervised_is_refused(silence_ms: int) -> None:
    with pytest.raises(CategoryError, match="longest silence"):
        demand(Category.SP6, silence_ms=silence_ms)


def test_dual_path_with_one_path_is_refused() -> None:
    with pytest.raises(CategoryError, match="asks for two paths"):
        Supervision(demand(Category.DP3), (Path.PRIMARY,), NOW)


def test_paths_without_a_primary_are_refused() -> None:
    with pytest.raises(CategoryError, match="primary"):
        Supervision(single(), (Path.BACKUP,), NOW)
