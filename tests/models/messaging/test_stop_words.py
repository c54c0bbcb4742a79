"""Words by which people stop and start, however they write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messaging.stop_words import USUAL_STARTS, USUAL_STOPS, Wish, fold, wish_of


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop. ",
        "STOP 🙏",
        "🛑 stop 🛑",
        '"stop"',
        "«Stop»",
        "*STOP*",
        "_*stop*_!!!",
        "~Stop~",
        "\u200bS\u200dT\u2060O\ufeffP\u200e",
        "\u202aSTOP\u202c",
        "S T O P",
        "s-t-o-p",
        "𝐒𝐓𝐎𝐏",
        "ＳＴＯＰ",
        "Stop promotions",
        "Unsubscribe",
        "opt-out",
        "BAJA",
        "Darme de baja",
        "ARRET",
        "Arrêt",
        "Désabonnement",
        "Parar",
        "não quero receber",
        "Nao quero receber",
        "abmelden",
        "STOPP",
        "afmelden",
        "rezygnuję",
        "СТОП",
        "отписаться",
        "İPTAL",
        "iptal",
        "توقّف",
        "إلغاء",
        "الغاء الاشتراك",
        "הסר",
        "बंद करो",
        "退订",
        "停止",
        "配信停止",
        "수신거부",
        "หยุด",
        "Dừng",
        "hủy đăng ký",
        "huy dang ky",
        "berhenti",
    ],
)
def test_a_usual_stop_word_is_heeded_however_it_is_written(text: str):
    assert wish_of([text], ()) is Wish.STOP


@pytest.mark.parametrize(
    "text", ["START", "start 👍", "*Start*", "unstop", "ALTA", "Старт", "başlat", "ابدأ", "再開", "subscribe"]
)
def test_a_usual_start_word_is_heeded(text: str):
    assert wish_of([text], ()) is Wish.START


@pytest.mark.parametrize(
    "text",
    ["please do not stop", "nonstop", "", "🙏", "…", "Where is the bus stop?", "yes", "red", "no", "stop at five"],
)
def test_what_only_holds_a_stop_word_or_none_is_no_wish(text: str):
    assert wish_of([text], ()) is None


def test_the_words_of_a_channel_count_besides_the_usual_ones_and_win_over_a_start():
    assert wish_of(["Ya   está!"], ("¡YA ESTÁ!",)) is Wish.STOP
    assert wish_of(["stop"], ("basta ya",)) is Wish.STOP
    assert wish_of(["Alta"], ("alta",)) is Wish.STOP
    assert wish_of(["start", "stop"], ()) is Wish.STOP
    assert wish_of([""], ("🙂",)) is None, "a word of which nothing is left is none"


def test_no_usual_word_is_both():
    assert not USUAL_STOPS & USUAL_STARTS


@given(st.text(max_size=20))
def test_a_folded_text_stays_as_it_is_and_is_the_same_in_each_unicode_form(text: str):
    once = fold(text)
    assert fold(once) == once
    assert {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {once}
