"""Whether a decoded text looks like one that people write, in names above all."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final

MOST_WORDS: Final = 500
"""So many of the most frequent ones are looked at."""

STRANGE: Final = 1 / 20
"""This part of all words, or of all accented letters, may be foreign."""

_WORD: Final = re.compile(r"[^\x00-@\[-`{-\x7f\xa0\u3000]+")
_ALPHABETS: Final = tuple(
    frozenset(letters)
    for letters in (
        "áàâãäåæçéèêëíìîïñóòôõöøœúùûüÿßªº",  # western Europe
        "áðéíóúýþæö",  # Icelandic
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýžäĺľôŕöü",  # Czech, Slovak
        "áéíóöőúüűä",  # Hungarian
        "čćđšž",  # Croatian, Serbian, Slovene
        "ăâîșțşţ",  # Romanian
        "çğıöşüâîûəi̇",  # Turkish
        "ąčęėįšųūž",  # Lithuanian
        "āčēģīķļņšūžō",  # Latvian
        "äõöüšž",  # Estonian
        "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ\u0300\u0301\u0303\u0309\u0323",  # Vietnamese
    )
)


def is_plausible(text: str) -> bool:
    """Whether it has no control characters, and nearly all words beyond ASCII look like words."""
    if any(unicodedata.category(character) in ("Cc", "Cn", "Co") for character in set(text) - set("\n\r\t")):
        return False
    words = _words(text)
    strange = sum(times for word, times in words.items() if _is_strange(word))
    return bool(words) and strange <= sum(words.values()) * STRANGE


def is_coherent(text: str) -> bool:
    """Whether its accented Latin letters are those of one language, or of western Europe."""
    letters: Counter[str] = Counter()
    for word, times in _words(text).items():
        for letter in word:
            if not letter.isascii() and _script(letter) == "LATIN":
                letters[letter.lower()] += times
    total = sum(letters.values())
    return not total or any(
        sum(times for letter, times in letters.items() if letter not in alphabet) <= total * STRANGE
        for alphabet in _ALPHABETS
    )


def has_words_of_accents(text: str) -> bool:
    """Whether words are of accented letters alone, as short words of another script look in a Western encoding."""
    words = _words(text)
    odd = sum(times for word, times in words.items() if len(word) > 1 and not any(map(_is_plain_letter, word)))
    return odd > sum(words.values()) * STRANGE


def _is_plain_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _words(text: str) -> Counter[str]:
    """Returns the words beyond ASCII: letters, and signs that stand beside them."""
    words = Counter(word for word in _WORD.findall(text) if not word.isascii())
    return Counter(dict(words.most_common(MOST_WORDS)))


# ---------------------------------------------------------------- words


_SIGNS_OF_WORDS: Final = "’‘ʼªº®™"
_CASE: Final = ("LATIN", "CYRILLIC", "GREEK")


def _is_strange(word: str) -> bool:
    """Whether it has signs between letters, letters of two scripts, capitals inside, or accents on letter after letter."""
    letters = [letter for letter in word if letter.isalpha() or unicodedata.category(letter)[0] == "M"]
    signs = set(word) - set(letters) - set(_SIGNS_OF_WORDS)
    if (letters and any(not sign.isascii() for sign in signs)) or not set(word).isdisjoint("ƒˇ"):
        return True
    scripts = {_script(letter) for letter in letters if unicodedata.category(letter)[0] != "M"} - {"OTHER"}
    if len(scripts) > 1:
        return True
    return scripts <= set(_CASE) and (_has_odd_capitals(word) or ("LATIN" in scripts and bool(_ACCENTED.search(word))))


_ACCENTED: Final = re.compile(r"[^\x00-\x7f’‘]{4}")


def _has_odd_capitals(word: str) -> bool:
    """José is fine and DeLaCruz too, josÉ and MŸller are not."""
    kinds = "".join(
        ("U" if letter.isupper() else "l") if not letter.isascii() else ("u" if letter.isupper() else "a")
        for letter in word
    )
    return re.search(r"[al]U|lu|[uU]U[al]", kinds) is not None


@lru_cache(maxsize=4_096)
def _script(letter: str) -> str:
    """Returns the first word of the letter's name in Unicode; one word for what Japanese and Chinese mix."""
    name = unicodedata.name(letter, "?").split(" ")[0]
    return "HAN" if name in _EAST_ASIAN else "OTHER" if letter in _SIGNS_OF_WORDS else name


_EAST_ASIAN: Final = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK", "FULLWIDTH", "HALFWIDTH", "IDEOGRAPHIC")
