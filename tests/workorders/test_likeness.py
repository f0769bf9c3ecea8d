"""The likeness of words, and the curve from which its threshold is chosen."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from workorders import likeness
from workorders.screening import ALIKE

HEAD = ["CASE_ENQUIRY_ID", "OPEN_DT", "CLOSED_DT", "CASE_TITLE", "CLOSURE_REASON", "LATITUDE", "LONGITUDE"]
# Two streets. In the first the second and fourth repeat the first; the fifth is far away, the third is something else.
REGISTER = [
    ["101001000001", "03/01/2026 08:00:00 AM", "03/09/2026 08:00:00 AM", "Street light out", "Fixed", 42.36, -71.05],
    ["101001000002", "03/02/2026 08:00:00 AM", "03/02/2026 09:00:00 AM", "Street light is out", "Duplicate of 000001",
     42.36, -71.05],
    ["101001000003", "03/01/2026 08:00:00 AM", "", "Graffiti on the wall", "", 42.36001, -71.05],
    ["101001000004", "03/03/2026 08:00:00 AM", "03/03/2026 09:00:00 AM", "Dark corner",
     "Closed date : 2026-03-03 09:00:00.123 dup of case 101001000001", 42.36, -71.05],
    ["101001000005", "03/01/2026 08:00:00 AM", "", "Street light out", "", 42.40, -71.05],
    ["101001000006", "03/04/2026 08:00:00 AM", "", "Street light out", "Duplicate of a case long ago", 42.36, -71.05],
]  # fmt: skip


def rows(register: list[list[object]] = REGISTER) -> list[dict[str, str]]:
    return [dict(zip(HEAD, map(str, line), strict=True)) for line in register]


def curve(meters: float = 50, **options: int) -> likeness.Curve:
    records = likeness.records_of(rows(), likeness.Columns())
    return likeness.curve(records, meters=meters, thresholds=[0.3, 0.5, 0.9], **options)


class TestWords:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Water under the hand sink", "water under hand sink"),
            ("Water under the hand sink", "HAND SINK, WATER UNDER!"),
            ("Oven will not light", "oven will not light since this morning"),
            ("Mens restroom toilet overflow", "Toilet in the mens restroom overflows again"),
        ],
    )
    def test_are_alike_whatever_their_order_case_and_fillers(self, one: str, other: str) -> None:
        assert likeness.alike(one, other) >= 0.85

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("The cooler is on", "The light is on"),
            ("Ice maker drips on the floor", "The walk-in cooler is far too warm"),
            ("", "anything"),
            ("is it the", "is it the"),
            ("🧊🧊", "🧊🧊"),
        ],
    )
    def test_are_not_alike_by_what_says_nothing(self, one: str, other: str) -> None:
        assert likeness.alike(one, other) < ALIKE.default

    @given(st.text(max_size=80), st.text(max_size=80))
    def test_are_as_alike_one_way_as_the_other(self, one: str, other: str) -> None:
        there, back = likeness.alike(one, other), likeness.alike(other, one)
        assert there == back
        assert 0 <= there <= 1

    def test_of_fifty_thousand_are_read_no_further_than_people_say_something_new(self) -> None:
        long = "cooler warm " * 4_000
        assert likeness.alike(long, long + "freezer cold") == 1


class TestTheCurve:
    def test_holds_each_repeat_against_what_was_open_nearby_when_it_came_in(self) -> None:
        found = curve()
        # Two repeats: the first met its original and the wall; the second its original and the wall, no twin any more.
        assert (found.reports, found.repeats, found.others, found.crowded) == (2, 2, 2, 0)

    def test_tells_how_many_warnings_are_right_and_how_many_repeats_are_found(self) -> None:
        _, middle, _ = curve().points
        assert (middle.precision, middle.recall) == (1.0, 0.5)
        assert middle.f2 == pytest.approx(5 * 1 * 0.5 / (4 * 1 + 0.5))

    def test_believes_a_number_without_its_first_digits_and_no_date(self) -> None:
        repeats = [one.repeats.key if one.repeats else "" for one in likeness.records_of(rows(), likeness.Columns())]
        assert repeats == ["", "101001000001", "", "101001000001", "", ""]

    def test_takes_what_repeats_the_same_for_repeats_of_each_other(self) -> None:
        late = [line.copy() for line in REGISTER]
        late[1][2] = ""  # the first repeat is still open when the second comes in
        records = likeness.records_of(rows(late), likeness.Columns())
        assert likeness.curve(records, meters=50, thresholds=[0.5]).repeats == 3

    def test_leaves_out_catch_all_addresses(self) -> None:
        found = curve(crowd=1)
        assert (found.reports, found.crowded) == (0, 2)

    def test_looks_no_further_than_it_is_told(self) -> None:
        assert curve(meters=0.1).others == 0

    def test_chooses_the_highest_f2_and_of_equals_the_one_that_warns_less(self) -> None:
        points = [likeness.Point(0.3, 0.5, 0.9), likeness.Point(0.5, 0.6, 0.9), likeness.Point(0.6, 0.6, 0.9)]
        assert likeness.Curve(points, 1, 1, 1, 0).best.threshold == 0.6


class TestTheCommand:
    def written(self, path: Path, lines: list[list[object]] = REGISTER) -> Path:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([HEAD, *lines])
        plain = text.getvalue().encode()
        path.write_bytes(gzip.compress(plain) if path.suffix == ".gz" else plain)
        return path

    @pytest.mark.parametrize("name", ["register.csv", "register.csv.gz"])
    def test_prints_the_curve(self, tmp_path: Path, name: str) -> None:
        out = io.StringIO()
        call_command("likeness", self.written(tmp_path / name), stdout=out)
        told = out.getvalue()
        assert "6 records, 2 marked repeats with what was open within 50 m: 2 repeated, 2 others." in told
        assert "0.50      1.000   0.500" in told
        assert told.endswith("a new house warns from 0.50.\n")

    def test_says_what_is_wrong_with_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("likeness", tmp_path / "none.csv")
        with pytest.raises(CommandError, match="has no column 'TITLE'"):
            call_command("likeness", self.written(tmp_path / "a.csv"), words="TITLE")
        with pytest.raises(CommandError, match="is not understood"):
            call_command("likeness", self.written(tmp_path / "b.csv"), moment="%Y")
        with pytest.raises(CommandError, match="nothing to hold"):
            call_command("likeness", self.written(tmp_path / "c.csv", REGISTER[:1]))
