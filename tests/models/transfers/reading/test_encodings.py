"""The encoding of a text is proved, certain or asked for."""

import pytest

from models.errors import Invalid
from models.transfers.reading.encodings import EncodingCheck, encoding_by_bytes, encoding_called

RUSSIAN = "Имя;Телефон\nИван;+79161234567\n"
SPANISH = "name;email\nJosé Núñez;jose@x.example\n"
FRENCH = "prénom;nom;ville\nZoé;Lefèvre;Orléans\nFrançois;Müller;Besançon\n"
GERMAN = "Name;Straße;Ort\nJürgen Müller;Hauptstraße 5;Köln\n"
POLISH = "imię;nazwisko;miasto\nŁukasz;Wójcik;Łódź\n"
CZECH = "jméno;město\nJiří Dvořák;Plzeň\nŽaneta Černá;České Budějovice\n"
TURKISH = "ad;şehir\nAyşe Yılmaz;İstanbul\nÇağrı Öztürk;Eskişehir\n"
GREEK = "όνομα;πόλη\nΓιώργος Παπαδόπουλος;Αθήνα\n"
HEBREW = "שם;עיר\nמשה כהן;תל אביב\n"
ARABIC = "الاسم;المدينة\nمحمد أحمد;القاهرة\n"
JAPANESE = "氏名,電話\n田中,+81312345678\n"
CHINESE = "姓名,城市\n王伟,北京\n"
TAIWANESE = "姓名,城市\n陳小明,臺北\n林美玲,高雄\n"
KOREAN = "이름,도시\n김철수,서울\n"


def decided(content: bytes) -> str:
    encoding = encoding_by_bytes(content)
    if encoding is None:
        check = EncodingCheck()
        check.feed(content)
        encoding, doubtful = check.verdict()
        assert not doubtful
    return encoding


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((RUSSIAN, encoding) for encoding in ("cp1251", "koi8-r", "cp866", "mac-cyrillic", "utf-16-le", "utf-16-be")),
        *((SPANISH, encoding) for encoding in ("cp1252", "mac-roman", "cp850", "utf-16", "utf-16-le")),
        *((FRENCH, encoding) for encoding in ("cp1252", "mac-roman", "utf-8", "utf-8-sig", "utf-32")),
        *((GERMAN, encoding) for encoding in ("cp1252", "mac-roman")),
        *((POLISH, encoding) for encoding in ("cp1250", "iso8859-2", "utf-16-le")),
        (CZECH, "cp1250"),
        (TURKISH, "iso8859-9"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        (ARABIC, "cp1256"),
        *((JAPANESE, encoding) for encoding in ("shift_jis", "iso2022_jp", "utf-16-le", "utf-16-be")),
        *((CHINESE, encoding) for encoding in ("gb18030", "utf-16-le")),
        (TAIWANESE, "big5"),
        (KOREAN, "euc_kr"),
        ("name,email\nИван,i@x.example\n", "cp1251"),
        ("name,email\nJosé,j@x.example\n", "cp1252"),
        ("name,email\nÁéda,a@x.example\nÉ. à Á,b@x.example\n", "cp1252"),
    ],
)
def test_a_short_list_is_read_as_it_was_written(text, encoding):
    content = text.encode(encoding)
    assert content.decode(decided(content)) == text


@pytest.mark.parametrize(
    ("content", "guess"),
    [
        ("name,email\nAyşe,a@x.example\n".encode("iso8859-9"), "cp1250"),
        ("name,email\nИв,i@x.example\n".encode("cp1251"), "cp1252"),
        ("name,email\nЯя,i@x.example\nИя,j@x.example\n".encode("cp1251"), ""),
        (b"email\n\x81\xe9\n", ""),
        (b"name\n" + bytes(range(0x80, 0x100)) + b"\n", ""),
    ],
)
def test_what_is_not_certain_is_refused_with_the_best_guess(content, guess):
    with pytest.raises(Invalid, match=f"not UTF-8, and how else it is encoded is not certain.*{guess}") as caught:
        decided(content)
    assert caught.value.path == ("encoding",)


def test_what_can_be_read_in_two_ways_is_never_certain_because_of_its_first_lines():
    check = EncodingCheck()
    check.feed(b"name\n" + b"Ana\n" * 300_000)
    check.feed(RUSSIAN.encode("cp1251"))
    assert check.verdict() == ("cp1251", False)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("windows-1251", "cp1251"),
        ("Windows-1252", "cp1252"),
        ("latin1", "cp1252"),
        ("ISO-8859-9", "cp1254"),
        ("macintosh", "mac-roman"),
        ("Shift_JIS", "cp932"),
        ("gbk", "gb18030"),
        ("UTF8", "utf-8"),
        (" utf-16 ", "utf-16"),
        ("ascii", "utf-8"),
    ],
)
def test_an_encoding_has_many_names(name, encoding):
    assert encoding_called(name) == encoding


@pytest.mark.parametrize(
    "name", ["", "rot13", "base64", "idna", "unicode_escape", "windows-9", "utf-7", "a\x00", "é" * 99]
)
def test_other_names_are_refused(name):
    with pytest.raises(Invalid, match="is not the name of an encoding"):
        encoding_called(name)


def test_a_byte_order_mark_wins_over_a_name():
    assert encoding_by_bytes(SPANISH.encode("utf-16"), "cp1252") == "utf-16"
    assert encoding_by_bytes(SPANISH.encode("utf-8-sig"), "utf-8") == "utf-8-sig"
