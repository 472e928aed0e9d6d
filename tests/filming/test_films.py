"""Which frames are taken of which films, and what is no film."""

import pytest

from schemas.documents import Document
from schemas.errors import CorruptDocument, DocumentChanged, DocumentTooLarge, UnsupportedDocument, UsageFault
from schemas.pixels import video_tokens
from schemas.requests import FrameSpec
from tasks.filming import film_tokens, gathered, take_frames
from tasks.filming.examine import examine_film
from tasks.filming.frames import moments
from tasks.filming.reel import check_reader
from tests.emulator import models, tokens
from tests.filming.footage import film, frames, grey_in, grey_of, known_film, sound, source_of
from tests.mill import card
from tests.papers import found, pdf

SPEC = FrameSpec(patch=32, min_pixels=4_096, max_pixels=655_360, max_bytes=15_000_000)


def taken(path, spec=SPEC):
    return take_frames(known_film(path), spec)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("mp4", "mpeg4"), ("mkv", "mpeg4"), ("avi", "mpeg4"), ("mov", "mpeg4"), ("flv", "flv"), ("wmv", "wmv2")],
)
def test_frames_are_taken_evenly_over_the_whole_film(tmp_path, name, codec):
    shown = taken(film(tmp_path / f"a.{name}", seconds=3.0, rate=10, codec=codec))

    assert [round(frame.second, 2) for frame in shown] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5], abs=0.06)
    assert [grey_in(frame.image) for frame in shown] == pytest.approx(
        [grey_of(number) for number in (0, 5, 10, 15, 20, 25)], abs=6
    )
    assert {(frame.image.width, frame.image.height) for frame in shown} == {(160, 96)}


def test_a_long_film_is_jumped_through_and_not_decoded_between(tmp_path):
    path = film(tmp_path / "a.mp4", seconds=40, rate=5)

    shown = taken(path, FrameSpec(patch=32, min_pixels=4_096, max_pixels=655_360, max_frames=8))

    assert [frame.second for frame in shown] == pytest.approx([0, 5, 10, 15, 20, 25, 30, 35], abs=0.2)
    assert [grey_in(frame.image) for frame in shown] == pytest.approx(
        [grey_of(number * 25) for number in range(8)], abs=6
    )


def test_the_tokens_of_a_film_are_counted_without_taking_its_frames(tmp_path):
    path = film(tmp_path / "a.mp4", seconds=3.0)
    document = known_film(path)

    assert film_tokens(document, SPEC) == video_tokens(6, 160, 96, SPEC) == 3 * 15 + 2
    assert len(take_frames(document, SPEC)) == 6


@pytest.mark.parametrize(("count", "size"), [(4, (640, 360)), (7, (1_920, 1_080)), (250, (100, 300))])
def test_the_rule_of_tokens_is_the_services(count, size):
    assert video_tokens(count, *size, SPEC) == tokens.video_tokens([size] * count, models.VL32)


def test_the_frames_of_a_folder_go_by_their_numbers(tmp_path):
    shown = taken(frames(tmp_path / "walk", 12))

    assert [grey_in(frame.image) for frame in shown] == pytest.approx([grey_of(number) for number in range(12)], abs=3)
    assert [frame.second for frame in shown] == [number / 2 for number in range(12)]


def test_the_bytes_of_a_film_are_shared_by_its_frames(tmp_path):
    spec = FrameSpec(patch=32, min_pixels=4_096, max_pixels=655_360, max_bytes=12_000)
    assert sum(len(frame.image.data) for frame in taken(frames(tmp_path / "walk", 12), spec)) <= 12_000


def test_films_of_the_same_frames_are_the_same_film(tmp_path):
    one, other = frames(tmp_path / "one", 5), frames(tmp_path / "other", 5)
    (other / "frame1.png").rename(other / "frame01.png")
    assert known_film(one).doc_id == known_film(other).doc_id
    assert known_film(frames(tmp_path / "more", 6)).doc_id != known_film(one).doc_id


def test_a_folder_of_pictures_is_one_film_and_each_folder_its_own(tmp_path):
    frames(tmp_path / "a", 5)
    frames(tmp_path / "b" / "deep", 4)
    film(tmp_path / "c.mp4")

    discovered = [found(path) for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    films = list(gathered(iter(discovered), films=True))

    assert [each.path for each in films] == [str(tmp_path / name) for name in ("a", "b/deep", "c.mp4")]
    assert list(gathered(iter(discovered), films=False)) == discovered


@pytest.mark.parametrize(("seconds", "said"), [(1.9, "is 1.9 s long"), (0.4, "is 0.4 s long")])
def test_a_film_that_is_too_short_is_refused(seconds, said):
    with pytest.raises(UnsupportedDocument, match=said):
        moments(seconds, SPEC)


def test_a_film_that_is_too_long_is_refused_and_says_what_would_do():
    assert len(moments(2_500, SPEC)) == 250
    with pytest.raises(DocumentTooLarge, match="42 minutes long; 250 frames reach for 42"):
        moments(2_501, SPEC)


def test_a_short_film_has_as_many_frames_as_the_service_wants():
    assert moments(2.0, FrameSpec(fps=0.5)) == [0.0, 0.5, 1.0, 1.5]


@pytest.mark.parametrize(
    ("count", "error", "said"),
    [(3, UnsupportedDocument, "holds 3 frames, and the service wants 4"), (9, DocumentTooLarge, "takes 8 at most")],
)
def test_too_few_and_too_many_frames_are_refused(tmp_path, count, error, said):
    document = known_film(frames(tmp_path / "walk", count))
    with pytest.raises(error, match=said):
        take_frames(document, FrameSpec(max_frames=8))


def test_a_broken_frame_is_named(tmp_path):
    folder = frames(tmp_path / "walk", 5)
    (folder / "frame3.png").write_bytes((folder / "frame3.png").read_bytes()[:60])
    (folder / "frame4.png").write_text("no picture")

    with pytest.raises(CorruptDocument, match=r"the frame frame3\.png: "):
        taken(folder)


def test_frames_that_change_under_our_eyes_are_not_read(tmp_path):
    folder = frames(tmp_path / "walk", 5)
    document = known_film(folder)
    (folder / "frame6.png").write_bytes((folder / "frame5.png").read_bytes())
    with pytest.raises(DocumentChanged):
        take_frames(document, SPEC)


@pytest.mark.parametrize("damage", ["head", "cut", "noise"])
def test_a_broken_film_is_a_row_and_no_crash(tmp_path, damage):
    path = film(tmp_path / "a.mp4")
    whole = path.read_bytes()
    broken = {"head": whole[:200], "cut": whole[: len(whole) // 2], "noise": whole[:64] + bytes(range(256)) * 8}
    path.write_bytes(broken[damage])

    examined = examine_film(found(path))

    assert not isinstance(examined, Document)
    assert isinstance(examined.error, CorruptDocument)
    assert "\n" not in str(examined.error)


def test_what_is_no_film_is_unsupported(tmp_path):
    for path in (pdf(tmp_path / "a.pdf", "text"), card(tmp_path / "a.png", "alpha"), tmp_path / "a.mp4"):
        if path.suffix == ".mp4":
            path.write_text("not a film at all")
        examined = examine_film(found(path))
        assert isinstance(examined.error, UnsupportedDocument), path


def test_sound_alone_is_no_film(tmp_path):
    examined = examine_film(source_of(sound(tmp_path / "a.mkv")))
    assert "no pictures" in str(examined.error)


def test_what_opens_films_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr("tasks.filming.reel.find_spec", lambda _: None)
    with pytest.raises(UsageFault, match="needs PyAV") as fault:
        check_reader()
    assert "pagemill[video]" in fault.value.advice
