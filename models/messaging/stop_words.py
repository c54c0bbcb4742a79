"""The words by which people stop messages, and start them again.

A text counts only as a whole, folded: case, accents, spaces, punctuation, emoji, markers of bold and italic, and characters that
nobody sees make no difference.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Wish(StrEnum):
    STOP = "STOP"
    START = "START"


_ALIKE: Final = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "ı": "i", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"})
"""Characters that Unicode does not take apart, and that people write either way."""


def fold(text: str) -> str:
    """Returns the alphabetic characters and digits of the text, in one case and without accents; there may be none."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (one for one in plain if unicodedata.category(one)[0] in "LN" or unicodedata.category(one) == "Mc")
    return "".join(kept).translate(_ALIKE)


def wish_of(texts: Iterable[str], own_stop_words: tuple[str, ...]) -> Wish | None:
    """Returns what the texts of one message ask for: STOP wins over START. `own_stop_words` count besides the usual ones."""
    said = {fold(text) for text in texts}
    if said & (USUAL_STOPS | _folded(own_stop_words)):
        return Wish.STOP
    return Wish.START if said & USUAL_STARTS else None


@lru_cache(maxsize=1024)
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(filter(None, map(fold, words)))


def _listed(text: str) -> frozenset[str]:
    return _folded(tuple(text.replace("\n", ",").split(",")))


USUAL_STOPS: Final = _listed(
    """
    stop, stop all, stop it, stop messages, stop promotions, stop sending, stop please, please stop, unsubscribe,
    unsubscribe me, unsub, cancel, end, quit, opt out, opt me out, revoke, remove me, no more messages
    baja, dar de baja, darme de baja, darse de baja, parar, alto, basta, detener, salir, cancelar, desuscribir,
    cancelar suscripción, no más mensajes, no quiero mensajes, no quiero recibir mensajes
    pare, sair, descadastrar, remover, me remova, cancelar inscrição, não quero receber, não quero mais receber,
    parar mensagens, parar promoções
    arrêt, arrêter, arrêtez, désabonner, désabonnement, se désabonner, me désabonner, désinscrire, désinscription,
    me désinscrire, plus de messages
    stopp, abmelden, abmeldung, abbestellen, austragen, ende, keine nachrichten, keine nachrichten mehr
    ferma, fermare, annulla, cancellami, cancella iscrizione, disiscrivi, disiscriviti, disiscrivimi, basta messaggi
    stoppen, afmelden, uitschrijven, geen berichten meer
    avsluta, avregistrera, avanmäl, avslutt, avmeld, meld av, afmeld, frameld
    lopeta, peruuta, peruuta tilaus
    rezygnuję, wypisz, wypisz mnie, zatrzymaj, zakończ
    odhlásit, odhlásiť, zrušit, zrušiť, konec, koniec
    oprește, opriți, dezabonare, dezabonează, mă dezabonez
    leiratkozás, leiratkozom, leállítás
    στοπ, διακοπή, σταμάτα, σταματήστε, διαγραφή, κατάργηση εγγραφής
    стоп, стоп рассылка, отписаться, отписка, отпишите меня, отмена, прекратить, хватит
    відписатися, відписка, зупинити, спри, отпиши ме, откажи, заустави, одјава, odjava, zaustavi, prekini
    ret, dur, durdur, iptal, abonelikten çık, çıkış
    توقف, أوقف, إيقاف, إلغاء, قف, إلغاء الاشتراك, ستوب, لغو, لغو اشتراک, بند کرو, بند کریں, روکیں
    הסר, הסרה, להסרה, הסירו אותי, עצור, הפסק, די
    रोकें, रोको, बंद, बंद करो, बंद करें, स्टॉप, थांबवा, थांबा, বন্ধ, বন্ধ করুন, থামুন, નિકાળો, બંધ કરો
    நிறுத்து, நிறுத்தவும், ఆపు, ఆపండి, ನಿಲ್ಲಿಸಿ, നിർത്തുക, ਬੰਦ ਕਰੋ, නවත්වන්න
    berhenti, berhenti langganan, henti, hentikan, batal, batalkan
    dừng, dừng lại, hủy, hủy đăng ký, từ chối
    หยุด, ยกเลิก, ยกเลิกการรับข่าวสาร, itigil, tigil, hinto, simama, ondoa
    停止, 停, 退订, 退訂, 取消, 取消订阅, 取消訂閱, 拒收, 不要再发, 配信停止, 解除, 退会, やめる, やめて, ストップ
    수신거부, 수신 거부, 중지, 정지, 그만, 해지, 스탑, 스톱
    """
)

USUAL_STARTS: Final = _listed(
    """
    start, unstop, subscribe, resubscribe, resume, restart, opt in, opt me in, start messages
    alta, iniciar, inicia, comenzar, empezar, reanudar, suscribir, suscribirme, darme de alta
    começar, retomar, voltar, inscrever, inscrever-me, quero receber
    démarrer, commencer, reprendre, abonner, s'abonner, m'abonner, réabonner
    anmelden, abonnieren, fortsetzen, wieder anmelden
    inizia, iscrivi, iscriviti, iscrivimi, riprendi
    aanmelden, inschrijven, hervatten, beginnen
    starta, börja, anmäl, påmeld, tilmeld, aloita, tilaa
    zacznij, wznów, zapisz mnie, začít, začať, přihlásit, prihlásiť, începe, abonează, mă abonez, feliratkozás, feliratkozom
    έναρξη, ξεκίνα, εγγραφή, старт, начать, подписаться, подписка, возобновить, почати, підписатися, започни, абонирай, пријава
    başla, başlat, kabul, abone ol, devam
    ابدأ, ابدا, اشتراك, اشترك, استئناف, شروع, شروع کریں, התחל, הצטרף, הרשמה
    शुरू, शुरू करो, शुरू करें, स्टार्ट, सुरू, শুরু, শুরু করুন, શરૂ કરો, தொடங்கு, ప్రారంభించు
    mulai, langganan, mula, bắt đầu, đăng ký, เริ่ม, สมัคร, simulan, anza
    开始, 開始, 订阅, 訂閱, 恢复, 再開, 登録, スタート, 시작, 수신동의, 수신 동의, 재개
    """
)
