from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SkippableError
from connectors.text_json import MAX_DEPTH, MAX_RECORD, read_records

SECRET = "Quarterly-Secret"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def read(raw, size=7):
    chunks = (raw[at : at + size] for at in range(0, len(raw), size))
    return list(read_records(chunks, place="file.json"))


def told(records):
    return [(each.fault.place, each.fault.message) if each.fault else each.value for each in records]


def broken(record):
    """A list with a good record before and after one that is not."""
    return b'[{"n": 1}, ' + record + b', {"n": 3}]'


@given(st.lists(VALUES), st.integers(1, 400), st.booleans())
def test_a_list_comes_record_by_record_however_it_is_chunked(values, size, ascii_only):
    raw = json.dumps(values, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    records = read(raw, size)
    assert [each.number for each in records] == list(range(1, len(values) + 1))
    assert [each.value for each in records if each.fault is None] == [
        value for value, each in zip(values, records, strict=True) if each.fault is None
    ]
    assert ascii_only is False or not any(each.fault for each in records)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(VALUES, max_size=3)), st.integers(1, 400))
def test_an_object_gives_its_values_and_the_records_of_its_lists(values, size):
    expected = []
    for key, value in values.items():
        numbered = enumerate(value, start=1) if isinstance(value, list) else [(0, value)]
        expected += [(key, number, each) for number, each in numbered]
    assert [(each.key, each.number, each.value) for each in read(json.dumps(values).encode(), size)] == expected


@given(st.data())
def test_a_file_cut_anywhere_gives_the_records_before_the_cut_and_one_fault(data):
    raw = json.dumps([{"n": number, "t": 'é"\\🎉'} for number in range(5)]).encode()
    cut = data.draw(st.integers(1, len(raw) - 1))
    records = read(raw[:cut], data.draw(st.integers(1, 50)))
    assert [each.fault is None for each in records] == [True] * (len(records) - 1) + [False]
    assert records[-1].fault.place == f"file.json:{len(records)}"
    assert "cut short" in records[-1].fault.message
    assert len(records) - 1 == raw[:cut].count(b"},") + (raw[:cut].endswith(b"}") and 0)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b'{"text": "Quarterly-Secret \xe9"}', "the record is not UTF-8"),
        (b'{"text": "Quarterly-Secret \xed\xa0\x80"}', "the record is not UTF-8"),
        (b'{"text": NaN, "x": "Quarterly-Secret"}', "the record is not valid JSON"),
        (b'{"text": -Infinity, "x": "Quarterly-Secret"}', "the record is not valid JSON"),
        (b'{"text": ' + b"9" * 5000 + b', "x": "Quarterly-Secret"}', "the record is not valid JSON"),
        (b'{"text": "Quarterly-Secret", }', "the record is not valid JSON"),
        (b"", "the record is not valid JSON"),
        (b"[" * 101 + b"]" * 101, f"the record is nested more than {MAX_DEPTH} deep"),
        (b'{"Quarterly-Secret":' * 50_000 + b"1" + b"}" * 50_000, f"the record is nested more than {MAX_DEPTH} deep"),
        (b'"' + b"x" * MAX_RECORD + b'Quarterly-Secret"', "the record is larger than 16 MB"),
        (b'["' + b"x" * MAX_RECORD + b'\\"]Quarterly-Secret"]', "the record is larger than 16 MB"),
    ],
)
def test_a_broken_record_is_a_fault_and_the_next_is_read(record, message):
    records = read(broken(record), 100_000)
    assert told(records) == [{"n": 1}, ("file.json:2", message), {"n": 3}]
    fault = records[1].fault
    assert SECRET not in repr((fault, fault.args, fault.hint, fault.__cause__, fault.__context__))


@pytest.mark.parametrize(
    ("raw", "place", "message"),
    [
        (b"", "file.json", "is empty"),
        (b" \n", "file.json", "is empty"),
        (b"Quarterly-Secret", "file.json", "is no JSON list or object"),
        (b'"Quarterly-Secret"', "file.json", "is no JSON list or object"),
        ("[1]".encode("utf-16"), "file.json", "is UTF-16 or UTF-32, not UTF-8"),
        ("[1]".encode("utf-16-le"), "file.json", "is UTF-16 or UTF-32, not UTF-8"),
        (b"PK\x03\x04 and so on", "file.json", "is a zip within the zip"),
        (b"[}", "file.json:1", "is not valid JSON from this record on"),
        (b"{1: 2}", "file.json:1", "is not valid JSON from this record on"),
        (b'{"a": 1: 2}', "file.json:1", "is not valid JSON from this record on"),
        (b"{[1]}", "file.json:1", "is not valid JSON from this record on"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_gives_one_fault(raw, place, message):
    assert told(read(raw)) == [(place, message)]


def test_brackets_that_do_not_match_end_the_reading_with_one_fault():
    assert told(read(broken(b'{"text": "Quarterly-Secret"}]'))) == [
        {"n": 1},
        {"text": "Quarterly-Secret"},
        ("file.json:3", "goes on after its end"),
    ]
    assert told(read(broken(b"{[}")))[1:] == [("file.json:2", "is cut short: nothing from this record on was read")]
    assert told(read(broken(b'{"text": "Quarterly-Secret}')))[1:][-1][0] == "file.json:2"


def test_what_follows_the_end_is_reported_and_not_kept():
    records = read(b"[1] " + b"x" * 10_000_000, 100_000)
    assert told(records) == [1, ("file.json:2", "goes on after its end")]


def test_a_byte_order_mark_and_an_assignment_are_passed_over():
    assert told(read(b"\xef\xbb\xbf[1]")) == [1]
    assert told(read(b'window.YTD.tweets.part0 = [ {"a": "window.x = ["} ];\n')) == [{"a": "window.x = ["}]


def test_lone_surrogates_stay_what_they_are():
    assert told(read(b'["a\\ud800b\\u0000"]')) == ["a\ud800b\0"]


def test_where_the_archive_breaks_off_is_one_fault_with_the_record():
    def chunks():
        yield b'[{"n": 1}, {"n": 2}, {"te' + b" " * 400
        message = "is damaged"
        raise SkippableError(message, place="x.zip/file.json")

    assert told(read_records(chunks(), place="x.zip/file.json")) == [
        {"n": 1},
        {"n": 2},
        ("x.zip/file.json:3", "is damaged; nothing from this record on was read"),
    ]


def test_a_record_shows_nothing_of_itself_in_its_repr():
    assert SECRET not in repr(read(b'[{"text": "Quarterly-Secret"}]'))


def test_memory_stays_flat_however_long_the_list():
    import tracemalloc

    def chunks():
        yield b"["
        for _ in range(2000):
            yield b'{"text": "' + b"x" * 50_000 + b'"},'
        yield b"1]"

    tracemalloc.start()
    assert sum(1 for _ in read_records(chunks(), place="file.json")) == 2001
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
