"""Secrets: formats, check values, what only looks like one; spans, limits; and a gate that loses nothing.

Every secret here is drawn or put together at run time, so that no scanner of the repository finds one.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.build import _PartBuilder
from rules.detectors.secret import Secret, SecretKeys
from rules.document import Document
from rules.engine import Engine
from rules.lists import no_lists
from rules.load import load_ruleset
from rules.secrets.checks import base62_crc32, is_random
from rules.secrets.find import find_secrets
from rules.secrets.form import GROUPS
from rules.secrets.forms import FORMS, NAMES
from rules.source import SourceFile

DRAW = random.Random(20260601)
HEX = "0123456789abcdef"
WORD = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits


def drawn(alphabet, length):
    return "".join(DRAW.choice(alphabet) for _ in range(length))


def uuid():
    return "-".join(drawn(HEX, length) for length in (8, 4, 4, 4, 12))


def checked(prefix):
    body = drawn(WORD, 30)
    return f"{prefix}_{body}{base62_crc32(body)}"


def web_token(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{drawn(WORD, 43)}"


def bot_token():
    number = base64.urlsafe_b64encode(str(DRAW.randrange(10**17, 10**18)).encode()).decode().rstrip("=")
    return f"{number}.{drawn(WORD, 6)}.{drawn(WORD, 27)}"


def seen(text):
    return [(one.form.id, text[one.start : one.end]) for one in find_secrets(text) if not one.aside]


def set_aside(text):
    return {one.aside for one in find_secrets(text) if one.aside}


def part(spec):
    source = SourceFile("sample")
    built = _PartBuilder(source, no_lists()).part("sample", spec, ())
    return built.detector if built else str(source.faults[0])


PROVIDER_VALUES = [
    ("aws-access-key", "AK" + "IA" + drawn(UPPER, 16)),
    ("github-token", checked("gh" + "p")),
    ("github-fine-grained", "github_" + "pat_" + drawn(WORD, 22) + "_" + drawn(WORD, 59)),
    ("gitlab", "gl" + "pat-" + drawn(WORD, 20)),
    ("npm", checked("np" + "m")),
    ("pypi", "py" + "pi-AgEIcHlwaS5vcmc" + drawn(WORD, 70)),
    ("slack-token", "xo" + "xb-" + drawn("123456789", 12) + "-" + drawn("123456789", 13) + "-" + drawn(WORD, 24)),
    ("stripe-key", "sk_" + "live_" + drawn(WORD, 24)),
    ("google-api-key", "AI" + "za" + drawn(WORD, 35)),
    ("google-oauth", "GOC" + "SPX-" + drawn(WORD, 28)),
    ("openai-key", "sk-" + "proj-" + drawn(WORD, 48)),
    ("anthropic-key", "sk-" + "ant-api03-" + drawn(WORD, 93)),
    ("twilio", "S" + "K" + drawn(HEX, 32)),
    ("sendgrid", "S" + "G." + drawn(WORD, 22) + "." + drawn(WORD, 43)),
    ("mailgun", "ke" + "y-" + drawn(HEX, 32)),
    ("mailchimp", drawn(HEX, 32) + "-us" + "12"),
    ("digitalocean", "do" + "p_v1_" + drawn(HEX, 64)),
    ("heroku", "HR" + "KU-" + uuid()),
    ("shopify", "shp" + "at_" + drawn(HEX, 32)),
    ("square", "sq0" + "csp-" + drawn(WORD, 43)),
    ("telegram-bot", drawn("123456789", 9) + ":" + "AA" + drawn(WORD, 33)),
    ("discord-bot", bot_token()),
    ("facebook", "EA" + "A" + drawn(WORD, 120)),
    ("newrelic", "NR" + "AK-" + drawn(UPPER, 27)),
    ("dropbox", "s" + "l." + drawn(WORD, 130)),
    ("atlassian", "AT" + "ATT3x" + drawn(WORD, 180)),
    ("hashicorp-vault", "hv" + "s." + drawn(WORD, 28)),
    ("databricks", "da" + "pi" + drawn(HEX, 32)),
    ("huggingface", "h" + "f_" + drawn(string.ascii_letters, 34)),
    ("grafana", "gl" + "sa_" + drawn(WORD, 32) + "_" + drawn(HEX, 8)),
    ("docker", "dck" + "r_pat_" + drawn(WORD, 27)),
    ("airtable", "pa" + "t" + drawn(WORD, 14) + "." + drawn(HEX, 64)),
    ("azure-client-secret", drawn(WORD, 3) + "8Q" + "~" + drawn(WORD, 34)),
    ("terraform", drawn(WORD, 14) + ".atlas" + "v1." + drawn(WORD, 67)),
    ("linear", "lin_" + "api_" + drawn(WORD, 40)),
    ("planetscale", "pscale_" + "tkn_" + drawn(WORD, 43)),
    ("pulumi", "pu" + "l-" + drawn(HEX, 40)),
    ("supabase", "sb" + "p_" + drawn(HEX, 40)),
    ("postman", "PM" + "AK-" + drawn(HEX, 24) + "-" + drawn(HEX, 34)),
    ("dynatrace", "dt0" + "c01." + drawn(UPPER, 24) + "." + drawn(UPPER, 64)),
]

NAMED_VALUES = [
    ("datadog", "our datadog api key is ", drawn(HEX, 32)),
    ("twilio", "twilio auth token: ", drawn(HEX, 32)),
    ("okta", "okta token ", "00" + drawn(WORD, 40)),
    ("cloudflare", "cloudflare token:\n```\n", drawn(WORD, 40)),
    ("linkedin", "linkedin client secret = ", drawn(WORD, 14) + "x7"),
    ("azure-storage-key", "AccountName=till;AccountKey=", drawn(WORD, 86) + "=="),
    ("aws-secret-key", "aws_secret_access_key = ", drawn(WORD, 40)),
    ("heroku", "heroku key ", uuid()),
]


@pytest.mark.parametrize(("kind", "value"), PROVIDER_VALUES, ids=[kind for kind, _ in PROVIDER_VALUES])
@pytest.mark.parametrize(
    "around", ["{}", "key: {}.", "look:\n```\nKEY={}\n```\n", "('{}')", "é {} 🎉", '{{"k": "{}"}}']
)
def test_a_key_is_found_in_any_surroundings_with_its_exact_span(kind, value, around):
    text = around.format(value)
    assert (kind, value) in seen(text)


@pytest.mark.parametrize(("kind", "before", "value"), NAMED_VALUES, ids=[kind for kind, _, _ in NAMED_VALUES])
def test_a_bare_key_is_found_beside_the_name_of_its_provider(kind, before, value):
    assert (kind, value) in seen(before + value)
    assert seen("see " + value[:30] + " above") == []


def test_a_right_check_value_is_surer_than_a_wrong_one():
    right = checked("gh" + "p")
    wrong = right[:-1] + ("a" if right[-1] != "a" else "b")
    found = [find_secrets(text)[0] for text in (right, wrong)]
    assert found[0].confidence > 0.98 > found[1].confidence > 0.5
    assert "check value correct" in found[0].reason


def test_check_values_are_six_characters_of_base_62():
    assert base62_crc32("") == "000000"
    assert {len(base62_crc32(drawn(WORD, 30))) for _ in range(200)} == {6}


@pytest.mark.parametrize("kind", ["RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED ", "DSA "])
def test_a_private_key_is_marked_from_its_first_line_to_its_last(kind):
    body = "\n".join(drawn(WORD, 64) for _ in range(8))
    key = f"-----BEGIN {kind}PRIVATE " + f"KEY-----\n{body}\n-----END {kind}PRIVATE " + "KEY-----"
    assert seen(f"here:\n{key}\nthanks") == [("pem-key", key)]
    cut = key[: len(key) // 2]
    assert seen(cut) == [("pem-key", cut)]


def test_a_private_key_in_one_line_of_json_is_found():
    key = "-----BEGIN PRIVATE " + "KEY-----\\n" + drawn(WORD, 64) + "\\n-----END PRIVATE " + "KEY-----\\n"
    assert [kind for kind, _ in seen(f'{{"type": "service_account", "private_key": "{key}"}}')] == ["pem-key"]


@pytest.mark.parametrize(
    "text",
    [
        "it must start with -----BEGIN PRIVATE " + "KEY----- or it fails",
        "-----BEGIN RSA PRIVATE " + "KEY-----\n...\n-----END RSA PRIVATE " + "KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + drawn(WORD, 64) + "\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\n" + drawn(WORD, 64) + "\n-----END CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + drawn(WORD, 43) + " ana@quay",
    ],
)
def test_headers_public_keys_and_certificates_are_no_private_keys(text):
    assert seen(text) == []


WORDS = [
    ("password-is", "Password is Harbour!Quay7 till Friday.", "Harbour!Quay7"),
    ("password-is", "the password for the till is still Kettle99blue", "Kettle99blue"),
    ("password-is", "Das Passwort für den Laptop lautet Kessel99blau", "Kessel99blau"),
    ("password-labelled", "pw: Welcome-Otter-26", "Welcome-Otter-26"),
    ("password-labelled", "mot de passe : Loutre99lampe", "Loutre99lampe"),
    ("password-changed", "changed the admin password to Lamp0st.Otter yesterday", "Lamp0st.Otter"),
    ("login-pair", "creds: demo / Lamp0st!Otter", "Lamp0st!Otter"),
    ("password-beside", "Lamp0st!Otter is the admin password", "Lamp0st!Otter"),
    ("password-setting", 'DB_PASSWORD="kf93Kd!xQuay"', "kf93Kd!xQuay"),
    ("password-option", "mysql -u root -pKettle99 shop", "Kettle99"),
    ("password-option", "curl -u ana:Kettle99 https://norwell.example", "Kettle99"),
    ("pin", "the pin for the card is 4471", "4471"),
    ("url-password", "postgres://app:qu4y-side@db.norwell.example/main", "qu4y-side"),
    ("database-string", "Server=sql2;User Id=sa;Password=Kettle99;", "Kettle99"),
    ("wifi-code", "wifi password is otterkettle31", "otterkettle31"),
    ("wifi-code", "WIFI:T:WPA;S:Quay;P:otterkettle31;;", "otterkettle31"),
    ("door-code", "the back gate code is 6638#", "6638#"),
    ("door-code", "6638 opens the shutter", "6638"),
    ("one-time-code", "your verification code is 482913", "482913"),
    ("one-time-code", "482 913 is your login code", "482 913"),
]


@pytest.mark.parametrize(("kind", "text", "value"), WORDS)
def test_secrets_in_words_are_found_with_their_exact_span(kind, text, value):
    assert (kind, value) in seen(text)


LINKS = [
    ("s3-presigned", "https://b.s3.example/x?X-Amz-" + "Signature=" + drawn(HEX, 64)),
    ("gcs-presigned", "https://s.example/x?X-Goog-" + "Signature=" + drawn(HEX, 512)),
    ("azure-sas", "https://b.example/x?sv=2024-11-04&se=2026-12-01&si" + "g=" + drawn(WORD, 43) + "%3D"),
    ("token-link", "https://id.norwell.example/reset?token=" + drawn(WORD, 32)),
    (
        "slack-webhook",
        "https://hooks.slack" + ".com/services/T" + drawn(UPPER, 8) + "/B" + drawn(UPPER, 8) + "/" + drawn(WORD, 24),
    ),
    ("discord-webhook", "https://discord" + ".com/api/webhooks/" + drawn("123456789", 18) + "/" + drawn(WORD, 68)),
    (
        "teams-webhook",
        f"https://norwell.webhook.office.com/webhookb2/{uuid()}@{uuid()}/IncomingWebhook/{drawn(HEX, 32)}/{uuid()}",
    ),
    ("jwt", web_token(sub="dana", org="norwell")),
    ("cookie", "Cookie: lang=en; sessionid=" + drawn(WORD, 32)),
    ("bearer", "Authorization: Bearer " + drawn(WORD, 40)),
]


@pytest.mark.parametrize(("kind", "text"), LINKS, ids=[kind for kind, _ in LINKS])
def test_links_webhooks_and_sessions_are_found(kind, text):
    assert kind in {found for found, _ in seen(text)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("api_key = YOUR_API_KEY", None),
        ("api_key = 'your_api_key_goes_here'", "placeholder"),
        ("password=${DB_PASSWORD}", "placeholder"),
        ("password: <your password>", None),
        ("password = os.environ['DB_PASSWORD_PROD']", "code, not a value"),
        ("AK" + "IAIOSFODNN7EXAMPLE", "documented example"),
        ("secret = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", "documented example"),
        ("sk_" + "test_" + drawn(WORD, 24), "test key"),
        ("gh" + "p_" + "x" * 36, "placeholder"),
        ("gh" + "p_" + "a" * 36, "repeated or counted characters"),
        ("AI" + "za" + "SyABCDEFGHIJKLMNOPQRSTUVWXYZ1234567", "repeated or counted characters"),
        ("password is incorrect", "placeholder"),
        ("password is case-sensitive", "prose"),
        ("password_hash = '$2b$12$" + drawn(WORD, 53) + "'", None),
        ("token = '" + uuid() + "'", "UUID"),
        ("mysql://root:root@localhost/test", "default of a local service"),
        ("discount code is 482913, text me", "booking, discount or error code"),
        ("your verification code is 123456", "repeated or counted characters"),
        ("eyJhbGciOiJub3Q." + drawn(WORD, 20) + "." + drawn(WORD, 20), "no token: its header does not decode"),
        ("for example password: Kettle99blue", "example"),
    ],
)
def test_what_only_looks_like_a_secret_is_set_aside_by_name(text, reason):
    assert seen(text) == []
    assert reason is None or reason in set_aside(text)


@pytest.mark.parametrize(
    "text",
    [
        "My password is so long I forgot it.",
        "Cloud docs use an example key.",
        "rolled back to commit " + drawn(HEX, 40),
        "sha256: " + drawn(HEX, 64),
        "integrity sha512-" + drawn(WORD, 86) + "==",
        "request " + uuid() + " failed",
        "<img src='data:image/png;base64," + drawn(WORD, 400) + "'>",
        "order 4471-8823-1190, room 4471, locker free",
        "alarm set for 0630, doors open at 1900",
        "the key is consistency, the secret is practice",
        "max_tokens=4096, tokenizer = from_pretrained('otter')",
        "'Password123' is a terrible password",
    ],
)
def test_prose_hashes_and_numbers_are_nothing(text):
    assert seen(text) == []


def test_a_secret_broken_by_invisible_characters_or_by_a_line_break_is_found_whole():
    value = "sk-" + "ant-api03-" + drawn(WORD, 93)
    hidden = value[:20] + "\u200b" + value[20:]
    assert seen(f"é {hidden}") == [("anthropic-key", hidden)]
    wrapped = value[:60] + "\n" + value[60:]
    assert ("anthropic-key", wrapped) in seen(f"it is {wrapped} ok?")


def test_a_policy_may_name_groups_and_single_forms_and_nothing_else():
    assert part({"secret": ["provider-key", "jwt"]}).wanted >= {"github-token", "jwt"}
    assert part({"secret": "any"}).wanted == {form.id for form in FORMS}
    assert "did you mean" in part({"secret": "pasword"})
    assert set(GROUPS) < set(NAMES)
    assert {form.group for form in FORMS} == set(GROUPS)


def test_every_form_has_a_source_and_something_to_look_for_first():
    for form in FORMS:
        assert form.source.startswith("https://"), form.id
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]+", form.id)
        for look in form.looks:
            assert look.anchors, form.id


def test_forms_of_at_least_25_providers_are_known():
    assert len({form.id for form in FORMS if form.group == "provider-key"}) >= 25


def test_no_secret_is_in_a_reason_or_a_repr():
    value = checked("gh" + "p")
    text = f"password is Harbour!Quay7 and {value}"
    matches = part({"secret": "any"}).see(Document(key="k", text=text), lambda _: None).matches
    assert len(matches) == 2
    assert not any(secret in repr(matches) for secret in ("Harbour", value))
    assert not any(secret in repr(find_secrets(text)) for secret in ("Harbour", value))


def test_what_is_set_aside_can_be_shown():
    aside = part({"secret": "any"}).set_aside(Document(key="k", text="password=${DB_PASSWORD}"))
    assert [match.reason for match in aside] == ["password: placeholder"]


@pytest.mark.parametrize(
    "unit",
    [
        "password is ",
        "key=",
        "-----BEGIN PRIVATE " + "KEY-----\nAAAAAAAAAAAA",
        "eyJ.",
        "a" * 1000,
        "code 1234 ",
        "https://a:b@",
    ],
)
def test_a_secret_at_the_end_of_a_long_line_of_beginnings_is_found(unit):
    value = checked("gh" + "p")
    assert ("github-token", value) in seen(unit * (240_000 // len(unit)) + " " + value)


def test_a_line_of_a_million_characters_is_no_trouble():
    value = checked("gh" + "p")
    text = drawn(WORD, 1000) * 500 + " " + value + " " + drawn(WORD, 1000) * 500
    assert seen(text) == [("github-token", value)]


# --- gates --------------------------------------------------------------------------------------------------------

ENGINES = {lazy: Engine(load_ruleset(), lazy=lazy) for lazy in (True, False)}
PIECES = [
    *(value for _, value in PROVIDER_VALUES),
    *(before + value for _, before, value in NAMED_VALUES),
    *(text for _, text, _ in WORDS),
    *(text for _, text in LINKS),
]


def credentials(engine, text):
    found = engine.evaluate_one(Document(key="k", text=text))
    return [f for f in found.findings if f.rule.startswith("credentials.")]


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=2),
    glue=st.sampled_from([" ", "\n", "é ", "\u200b", " 🎉", "ſ ", "K "]),
    upper=st.booleans(),
)
def test_looking_lazily_finds_what_looking_everywhere_finds(pieces, glue, upper):
    text = glue.join(pieces)
    text = text.upper() if upper else text
    assert credentials(ENGINES[True], text) == credentials(ENGINES[False], text)


@pytest.mark.parametrize("text", PIECES)
def test_the_gate_of_every_group_opens_where_the_group_is_seen(text):
    document = Document(key="k", text=text)
    low = document.light.text.casefold()
    for group in GROUPS:
        secret = Secret.build(SecretKeys(secret=[group]), None)
        if secret.see(document, lambda _: None).value:
            gate = secret.gate(lambda _: None)
            assert all(any(anchor in low for anchor in some) for some in (gate.anchors, *gate.further))


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_looked_at_and_spans_lie_within(text):
    for one in find_secrets(text):
        assert 0 <= one.start < one.end <= len(text)


def test_words_written_together_are_not_random():
    assert not any(map(is_random, ("my-feature-flag-name", "norwell/secrets/till/password", "ABCDEFGHIJKLMNOP")))
    assert all(is_random(drawn(WORD, 32)) for _ in range(50))
