"""Frames of single batches are the parts of the table's frame; a folder that is not there is told as that."""

import pandas
import pytest

import mimic


@pytest.mark.parametrize("name", ["admissions", "labevents", "emar_detail", "d_items"])
def test_batches_are_parts_of_the_table(hospital, name):
    table = mimic.open(hospital)[name]
    whole = table.to_pandas()
    parts = [batch.to_pandas() for batch in table]
    assert all(list(part.dtypes.index) == list(table.columns) for part in parts)
    for column in table.columns:
        joined = [value for part in parts for value in part[column].tolist()]
        pandas.testing.assert_series_equal(
            pandas.Series(joined, dtype=object).isna(), whole[column].astype(object).isna(), check_names=False)
        assert [value for value in joined if not pandas.isna(value)] == whole[column].dropna().tolist()


def test_a_folder_that_is_not_there(tmp_path):
    for name in ("nowhere", "none.db"):
        with pytest.raises(FileNotFoundError, match="there is no folder or file"):
            mimic.open(tmp_path / name)
