"""The kinds of personal data that a `pii` part may name: whose recogniser, how sure, which words beside it. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Score from which a kind is reported although nothing beside it says what it is.
_ALONE: Final = 0.5
#: Score that only a word beside it, or a checksum that hardly anything passes by chance, reaches.
_WITH_WORD: Final = 0.6
#: Score if a checksum holds that one number in ten passes by chance, and one that one in about a thousand passes.
_WEAK_CHECK: Final = 0.5
_FAIR_CHECK: Final = 0.6
_STRONG_CHECK: Final = 0.9
#: Presidio calls patterns below this score very weak.
VERY_WEAK: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of Presidio's entity types, and our configuration of it."""

    name: str
    #: Module and class of the recogniser below `presidio_analyzer.predefined_recognizers`; none for phone numbers.
    place: tuple[str, str] = ("", "")
    #: `contact`, `bank`, `government-id`, `health-id`, or none.
    group: str = ""
    #: In words, for documentation.
    what: str
    #: Necessary in the text, as RE2 on its skeleton: ASCII, every other digit as 0, every other letter as a.
    need: str
    #: Words and phrases that speak for it, folded, without plural s.
    words: frozenset[str]
    threshold: float = _WITH_WORD
    #: Score where the recogniser's checksum holds.
    checked: float = _WEAK_CHECK
    #: A guess beside what another recogniser is sure of: a telephone plan allows almost any number.
    yields: bool = False
    #: Further patterns (name, regex, score) for the recogniser's checksum.
    patterns: tuple[tuple[str, str, float], ...] = ()
    #: Names of Presidio's patterns that fit almost anything.
    skip: frozenset[str] = frozenset()

    @property
    def is_number(self) -> bool:
        """Return whether it may be a number of any kind, so that "ticket" before it speaks against it."""
        return self.need.startswith("[0-9](") or self.need.startswith("[0-9]{")

    @property
    def needs_word(self) -> bool:
        """Return whether it is never reported without one of its words beside it."""
        return self.threshold >= _WITH_WORD and self.checked < self.threshold


def _words(*phrases: str) -> frozenset[str]:
    return frozenset(phrase.strip() for line in phrases for phrase in line.split(","))


def _digits(least: int, gap: str = r"[^a-z0-9]{0,2}") -> str:
    """Say: so many digits in a row, with at most two other characters between neighbours."""
    return rf"[0-9](?:{gap}[0-9]){{{least - 1}}}"


_PASSPORT: Final = "passport, passport number, passport no, travel document, reisepass, passaporto, pasaporte"
_LICENCE: Final = (
    "driving licence, driving license, driver licence, driver license, drivers licence, drivers license, "
    "driver s licence, driver s license, licence number, license number, licence no, license no, dl number, dl no, dvla"
)
_TAX: Final = "tax id, tax number, taxpayer, tax file number, tin, tax identification"

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            name="EMAIL_ADDRESS",
            place=("generic.email_recognizer", "EmailRecognizer"),
            group="contact",
            what="an e-mail address under a domain that can exist",
            need=r"@[a-z0-9_-]+\.[a-z0-9_-]",
            words=_words("email, e mail, mail, contact"),
            threshold=_ALONE,
            checked=_STRONG_CHECK,
        ),
        Kind(
            name="PHONE_NUMBER",
            group="contact",
            what="a telephone number that its country's plan allows",
            need=_digits(7, gap=r"[^a-z0-9]{0,5}"),
            words=_words(
                "phone, telephone, tel, cell, cellphone, mobile, call, text, ring, dial, whatsapp, sms, fax, "
                "my number, his number, her number, their number, your number, our number, the number, number hai, "
                "landline, ph, contact, reach, hotline, try, tried, telegram, mob, msg, message, voicemail, answer, extension"
            ),
            threshold=_ALONE,
            yields=True,
        ),
        Kind(
            name="CREDIT_CARD",
            place=("generic.credit_card_recognizer", "CreditCardRecognizer"),
            group="bank",
            what="a payment card number with its check digit",
            need=_digits(12, gap="[ -]?"),
            patterns=(
                ("Mastercard 2 series", r"\b2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)(?:[- ]?\d{4}){3}\b", 0.3),
                (
                    "Maestro and old forms, 12 to 19 digits (very weak)",
                    r"\b(?:5[06-8]|6\d|2131|1800|4\d)(?:[ -]?\d){10,17}\b",
                    0.05,
                ),
            ),
            words=_words(
                "credit, card, visa, mastercard, cc, amex, discover, jcb, diners, maestro, debit, pan, exp, expiry, cvv"
            ),
            threshold=_ALONE,
            checked=_FAIR_CHECK,
        ),
        Kind(
            name="IBAN_CODE",
            place=("generic.iban_recognizer", "IbanRecognizer"),
            group="bank",
            what="an international bank account number with its check digits",
            need=r"[a-z]{2}[0-9]{2}[ -]?[a-z0-9]{4}[ -]?[a-z0-9]{4}",
            words=_words("iban, bank, account, transfer, payment, bic, swift"),
            threshold=_ALONE,
            checked=1.0,
        ),
        Kind(
            name="US_BANK_NUMBER",
            place=("country_specific.us.us_bank_recognizer", "UsBankRecognizer"),
            group="bank",
            what="an account number, where the text says so",
            need=_digits(8, gap=""),
            words=_words("account number, acct, account no, bank account, checking account, savings account, acc no"),
        ),
        Kind(
            name="ABA_ROUTING_NUMBER",
            place=("country_specific.us.aba_routing_recognizer", "AbaRoutingRecognizer"),
            group="bank",
            what="a US routing number with its check digit, where the text says so",
            need=_digits(9, gap="-?"),
            words=_words("aba, routing, routing number, rtn"),
        ),
        Kind(
            name="CRYPTO",
            place=("generic.crypto_recognizer", "CryptoRecognizer"),
            what="a Bitcoin address with its checksum",
            need=r"(?:bc1|[13])[a-z0-9]{25}",
            words=_words("wallet, btc, bitcoin, crypto"),
            threshold=_ALONE,
            checked=_STRONG_CHECK,
        ),
        Kind(
            name="IP_ADDRESS",
            place=("generic.ip_recognizer", "IpRecognizer"),
            what="an internet address",
            need=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9a-f]{1,4}::|::[0-9a-f]|(?:[0-9a-f]{1,4}:){5}",
            words=_words("ip, ipv4, ipv6, ip address, address, host, server, subnet"),
            threshold=_ALONE,
            skip=frozenset({"IPv6_unspecified"}),
        ),
        Kind(
            name="MAC_ADDRESS",
            place=("generic.mac_recognizer", "MacAddressRecognizer"),
            what="the hardware address of a network card",
            need=r"[0-9a-f]{2}[:-][0-9a-f]{2}[:-][0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}",
            words=_words("mac, mac address, hardware address, ethernet"),
            threshold=_ALONE,
        ),
        Kind(
            name="US_SSN",
            place=("country_specific.us.us_ssn_recognizer", "UsSsnRecognizer"),
            group="government-id",
            what="a US social security number",
            need=_digits(9, gap="[ .-]?"),
            words=_words("ssn, ssns, social security, social, soc sec, ss"),
        ),
        Kind(
            name="US_ITIN",
            place=("country_specific.us.us_itin_recognizer", "UsItinRecognizer"),
            group="government-id",
            what="a US taxpayer number",
            need=_digits(9, gap="[ -]?"),
            words=_words("itin, individual taxpayer", _TAX),
        ),
        Kind(
            name="US_PASSPORT",
            place=("country_specific.us.us_passport_recognizer", "UsPassportRecognizer"),
            group="government-id",
            what="a US passport number",
            need=_digits(8, gap=""),
            words=_words(_PASSPORT),
        ),
        Kind(
            name="US_DRIVER_LICENSE",
            place=("country_specific.us.us_driver_license_recognizer", "UsLicenseRecognizer"),
            group="government-id",
            what="a US driver's licence number",
            need=r"[0-9]{3}",
            words=_words(_LICENCE),
        ),
        Kind(
            name="UK_NINO",
            place=("country_specific.uk.uk_nino_recognizer", "UkNinoRecognizer"),
            group="government-id",
            what="a British national insurance number",
            need=r"[a-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2}",
            words=_words("national insurance, ni number, ni no, nino, ni, insurance number"),
            threshold=_ALONE,
        ),
        Kind(
            name="UK_PASSPORT",
            place=("country_specific.uk.uk_passport_recognizer", "UkPassportRecognizer"),
            group="government-id",
            what="a British passport number",
            need=_digits(7, gap=""),
            words=_words(_PASSPORT),
        ),
        Kind(
            name="UK_DRIVING_LICENCE",
            place=("country_specific.uk.uk_driving_licence_recognizer", "UkDrivingLicenceRecognizer"),
            group="government-id",
            what="a British driving licence number",
            need=r"[a-z9]{5}[0-9]{6}",
            words=_words(_LICENCE),
            threshold=_ALONE,
        ),
        Kind(
            name="CA_SIN",
            place=("country_specific.canada.ca_sin_recognizer", "CaSinRecognizer"),
            group="government-id",
            what="a Canadian social insurance number with its check digit",
            need=_digits(9, gap="[ -]?"),
            words=_words("sin, sin number, social insurance, social insurance number, assurance sociale, nas"),
        ),
        Kind(
            name="AU_TFN",
            place=("country_specific.australia.au_tfn_recognizer", "AuTfnRecognizer"),
            group="government-id",
            what="an Australian tax file number with its check digit",
            need=_digits(9, gap="[^a-z0-9]?"),
            words=_words("tfn, tax file number, tax file"),
        ),
        Kind(
            name="IN_AADHAAR",
            place=("country_specific.india.in_aadhaar_recognizer", "InAadhaarRecognizer"),
            group="government-id",
            what="an Indian Aadhaar number with its check digit",
            need=_digits(12, gap="[- :]?"),
            words=_words("aadhaar, aadhar, adhaar, adhar, uidai, uid"),
        ),
        Kind(
            name="IN_PAN",
            place=("country_specific.india.in_pan_recognizer", "InPanRecognizer"),
            group="government-id",
            what="an Indian tax account number",
            need=r"[0-9]{4}",
            words=_words("pan, pan card, pan number, pan no, permanent account number"),
            skip=frozenset({"PAN (Low)"}),
        ),
        Kind(
            name="IN_PASSPORT",
            place=("country_specific.india.in_passport_recognizer", "InPassportRecognizer"),
            group="government-id",
            what="an Indian passport number",
            need=_digits(7, gap="[^a-z0-9]?"),
            words=_words(_PASSPORT),
        ),
        Kind(
            name="IN_VOTER",
            place=("country_specific.india.in_voter_recognizer", "InVoterRecognizer"),
            group="government-id",
            what="an Indian voter card number",
            need=r"[0-9]{7}",
            words=_words("voter id, voter card, epic number, epic no, elector photo identity card"),
        ),
        Kind(
            name="SG_NRIC_FIN",
            place=("country_specific.singapore.sg_fin_recognizer", "SgFinRecognizer"),
            group="government-id",
            what="a Singaporean identity number",
            need=r"[0-9]{7}[a-z]",
            words=_words("nric, fin, ic number, ic no, fin number, identity card"),
        ),
        Kind(
            name="ZA_ID_NUMBER",
            place=("country_specific.south_africa.za_id_number_recognizer", "ZaIdNumberRecognizer"),
            group="government-id",
            what="a South African identity number with date and check digit",
            need=r"[0-9]{13}",
            words=_words("id number, id no, identity number, south african id, rsa id, smart id, sa id, id"),
            threshold=_ALONE,
            checked=_FAIR_CHECK,
        ),
        Kind(
            name="ZA_PASSPORT",
            place=("country_specific.south_africa.za_passport_recognizer", "ZaPassportRecognizer"),
            group="government-id",
            what="a South African passport number",
            need=r"[0-9]{8}",
            words=_words(_PASSPORT),
        ),
        Kind(
            name="NG_NIN",
            place=("country_specific.nigeria.ng_nin_recognizer", "NgNinRecognizer"),
            group="government-id",
            what="a Nigerian identity number with its check digit",
            need=r"[0-9]{11}",
            words=_words("nin, nimc, national identification number, national identity number, national identity"),
        ),
        Kind(
            name="PH_UMID",
            place=("country_specific.philippines.ph_umid_recognizer", "PhUmidRecognizer"),
            group="government-id",
            what="a Philippine identity card number",
            need=_digits(12, gap="-?"),
            words=_words("umid, crn, sss, gsis, philhealth, pag ibig, common reference number"),
        ),
        Kind(
            name="PH_PASSPORT",
            place=("country_specific.philippines.ph_passport_recognizer", "PhPassportRecognizer"),
            group="government-id",
            what="a Philippine passport number",
            need=r"[0-9]{7}",
            words=_words(_PASSPORT),
        ),
        Kind(
            name="ES_NIF",
            place=("country_specific.spain.es_nif_recognizer", "EsNifRecognizer"),
            group="government-id",
            what="a Spanish identity number with its check letter",
            need=r"[0-9]{7}-?[a-z]",
            words=_words("dni, nif, documento nacional de identidad, identificación"),
            checked=_WEAK_CHECK,
        ),
        Kind(
            name="ES_NIE",
            place=("country_specific.spain.es_nie_recognizer", "EsNieRecognizer"),
            group="government-id",
            what="a Spanish foreigner's number with its check letter",
            need=r"[0-9]{7}-?[a-z]",
            words=_words("nie, número de identificación de extranjero"),
        ),
        Kind(
            name="ES_PASSPORT",
            place=("country_specific.spain.es_passport_recognizer", "EsPassportRecognizer"),
            group="government-id",
            what="a Spanish passport number",
            need=r"[0-9]{6}",
            words=_words(_PASSPORT),
        ),
        Kind(
            name="IT_FISCAL_CODE",
            place=("country_specific.italy.it_fiscal_code_recognizer", "ItFiscalCodeRecognizer"),
            group="government-id",
            what="an Italian tax code with its check letter",
            need=r"[a-z]{6}[a-z0-9]{9}[a-z]",
            words=_words("codice fiscale, cf, fiscal code, tax code"),
            threshold=_ALONE,
            checked=_STRONG_CHECK,
        ),
        Kind(
            name="IT_PASSPORT",
            place=("country_specific.italy.it_passport_recognizer", "ItPassportRecognizer"),
            group="government-id",
            what="an Italian passport number",
            need=r"[0-9]{7}",
            words=_words(_PASSPORT),
        ),
        Kind(
            name="IT_IDENTITY_CARD",
            place=("country_specific.italy.it_identity_card_recognizer", "ItIdentityCardRecognizer"),
            group="government-id",
            what="an Italian identity card number",
            need=r"[0-9]{5}",
            words=_words("carta d identità, carta di identità, identity card, cie"),
        ),
        Kind(
            name="IT_DRIVER_LICENSE",
            place=("country_specific.italy.it_driver_license_recognizer", "ItDriverLicenseRecognizer"),
            group="government-id",
            what="an Italian driving licence number",
            need=r"[a-z]{2}[0-9]{7}[a-z]|u1[a-z0-9]{7}[a-z]",
            words=_words("patente, patente di guida", _LICENCE),
        ),
        Kind(
            name="PL_PESEL",
            place=("country_specific.poland.pl_pesel_recognizer", "PlPeselRecognizer"),
            group="government-id",
            what="a Polish identity number with date and check digit",
            need=r"[0-9]{11}",
            words=_words("pesel, polish id"),
        ),
        Kind(
            name="FI_PERSONAL_IDENTITY_CODE",
            place=("country_specific.finland.fi_personal_identity_code_recognizer", "FiPersonalIdentityCodeRecognizer"),
            group="government-id",
            what="a Finnish identity code with date and check character",
            need=r"[0-9]{6}[-+a-z][0-9]{3}[a-z0-9]",
            words=_words("hetu, henkilötunnus, personal identity code, personbeteckning"),
            threshold=_ALONE,
            checked=_FAIR_CHECK,
            skip=frozenset({"Finnish Personal Identity Code (Very Weak)"}),
        ),
        Kind(
            name="SE_PERSONNUMMER",
            place=("country_specific.sweden.se_personnummer_recognizer", "SePersonnummerRecognizer"),
            group="government-id",
            what="a Swedish identity number with its check digit",
            need=_digits(10, gap="[-+]?"),
            words=_words("personnummer, samordningsnummer, svensk id, personal identity number, swedish id"),
            skip=frozenset({"Swedish Personnummer (Very Weak)"}),
        ),
        Kind(
            name="DE_ID_CARD",
            place=("country_specific.germany.de_id_card_recognizer", "DeIdCardRecognizer"),
            group="government-id",
            what="a German identity card number with its check digit",
            need=r"[a-z0-9]{8}[0-9]",
            words=_words("personalausweis, ausweisnummer, ausweis, identity card, national id, personalausweisnummer"),
        ),
        Kind(
            name="DE_PASSPORT",
            place=("country_specific.germany.de_passport_recognizer", "DePassportRecognizer"),
            group="government-id",
            what="a German passport number with its check digit",
            need=r"[a-z0-9]{8}[0-9]",
            words=_words("reisepassnummer, passnummer", _PASSPORT),
        ),
        Kind(
            name="DE_SOCIAL_SECURITY",
            place=("country_specific.germany.de_social_security_recognizer", "DeSocialSecurityRecognizer"),
            group="government-id",
            what="a German pension insurance number with its check digit",
            need=r"[0-9]{8}[a-z][0-9]{3}",
            words=_words("rentenversicherungsnummer, sozialversicherungsnummer, versicherungsnummer, svnr, rvnr"),
            threshold=_ALONE,
            checked=_FAIR_CHECK,
        ),
        Kind(
            name="DE_TAX_ID",
            place=("country_specific.germany.de_tax_id_recognizer", "DeTaxIdRecognizer"),
            group="government-id",
            what="a German tax number of a person with its check digit",
            need=r"[0-9]{11}",
            words=_words("steuer id, steuerid, steueridentifikationsnummer, idnr, steuernummer, steuer idnr", _TAX),
        ),
        Kind(
            name="DE_FUEHRERSCHEIN",
            place=("country_specific.germany.de_fuehrerschein_recognizer", "DeFuehrerscheinRecognizer"),
            group="government-id",
            what="a German driving licence number",
            need=r"[0-9]{8}",
            words=_words("führerschein, führerscheinnummer, fahrerlaubnis", _LICENCE),
        ),
        Kind(
            name="KR_RRN",
            place=("country_specific.korea.kr_rrn_recognizer", "KrRrnRecognizer"),
            group="government-id",
            what="a Korean resident number with date and check digit",
            need=_digits(13, gap="-?"),
            words=_words("rrn, resident registration number, 주민등록번호"),
        ),
        Kind(
            name="TH_TNIN",
            place=("country_specific.thai.th_tnin_recognizer", "ThTninRecognizer"),
            group="government-id",
            what="a Thai identity number with its check digit",
            need=r"[0-9]{13}",
            words=_words("thai national id, thai id, tnin, เลขประจำตัวประชาชน"),
        ),
        Kind(
            name="TR_NATIONAL_ID",
            place=("country_specific.turkey.tr_national_id_recognizer", "TrNationalIdRecognizer"),
            group="government-id",
            what="a Turkish identity number with its check digits",
            need=r"[0-9]{11}",
            words=_words("tc kimlik, kimlik no, kimlik numaras\u0131, tckn, tc no, turkish id, national id, kimlik"),
        ),
        Kind(
            name="UK_NHS",
            place=("country_specific.uk.uk_nhs_recognizer", "NhsRecognizer"),
            group="health-id",
            what="a British health service number with its check digit",
            need=_digits(10, gap="[- ]?"),
            words=_words("nhs, nhs number, nhs no, health service number, patient"),
        ),
        Kind(
            name="US_MBI",
            place=("country_specific.us.us_mbi_recognizer", "UsMbiRecognizer"),
            group="health-id",
            what="a US Medicare number",
            need=r"[0-9][a-z][a-z0-9][0-9]",
            words=_words("medicare, mbi, beneficiary, medicaid, medicare number"),
        ),
        Kind(
            name="AU_MEDICARE",
            place=("country_specific.australia.au_medicare_recognizer", "AuMedicareRecognizer"),
            group="health-id",
            what="an Australian Medicare number with its check digit",
            need=_digits(10, gap="[^a-z0-9]?"),
            words=_words("medicare, medicare number, medicare card"),
        ),
        Kind(
            name="DE_HEALTH_INSURANCE",
            place=("country_specific.germany.de_health_insurance_recognizer", "DeHealthInsuranceRecognizer"),
            group="health-id",
            what="a German health insurance number with its check digit",
            need=r"[a-z][0-9]{9}",
            words=_words("krankenversicherungsnummer, versichertennummer, kvnr, krankenkasse, gesundheitskarte"),
        ),
        Kind(
            name="UK_POSTCODE",
            place=("country_specific.uk.uk_postcode_recognizer", "UkPostcodeRecognizer"),
            what="a British postcode, where the text says address",
            need=r"[a-z][0-9][a-z0-9]?[^a-z0-9]?[0-9][a-z]{2}|gir",
            words=_words(
                "postcode, post code, postal code, address, deliver, delivery, mailing, shipping, live, road, street, "
                "lane, avenue, close, drive, flat, house, home, way, court, gardens, rd, st"
            ),
        ),
        Kind(
            name="CA_POSTAL_CODE",
            place=("country_specific.canada.ca_postal_code_recognizer", "CaPostalCodeRecognizer"),
            what="a Canadian postal code, where the text says address",
            need=r"[a-z][0-9][a-z] ?[0-9][a-z][0-9]",
            words=_words(
                "postal code, postcode, zip, address, code postal, ontario, quebec, alberta, street, avenue, ave, rd"
            ),
        ),
    )
}

#: Names that stand for several kinds.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "any": tuple(KINDS),
    **{
        group: tuple(kind.name for kind in KINDS.values() if kind.group == group)
        for group in ("contact", "bank", "government-id", "health-id")
    },
}

#: Presidio's other entity types, and what to use for them.
ELSEWHERE: Final = {
    "PERSON": "names of people are parts of kind `entity`",
    "LOCATION": "names of places are parts of kind `entity`",
    "ORGANIZATION": "names of organisations are parts of kind `entity`",
    "NRP": "groups of people are no personal data by themselves; use `terms`",
    "DATE_TIME": "dates are everywhere; use `regex` near another part",
    "URL": "links are parts of kind `link`",
}

#: Words before a number that say it is something else: one of them takes away what a word for it would add.
_OTHER: Final = _words(
    "order, ticket, tracking, track, invoice, case, ref, reference, isbn, issn, doi, sku, serial, model, part, build, "
    "version, commit, bug, issue, id, item, product, po, booking, transaction, timestamp, parcel, consignment, job, "
    "article, tweet, status, upc, ean, barcode, flight, claim, policy, batch, lot, docket, receipt, gift card, coupon"
)
AGAINST: Final = _OTHER | {f"{word} {end}" for word in _OTHER for end in ("number", "no", "num", "code", "id", "nr")}
