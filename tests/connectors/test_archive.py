from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from datetime import UTC, datetime

import pytest

from connectors.archive import Limits, fingerprint, open_archive
from connectors.errors import FatalError, SkippableError
from tests.connectors.zipped import MADE, zip_of

#: Kinds of files in the upper half of what a zip says about a member.
LINK = stat.S_IFLNK << 16


def everything(_name):
    return True


def read(path, wanted=everything, **limits):
    """Return what each member holds, or why it cannot be read whole, and the faults of the archive."""
    found = {}
    with open_archive(path, wanted=wanted, limits=Limits(**limits)) as archive:
        for member in archive.members:
            try:
                found[member.name] = b"".join(archive.read(member))
            except SkippableError as error:
                found[member.name] = (error.place, error.message)
        faults = [(fault.place, fault.message) for fault in archive.faults]
    return found, faults


def gathered(stream, chunks):
    """Keep what came before an error."""
    for chunk in stream:
        chunks.append(chunk)


def print_of(path, wanted=everything):
    with open_archive(path, wanted=wanted, limits=Limits()) as archive:
        return fingerprint(archive)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "export.zip"


def entry(name, **attributes):
    info = zipfile.ZipInfo(name, date_time=MADE)
    for each, value in attributes.items():
        setattr(info, each, value)
    return info


def patched(path, name, *, local=None, central=None):
    """Overwrite numbers of a member's headers, at offsets from where each begins: `{offset: (format, value)}`."""
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(name).header_offset
    at = raw.index(b"PK\x01\x02")
    while raw[at + 46 : at + 46 + len(name)] != name.encode():
        at = raw.index(b"PK\x01\x02", at + 4)
    for begin, changes in ((start, local or {}), (at, central or {})):
        for offset, (form, value) in changes.items():
            struct.pack_into(form, raw, begin + offset, value)
    path.write_bytes(raw)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_come_whole_in_order_of_names(path, packing):
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("b/ü🎉.json", "b" * 1_000_000)
        archive.writestr("a.json", b"")
        archive.mkdir("c")
    assert read(path) == ({"a.json": b"", "b/ü🎉.json": b"b" * 1_000_000}, [])


def test_only_what_is_asked_for_is_a_member(path):
    zip_of(path, {"a.json": "[]", "media/a.png": "x", "__MACOSX/a.json": "x", "x/._a.json": "x"})
    assert read(path, lambda name: name.endswith(".json")) == ({"a.json": b"[]"}, [])


@pytest.mark.parametrize(
    "name",
    ["../a.json", "x/../../a.json", "/etc/a.json", "C:/a.json", "c:a.json", "..\\a.json", "x\\a.json", "x/.."],
)
def test_a_name_that_points_elsewhere_is_a_fault(path, name):
    zip_of(path, {name: "[1]", "b.json": "[2]"})
    assert read(path) == (
        {"b.json": b"[2]"},
        [(f"export.zip/{name} (member 1)", "has a name that points outside the archive")],
    )


def test_a_name_with_nul_is_a_fault(path):
    zip_of(path, {"a.jsonX.png": "[1]", "b.json": "[2]"})
    path.write_bytes(path.read_bytes().replace(b"a.jsonX.png", b"a.json\0.png"))
    assert read(path)[1] == [("export.zip/a.json?.png (member 1)", "has a name that points outside the archive")]


def test_a_link_is_a_fault(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry("a.json", external_attr=LINK, create_system=3), "/etc/passwd")
        archive.writestr("b.json", "[2]")
    assert read(path) == ({"b.json": b"[2]"}, [("export.zip/a.json (member 1)", "is a link or no plain file")])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_both_faults(path):
    with zipfile.ZipFile(path, "w") as archive:
        for content in ("[1]", "[2]"):
            archive.writestr("a.json", content)
        archive.writestr("b.json", "[3]")
    assert read(path) == (
        {"b.json": b"[3]"},
        [(f"export.zip/a.json (member {number})", "has the name of another member") for number in (1, 2)],
    )


def test_an_encrypted_member_and_an_unknown_packing_are_faults(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry("a.json"), "[1]")
        archive.writestr(entry("b.json", compress_type=zipfile.ZIP_LZMA), "[2]")
        archive.writestr(entry("c.json"), "[3]")
    patched(path, "a.json", central={8: ("<H", 1)})
    assert read(path) == (
        {"c.json": b"[3]"},
        [
            ("export.zip/a.json (member 1)", "is encrypted"),
            ("export.zip/b.json (member 2)", "is packed in a way that is not read"),
        ],
    )


def test_members_that_share_bytes_are_faults(path):
    zip_of(path, {"a.json": os.urandom(500), "b.json": os.urandom(500), "c.json": "[3]"})
    patched(path, "b.json", central={42: ("<L", 0)})
    assert read(path) == (
        {"c.json": b"[3]"},
        [
            (f"export.zip/{name}.json (member {number})", "overlaps with another member")
            for name, number in ("a1", "b2")
        ],
    )


def test_a_member_that_reaches_into_the_table_of_contents_is_a_fault(path):
    zip_of(path, {"a.json": "[1]"})
    patched(path, "a.json", central={20: ("<L", 5000)})
    assert read(path)[1] == [("export.zip/a.json (member 1)", "overlaps with another member")]


def test_a_stream_larger_than_its_header_says_stops_there(path):
    zip_of(path, {"a.json": "[1]" * 1_000_000, "b.json": "[2]"})
    patched(path, "a.json", local={22: ("<L", 3)}, central={24: ("<L", 3)})
    assert read(path)[0] == {"a.json": ("export.zip/a.json", "is larger than the archive says"), "b.json": b"[2]"}


def test_a_stream_that_hides_behind_a_matching_checksum_is_seen(path):
    zip_of(path, {"a.json": "[1]" + " " * 50})
    changes = {"size": ("<L", 3), "crc": ("<L", zlib.crc32(b"[1]"))}
    patched(path, "a.json", central={24: changes["size"], 16: changes["crc"]})
    assert read(path)[0] == {"a.json": ("export.zip/a.json", "is larger than the archive says")}


def test_a_stream_smaller_than_its_header_says_is_told(path):
    zip_of(path, {"a.json": "[1]"})
    patched(path, "a.json", central={24: ("<L", 300)})
    assert read(path)[0] == {"a.json": ("export.zip/a.json", "is smaller than the archive says")}


def test_a_wrong_checksum_is_told(path):
    zip_of(path, {"a.json": "[1]"})
    patched(path, "a.json", central={16: ("<L", 1)})
    assert read(path)[0] == {"a.json": ("export.zip/a.json", "is damaged: its checksum is wrong")}


def test_damage_inside_a_stream_gives_what_came_before(path):
    content = os.urandom(2_000_000).hex().encode()
    zip_of(path, {"a.json": content, "b.json": "[2]"})
    raw = bytearray(path.read_bytes())
    raw[1_000_000:1_000_100] = b"\xff" * 100
    path.write_bytes(raw)
    with open_archive(path, wanted=everything, limits=Limits()) as archive:
        chunks = []
        with pytest.raises(SkippableError):
            gathered(archive.read(archive.members[0]), chunks)
        got = b"".join(chunks)
        assert len(got) > 500_000
        assert content.startswith(got[:500_000])
        assert b"".join(archive.read(archive.members[1])) == b"[2]"


def test_a_stream_that_is_cut_short_is_told(path):
    content = os.urandom(1000).hex()
    zip_of(path, {"a.json": content})
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("a.json").compress_size
    patched(path, "a.json", central={20: ("<L", size - 100)})
    assert read(path)[0] == {"a.json": ("export.zip/a.json", "is cut short")}


def test_a_bomb_of_a_few_kilobytes_is_cut_at_the_ratio(path):
    zip_of(path, {"a.json": b" " * 50_000_000, "b.json": "[2]"})
    assert path.stat().st_size < 60_000
    found, _ = read(path)
    assert found["a.json"] == ("export.zip/a.json", "unpacks to more than 200 times its size, as no export does")
    assert found["b.json"] == b"[2]"


def test_a_bomb_gives_no_more_than_the_cap(path):
    zip_of(path, {"a.json": b" " * 50_000_000})
    with open_archive(path, wanted=everything, limits=Limits()) as archive:
        chunks = []
        with pytest.raises(SkippableError):
            gathered(archive.read(archive.members[0]), chunks)
    assert 9_000_000 < sum(map(len, chunks)) < 12_000_000


def test_a_member_over_its_cap_is_cut_and_the_next_is_read(path):
    zip_of(path, {"a.json": os.urandom(3 * 2**20), "b.json": "[2]"})
    found, _ = read(path, member_bytes=2 * 2**20)
    assert found == {"a.json": ("export.zip/a.json", "is larger than 2 MB"), "b.json": b"[2]"}


def test_an_archive_over_the_cap_for_all_is_fatal(path):
    zip_of(path, {name: os.urandom(2**20) for name in ("a.json", "b.json", "c.json")})
    with pytest.raises(FatalError, match="more than 2 MB"):
        read(path, total_bytes=2 * 2**20)


def test_too_many_members_are_fatal(path):
    zip_of(path, {f"{number}.json": "" for number in range(20_000)})
    with pytest.raises(FatalError, match="more than 1000 files"):
        read(path, members=1000)
    with pytest.raises(FatalError, match="more than 500000 files"):
        read(path, directory=100_000)


def test_too_many_files_in_a_folder_are_fatal(tmp_path):
    for number in range(20):
        (tmp_path / f"{number}.json").touch()
    with pytest.raises(FatalError, match="more than 10 files"):
        read(tmp_path, members=10)


@pytest.mark.parametrize("left", [0, 3, 200, -1, -30])
def test_a_cut_zip_is_fatal_with_a_hint(path, left):
    zip_of(path, {"a.json": os.urandom(500), "b.json": "[2]"})
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(FatalError, match="not a whole zip file") as error:
        read(path)
    assert "download it again" in error.value.hint


def test_other_files_are_fatal_with_what_to_do(tmp_path):
    tarball = tmp_path / "archive.tar.gz"
    tarball.write_bytes(b"\x1f\x8b\x08" + b"x" * 100)
    with pytest.raises(FatalError, match=r"\.tar\.gz") as error:
        read(tarball)
    assert "unpack" in error.value.hint
    with pytest.raises(FatalError, match="no such file"):
        read(tmp_path / "none.zip")


def test_a_zip_with_something_before_it_is_read(path):
    zip_of(path, {"a.json": "[1]"})
    path.write_bytes(b"#!/bin/sh\n" * 10 + path.read_bytes())
    assert read(path)[0] == {"a.json": b"[1]"}


def test_a_zip_within_the_zip_is_a_member_like_any_other_and_never_opened(path):
    zip_of(path, {"inner.json": "[1]"})
    inner = path.read_bytes()
    zip_of(path, {"a.json": inner})
    assert read(path)[0] == {"a.json": inner}


def test_a_folder_is_read_like_its_zip_and_links_are_not_followed(tmp_path):
    folder = tmp_path / "export"
    (folder / "x").mkdir(parents=True)
    (folder / "x" / "a.json").write_text("[1]")
    (tmp_path / "outside.json").write_text("[2]")
    (folder / "b.json").symlink_to(tmp_path / "outside.json")
    (folder / "y").symlink_to(tmp_path, target_is_directory=True)
    assert read(folder) == ({"x/a.json": b"[1]"}, [("export/b.json", "is a link or no plain file")])


def test_names_in_errors_are_short_and_safe_to_show(path):
    zip_of(path, {"../\x1b[2J\u202e" + "n" * 500: "x"})
    [(place, _)] = read(path)[1]
    assert place.isprintable()
    assert len(place) < 200


def test_the_fingerprint_is_of_what_is_read(tmp_path):
    def one(name, **members):
        return print_of(zip_of(tmp_path / name, members), lambda each: "media" not in each)

    first = one("a.zip", a="[1]", media="x")
    assert one("b.zip", a="[1]", media="another picture") == first
    assert len({first, one("c.zip", a="[2]"), one("d.zip", b="[1]"), one("e.zip", a="[1]", b="")}) == 4


def test_the_same_size_and_checksum_do_not_deceive_the_fingerprint(path):
    # Both have the CRC-32 0x4ddb0c25: such pairs are found in seconds.
    pair = (b"plumless", b"buckeroo")
    assert zlib.crc32(pair[0]) == zlib.crc32(pair[1])
    assert len({print_of(zip_of(path, {"a.json": content})) for content in pair}) == 2


def test_a_fault_is_part_of_the_fingerprint(path):
    first = print_of(zip_of(path, {"a.json": "[1]"}))
    assert print_of(zip_of(path, {"a.json": "[1]", "../b": "x"})) != first


def test_an_archive_is_as_old_as_its_newest_member_and_never_newer_than_its_file(path):
    zip_of(path, {"a.json": "[1]"})
    with open_archive(path, wanted=everything, limits=Limits()) as archive:
        assert archive.made_at == datetime(*MADE, tzinfo=UTC)
    zip_of(path, {"a.json": "[1]"}, made=(2099, 1, 1, 0, 0, 0))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    with open_archive(path, wanted=everything, limits=Limits()) as archive:
        assert archive.made_at == datetime.fromtimestamp(1_700_000_000, UTC)
