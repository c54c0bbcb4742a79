"""Headings of many exporters and languages name their fields."""

import pytest

from models.contacts.built_in_fields import COLUMNS
from models.transfers.imports.headings import match_heading, part_of_name, plain
from models.transfers.imports.suggestions import suggestions

LANGUAGES = {
    "ru": {"name": "ФИО", "first_name": "Имя", "last_name": "Фамилия", "email": "Эл. почта", "phone": "Номер телефона",
           "date_of_birth": "Дата рождения", "tags": "Теги", "whatsapp_consent": "Согласие", "timezone": "Часовой пояс"},
    "de": {"name": "Vollständiger Name", "first_name": "Vorname", "last_name": "Nachname", "email": "E-Mail-Adresse",
           "phone": "Telefonnummer", "date_of_birth": "Geburtsdatum", "tags": "Schlagworte", "score": "Punkte",
           "external_id": "Kundennummer", "whatsapp_consent": "Einwilligung", "timezone": "Zeitzone"},
    "en": {"name": "Full Name", "first_name": "First Name", "last_name": "Last Name", "email": "Email Address",
           "phone": "Phone Number", "date_of_birth": "Date of Birth", "tags": "Tags", "score": "Lead Score",
           "external_id": "Customer ID", "whatsapp_consent": "WhatsApp opt-in", "timezone": "Time Zone"},
    "fr": {"name": "Nom complet", "first_name": "Prénom", "last_name": "Nom de famille", "email": "Adresse e-mail",
           "phone": "Numéro de téléphone", "date_of_birth": "Date de naissance", "tags": "Étiquettes", "score": "Points",
           "external_id": "Code client", "whatsapp_consent": "Consentement", "timezone": "Fuseau horaire"},
    "it": {"name": "Nome completo", "last_name": "Cognome", "email": "Indirizzo e-mail", "phone": "Numero di telefono",
           "date_of_birth": "Data di nascita", "tags": "Etichette", "score": "Punteggio", "external_id": "Codice cliente",
           "whatsapp_consent": "Consenso", "timezone": "Fuso orario"},
    "es": {"name": "Nombre completo", "last_name": "Apellidos", "email": "Correo electrónico", "phone": "Teléfono",
           "date_of_birth": "Fecha de nacimiento", "tags": "Etiquetas", "score": "Puntuación", "external_id": "ID cliente",
           "whatsapp_consent": "Consentimiento", "timezone": "Zona horaria"},
    "pl": {"name": "Imię i nazwisko", "first_name": "Imię", "last_name": "Nazwisko", "email": "Adres e-mail",
           "phone": "Numer telefonu", "date_of_birth": "Data urodzenia", "tags": "Etykiety", "score": "Punkty",
           "whatsapp_consent": "Zgoda", "timezone": "Strefa czasowa"},
    "uk": {"name": "ПІБ", "last_name": "Прізвище", "email": "Електронна пошта", "phone": "Номер телефону",
           "date_of_birth": "Дата народження", "tags": "Мітки", "whatsapp_consent": "Згода", "timezone": "Часовий пояс"},
    "ro": {"name": "Nume și prenume", "first_name": "Prenume", "last_name": "Nume de familie", "email": "Adresă de e-mail",
           "phone": "Număr de telefon", "date_of_birth": "Data nașterii", "tags": "Etichete", "score": "Puncte",
           "whatsapp_consent": "Consimțământ", "timezone": "Fus orar"},
    "nl": {"name": "Volledige naam", "first_name": "Voornaam", "last_name": "Achternaam", "email": "E-mailadres",
           "phone": "Telefoonnummer", "date_of_birth": "Geboortedatum", "tags": "Labels", "score": "Punten",
           "external_id": "Klantnummer", "whatsapp_consent": "Toestemming", "timezone": "Tijdzone"},
    "pt": {"name": "Nome completo", "last_name": "Sobrenome", "email": "E-mail", "phone": "Telefone",
           "date_of_birth": "Data de nascimento", "tags": "Marcadores", "score": "Pontuação",
           "external_id": "Código cliente", "whatsapp_consent": "Consentimento", "timezone": "Fuso horário"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "heading", "field"),
    [
        (language, heading, field)
        for language, words in LANGUAGES.items()
        for field, heading in words.items()
        if field in COLUMNS and heading != "Имя"
    ],
)
def test_each_language_names_the_fields(language, heading, field):
    match = match_heading(heading, {})
    assert match is not None, plain(heading)
    assert match.field == field


@pytest.mark.parametrize(
    "heading", ["Email Opt Out", "Accepts Email Marketing", "SMS consent", "Business Fax", "Notes", ""]
)
def test_what_is_not_about_whatsapp_is_no_consent(heading):
    assert match_heading(heading, {}) is None


@pytest.mark.skipif("first_name" not in COLUMNS, reason="contacts have one name")
@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (["Vorname", "Name"], ["first_name", "last_name"]),
        (["Nom", "Prénom"], ["last_name", "first_name"]),
        (["Nome", "Cognome"], ["first_name", "last_name"]),
        (["Nombre", "Apellidos"], ["first_name", "last_name"]),
        (["Имя", "Фамилия"], ["first_name", "last_name"]),
        (["Ім'я", "Прізвище"], ["first_name", "last_name"]),
        (["Nume", "Prenume"], ["last_name", "first_name"]),
        (["Naam", "Voornaam"], ["last_name", "first_name"]),
        (["Nome", "Sobrenome"], ["first_name", "last_name"]),
        (["First Name", "Last Name", "Name"], ["first_name", "last_name", "name"]),
        (["Nombre", "Correo"], ["name", "email"]),
    ],
)
def test_a_name_beside_a_part_of_a_name_is_the_other_part(header, fields):
    found = suggestions(header, len(header), [], {}, None)
    assert [one.field for one in found.columns] == fields


def test_a_name_alone_is_the_whole_name():
    assert part_of_name("Nombre", ["Nombre", "Correo"]) is None
