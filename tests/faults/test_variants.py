"""The bugs that E12 puts into the service are of the service as it is."""

from pathlib import Path

import pytest

from bench.faults.variants import VARIANTS, Variant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_each_variant_still_breaks_something_that_a_test_looks_at(variant: Variant) -> None:
    path, _, test = variant.caught_by.partition("::")

    assert (ROOT / variant.path).read_text("utf-8").count(variant.old) == 1
    assert f"def {test}(" in (ROOT / path).read_text("utf-8")
    assert variant.old != variant.new
