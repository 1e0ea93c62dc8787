from __future__ import annotations

from datetime import date

import pytest

from compliance.baseline import Entry, Seen, name_in, read_baseline, rewrite, write_baseline
from compliance.errors import ComplianceError
from rules.errors import PolicyError

TODAY = date(2026, 11, 29)


def make_entry(**changes):
    given = {
        "rule": "a.b",
        "file": "posts/a.md",
        "line": 3,
        "fingerprint": "v1:" + "0" * 32 + ":1",
        "label": "accepted",
        "reason": "agreed with legal",
        "added": TODAY,
    }
    return Entry(**{**given, **changes})


def seen(entry, **changes):
    given = {"file": entry.file, "rule": entry.rule, "fingerprint": entry.fingerprint, "line": 9}
    return Seen(**{**given, **changes})


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "no",
        "1e3",
        "22:30",
        "a: b # c",
        "- x",
        'say "hi"',
        "🎉 שלום",
        "\u202e\x1b[31m",
        "two\nlines",
        "a\u2028b",
        " x ",
        "null",
    ],
)
def test_what_is_written_is_read_back(tmp_path, text):
    entries = [make_entry(reason=text, file=f"posts/{text}.md", expires=date(2027, 1, 1)), make_entry(line=None)]
    write_baseline(tmp_path / "b.yaml", entries)
    assert read_baseline(tmp_path / "b.yaml") == entries


def test_an_empty_baseline_is_read_back(tmp_path):
    write_baseline(tmp_path / "b.yaml", [])
    assert read_baseline(tmp_path / "b.yaml") == []


def test_an_entry_counts_until_the_day_it_expires():
    assert not make_entry(expires=date(2026, 11, 30)).is_expired(TODAY)
    assert make_entry(expires=TODAY).is_expired(TODAY)
    assert not make_entry().is_expired(TODAY)


FAULTY = """\
baseline: 1
entries:
  - rule: a.b
    file: a.md
    fingerprint: v1:00
    expires: 2027-02-30
    added: 20270101
    who: me
  - {rule: a.b, file: a.md, fingerprint: "v1:00000000000000000000000000000000:1", label: maybe, reason: no}
"""


def test_every_fault_of_a_baseline_is_told_with_its_place_and_a_hint(tmp_path):
    (tmp_path / "b.yaml").write_text(FAULTY, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        read_baseline(tmp_path / "b.yaml")
    found = {(fault.line, fault.column): fault.message for fault in caught.value.faults}
    messages = [fault.message for fault in caught.value.faults]
    assert "key 'label' is missing" in messages
    assert "key 'reason' is missing" in messages
    assert "unknown key 'who'" in found[8, 5]
    assert "2027-02-30" in found[6, 14]
    assert found[5, 18].startswith("the fingerprint is none of ours")
    assert (7, 12) in found
    last = FAULTY.splitlines()[8]
    assert "maybe" in found[9, last.index("maybe") + 1]
    assert "true or false" in found[9, last.index("no}") + 1]
    assert all(fault.hint for fault in caught.value.faults if "missing" in fault.message)


@pytest.mark.parametrize(
    "content",
    ["", "x", "baseline: 2\n", "entries: []\n", "baseline: 1\nentries: {}\n", "baseline: 1\nentries:\n", "\xff"],
)
def test_what_is_no_baseline_is_refused(tmp_path, content):
    (tmp_path / "b.yaml").write_bytes(content.encode("latin-1"))
    with pytest.raises(PolicyError):
        read_baseline(tmp_path / "b.yaml")


def test_one_finding_twice_is_refused_whatever_its_path_is_written_like(tmp_path):
    write_baseline(tmp_path / "b.yaml", [make_entry(), make_entry(file="./posts/x/../a.md")])
    with pytest.raises(PolicyError, match="twice, first on line 6"):
        read_baseline(tmp_path / "b.yaml")


def test_files_are_named_from_the_folder_of_the_baseline(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    baseline = tmp_path / "b.yaml"
    monkeypatch.chdir(tmp_path)
    assert {
        name_in(baseline, name) for name in ("sub/x.md", "./sub/x.md", "sub/../sub//x.md", tmp_path / "sub" / "x.md")
    } == {"sub/x.md"}
    monkeypatch.chdir(tmp_path / "sub")
    assert name_in(baseline, "x.md") == "sub/x.md"
    assert name_in(baseline, "-") == "-"


def made(known, found, *, checked=None, exists=None):
    return rewrite(
        known, found, checked={"posts/a.md": True} if checked is None else checked, exists=exists or {}, today=TODAY
    )


def test_writing_anew_keeps_what_people_said_and_moves_the_line():
    entry = make_entry(label="false-positive", reason="a song", expires=date(2027, 5, 1))
    result = made([entry], [seen(entry)])
    assert result.entries == [entry.model_copy(update={"line": 9})]
    assert (result.new, result.gone) == (0, [])


def test_what_is_new_is_to_fix_and_expires():
    (entry,) = made([], [seen(make_entry())]).entries
    assert (entry.label, entry.added, entry.expires) == ("to-fix", TODAY, date(2027, 2, 27))


def test_what_is_gone_is_told():
    assert made([make_entry()], []).gone == [make_entry()]


@pytest.mark.parametrize("checked", [{}, {"posts/a.md": False}], ids=["not checked", "incomplete"])
def test_what_could_not_be_looked_for_stays(checked):
    result = made([make_entry()], [], checked=checked, exists={"posts/a.md": True})
    assert (result.entries, result.gone) == ([make_entry()], [])


def test_entries_of_a_deleted_file_are_gone():
    assert made([make_entry()], [], checked={}, exists={"posts/a.md": False}).gone == [make_entry()]


def test_entries_are_sorted_so_that_a_change_shows_as_few_lines():
    entries = [make_entry(rule=rule, file=file) for file in ("b", "a") for rule in ("y.z", "a.b")]
    found = made([], [seen(entry) for entry in entries]).entries
    assert [(entry.file, entry.rule) for entry in found] == [("a", "a.b"), ("a", "y.z"), ("b", "a.b"), ("b", "y.z")]


def test_a_reason_of_blanks_is_none(tmp_path):
    write_baseline(tmp_path / "b.yaml", [make_entry()])
    text = (tmp_path / "b.yaml").read_text(encoding="utf-8").replace("agreed with legal", "  ")
    (tmp_path / "b.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match="say in a few words"):
        read_baseline(tmp_path / "b.yaml")


def test_a_file_whose_name_is_not_utf_8_has_a_name_in_a_baseline(tmp_path):
    name = name_in(tmp_path / "b.yaml", str(tmp_path / "caf\udce9.md"))
    write_baseline(tmp_path / "b.yaml", [make_entry(file=name)])
    assert read_baseline(tmp_path / "b.yaml")[0].file == "caf\\xe9.md"


def test_a_baseline_that_nobody_could_read_is_not_written(tmp_path):
    def entries(number):
        return [make_entry(fingerprint=f"v1:{at:032x}:1") for at in range(number)]

    with pytest.raises(ComplianceError, match="at most 10,000"):
        write_baseline(tmp_path / "b.yaml", entries(10_001))
    assert list(tmp_path.iterdir()) == []
    write_baseline(tmp_path / "b.yaml", entries(10_000))
    assert len(read_baseline(tmp_path / "b.yaml")) == 10_000
