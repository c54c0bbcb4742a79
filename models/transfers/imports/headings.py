"""The headings by which files name the fields of a contact.

They are those of the exports of Mailchimp, HubSpot, Shopify, Google Contacts, Outlook, Klaviyo, ActiveCampaign, WATI and
Zoho, and of Russian, German, English, French, Italian, Spanish, Polish, Ukrainian, Romanian, Dutch and Portuguese.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.contacts.attributes import Fields
from models.contacts.built_in_fields import COLUMNS
from models.transfers.imports.mapping import ATTRIBUTES, ID


def plain(heading: str) -> str:
    """In lower case, without accents and signs: the letters and digits alone."""
    folded = unicodedata.normalize("NFKD", heading.casefold())
    return re.sub(r"[\W_]", "", folded)


_WORDS: Final[Mapping[str, Sequence[str]]] = {
    "external_id": (
        """
        externalid externalkey customerid clientid contactid userid subscriberid profileid recordid klaviyoid
        customernumber customerno reference ref kundennummer kundennr kundenid externeid idclient numeroclient
        codeclient idexterno idcliente numerocliente codigocliente codicecliente idesterno idklienta
        numerklienta idклиента кодклиента номерклиента внешнийid idклієнта кодклієнта номерклієнта зовнішнійid
        codclient numarclient klantnummer klantid
        """,
    ),
    "name": (
        """
        fullname contactname customername clientname displayname nombrecompleto nombreyapellidos nomcomplet
        nometprenom vollstandigername nomecompleto nomeecognome nominativo imieinazwisko фио имяифамилия
        полноеимя піб імятапрізвище повнеімя numecomplet numesiprenume volledigenaam nomeesobrenome
        """,
        "name nombre nom nome nume naam имя імя",
    ),
    "first_name": (
        """
        firstname givenname forename fname vorname prenom primernombre nombredepila imie prenume voornaam
        primeironome
        """,
    ),
    "last_name": (
        """
        lastname surname familyname lname nachname familienname zuname nomdefamille apellido apellidos cognome
        nazwisko фамилия прізвище numedefamilie achternaam familienaam sobrenome apelido
        """,
    ),
    "email": (
        """
        email emailaddress mailaddress primaryemail email1value email1address emailadresse adresseemail
        adressemail adresseelectronique courriel indirizzoemail postaelettronica correoelectronico adresemail
        адресэлектроннойпочты электроннаяпочта элпочта имейл емейл електроннапошта адресаелектронноїпошти
        елпошта adresaemail adresadeemail emailadres correioeletronico enderecodeemail
        """,
        "mail correo почта пошта poczta",
    ),
    "phone": (
        "whatsapp whatsappnumber whatsappphone whatsappphonenumber whatsappnummer numerowhatsapp telefonowhatsapp",
        """
        mobile mobilephone mobilenumber mobilephonenumber cell cellphone cellular handy handynummer mobil
        mobiltelefon mobilnummer mobilfunknummer portable telephoneportable numerodeportable movil celular
        telefonomovil cellulare telefonocellulare numerodicellulare komorka telefonkomorkowy numerkomorkowy
        мобильный мобильныйтелефон сотовый мобільний мобільнийтелефон telefonmobil mobielnummer mobiel gsm
        telemovel
        """,
        """
        phone phonenumber telephone tel primaryphone phone1value telefon telefonnummer rufnummer telefono
        numerodetelefono numeroditelefono numerotelefono numerodetelephone numertelefonu nrtelefonu телефон
        номертелефона номертелефону numardetelefon numartelefon nrtelefon telefoon telefoonnummer telefone
        numerodetelefone
        """,
        "homephone workphone businessphone otherphone defaultaddressphone",
    ),
    "date_of_birth": (
        """
        dateofbirth birthdate birthday dob born geburtsdatum geburtstag datedenaissance datenaissance naissance
        fechadenacimiento fechanacimiento nacimiento cumpleanos datadinascita datanascita compleanno
        dataurodzenia urodziny датарождения деньрождения датанародження деньнародження datanasterii
        geboortedatum verjaardag datadenascimento nascimento aniversario
        """,
    ),
    "subscribed_at": (
        """
        subscribedat subscribed signupdate signedupat optindate optintime subscriptiondate anmeldedatum
        dateinscription datedinscription fechadealta fechadesuscripcion dataiscrizione datadiiscrizione
        datazapisu датаподписки датапідписки dataabonarii datainscrierii inschrijfdatum aanmelddatum
        datadeinscricao
        """,
    ),
    "last_interaction_at": (
        """
        lastinteractionat lastinteraction lastcontact lastcontacted lastseen lastactive lastactivity
        lastactivitydate lastactivitytime letzterkontakt letzteaktivitat derniercontact derniereactivite
        ultimocontacto ultimaactividad ultimocontatto ultimaattivita ostatnikontakt ostatniaaktywnosc
        последнийконтакт последняяактивность останнійконтакт останняактивність ultimulcontact ultimaactivitate
        laatstecontact laatsteactiviteit ultimocontato ultimaatividade
        """,
    ),
    "score": (
        """
        score leadscore points punkte punktzahl puntos puntuacion punteggio punti punkty баллы бали puncte scor
        punten pontos pontuacao
        """,
    ),
    "whatsapp_consent": (
        """
        whatsappconsent whatsappoptin acceptswhatsappmarketing whatsappmarketingconsent whatsappeinwilligung
        allowbroadcast
        """,
        """
        consent optin optinstatus einwilligung zustimmung consentement consentimiento consenso zgoda согласие
        згода consimtamant toestemming consentimento
        """,
    ),
    "tags": (
        """
        tags tag labels label etiquetas etiqueta schlagworte stichworte etiketten etiquettes etichette tagi
        etykiety теги метки мітки etichete marcadores
        """,
        """
        groups groupmembership categories gruppen kategorien grupos groupes gruppi grupy группы групи grupuri
        groepen
        """,
    ),
    "timezone": (
        """
        timezone tz zeitzone fuseauhoraire zonahoraria fusoorario strefaczasowa часовойпояс часовийпояс fusorar
        tijdzone fusohorario
        """,
    ),
}
"""In lower case, without accents and signs; the words of an earlier line are preferred."""

_KNOWN: Final[Mapping[str, tuple[str, int]]] = {
    plain(word): (field, rank)
    for field, lines in _WORDS.items()
    if field in COLUMNS
    for rank, line in enumerate(lines)
    for word in line.split()
}

_PAIRS: Final[Mapping[str, Mapping[str, str]]] = {
    "first_name": {
        "apellido": "nombre",
        "apellidos": "nombre",
        "cognome": "nome",
        "sobrenome": "nome",
        "apelido": "nome",
        "фамилия": "имя",
        "прізвище": "імя",
    },
    "last_name": {"vorname": "name", "prenom": "nom", "prenume": "nume", "voornaam": "naam"},
}
"""The other column and the word that means this field beside it, and the whole name otherwise."""


@dataclass(frozen=True, slots=True)
class HeadingMatch:
    """`rank`: 0 for the best heading of a field. `confidence` is from 0 to 1."""

    field: str
    rank: int
    confidence: float


def match_heading(heading: str, fields: Fields) -> HeadingMatch | None:
    """By the exact name of a field, the key or label of a custom one, or a usual word."""
    exact = heading.strip()
    if exact == ID or exact in COLUMNS:
        return HeadingMatch(exact, 0, 1.0)
    key = exact.removeprefix(ATTRIBUTES)
    words = plain(exact)
    if key in fields and (exact.startswith(ATTRIBUTES) or words not in _KNOWN):
        return HeadingMatch(f"{ATTRIBUTES}{key}", 0, 1.0)
    for field in fields.values():
        if words and words in (plain(field.key), plain(field.label)):
            return HeadingMatch(f"{ATTRIBUTES}{field.key}", 0, 0.95)
    if words not in _KNOWN:
        return None
    name, rank = _KNOWN[words]
    return HeadingMatch(name, rank + 1, 0.9)


def part_of_name(heading: str, others: Collection[str]) -> str | None:
    """The field, first or last name, that a heading of whole names means beside `others`."""
    words, beside = plain(heading), {plain(other) for other in others}
    for field, pairs in _PAIRS.items():
        if field in COLUMNS and any(plain(pairs[other]) == words for other in pairs if plain(other) in beside):
            return field
    return None
