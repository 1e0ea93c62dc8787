"""Secrets and look-alikes for testing a secret detector, made at run time.

Every key, password, host, person and company is invented: bodies come from
``random.Random(seed)`` and prefixes are assembled, so that the source holds
nothing that looks like a live key. ``cases(seed)`` returns secret cases (with
the span of the secret value) and look-alike cases (span 0, 0).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import string
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

OPEN = "\x01"
CLOSE = "\x02"
B62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
B64 = string.ascii_letters + string.digits + "+/"
B64U = string.ascii_letters + string.digits + "-_"
HEX = string.digits + "abcdef"
UP = string.ascii_uppercase + string.digits
LOW = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Case:
    """One text and what a detector should say about it."""

    text: str = field(repr=False)
    kind: str
    is_secret: bool
    start: int
    end: int


def mark(value: str) -> str:
    """Surround a value with the markers that become its span."""
    return f"{OPEN}{value}{CLOSE}"


def unmark(text: str, kind: str, secret: bool) -> Case:
    """Turn a marked text into a case."""
    if not secret:
        return Case(text.replace(OPEN, "").replace(CLOSE, ""), kind, False, 0, 0)
    start = text.index(OPEN)
    end = text.index(CLOSE) - 1
    clean = text.replace(OPEN, "", 1).replace(CLOSE, "", 1)
    if OPEN in clean or CLOSE in clean or end <= start:
        raise ValueError(kind)
    return Case(clean, kind, True, start, end)


def pick(rng: random.Random, alphabet: str, size: int) -> str:
    """A random string."""
    return "".join(rng.choice(alphabet) for _ in range(size))


def crc62(body: str) -> str:
    """The six-character base-62 CRC32 checksum of GitHub and npm tokens."""
    value = binascii.crc32(body.encode()) & 0xFFFFFFFF
    out = ""
    while value:
        value, digit = divmod(value, 62)
        out = B62[digit] + out
    return out.rjust(6, "0")


def checked(rng: random.Random, prefix: str) -> str:
    """A token with 30 random characters and their checksum."""
    body = pick(rng, B62, 30)
    return prefix + "_" + body + crc62(body)


def raw64(rng: random.Random, size: int) -> str:
    """Base64 of random bytes."""
    return base64.b64encode(rng.randbytes(size)).decode()


def url64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(rng: random.Random, exp: int = 1798761600) -> str:
    """A JWT with real structure and a random signature."""
    head = {"alg": rng.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
    if rng.random() < 0.4:
        head["kid"] = pick(rng, LOW, 10)
    body = {
        "iss": rng.choice(["https://id.quennel.example/", "auth.pellow.example", "norwell-sso"]),
        "sub": rng.choice([pick(rng, string.digits, 8), "svc-reports", "u_" + pick(rng, LOW, 12)]),
        "aud": rng.choice(["api", "portal", "billing"]),
        "iat": exp - rng.randrange(600, 86400),
        "exp": exp,
        "scope": rng.choice(["read write", "admin", "orders:read", "user"]),
    }
    size = 32 if head["alg"] == "HS256" else rng.choice([64, 256])
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (head, body)]
    return ".".join([*(url64(part) for part in parts), url64(rng.randbytes(size))])


# --- provider keys: (kind, label in prose, variable, maker) -------------------------------------

Maker = Callable[[random.Random], str]
PROVIDERS: list[tuple[str, str, str, Maker]] = [
    (
        "aws-access-key-id",
        "AWS key",
        "AWS_ACCESS_KEY_ID",
        lambda r: "AK" + "IA" + pick(r, string.ascii_uppercase + "234567", 16),
    ),
    ("aws-secret", "AWS secret access key", "AWS_SECRET_ACCESS_KEY", lambda r: pick(r, B64, 40)),
    ("github-classic", "GitHub token", "GITHUB_TOKEN", lambda r: checked(r, "gh" + "p")),
    ("github-oauth", "GitHub OAuth token", "GH_OAUTH", lambda r: checked(r, "gh" + "o")),
    ("github-app", "GitHub app token", "GH_APP_TOKEN", lambda r: checked(r, "gh" + "s")),
    (
        "github-fine-grained",
        "GitHub PAT",
        "GH_TOKEN",
        lambda r: "github" + "_pat_" + "11" + pick(r, UP, 20) + "_" + pick(r, B62, 59),
    ),
    ("gitlab-pat", "GitLab token", "GITLAB_TOKEN", lambda r: "gl" + "pat-" + pick(r, B64U, 20)),
    ("gitlab-deploy", "GitLab deploy token", "CI_DEPLOY_PASSWORD", lambda r: "gl" + "dt-" + pick(r, B64U, 20)),
    ("gitlab-runner", "runner token", "RUNNER_TOKEN", lambda r: "gl" + "rt-" + pick(r, B64U, 20)),
    (
        "slack-bot",
        "Slack bot token",
        "SLACK_BOT_TOKEN",
        lambda r: (
            "xo"
            + "xb-"
            + pick(r, string.digits[1:], 12)
            + "-"
            + pick(r, string.digits[1:], 13)
            + "-"
            + pick(r, B62, 24)
        ),
    ),
    (
        "slack-user",
        "Slack user token",
        "SLACK_TOKEN",
        lambda r: "xo" + "xp-" + "-".join(pick(r, string.digits[1:], 12) for _ in range(3)) + "-" + pick(r, HEX, 32),
    ),
    (
        "slack-app",
        "Slack app token",
        "SLACK_APP_TOKEN",
        lambda r: "xa" + "pp-1-A0" + pick(r, UP, 9) + "-" + pick(r, string.digits[1:], 13) + "-" + pick(r, HEX, 64),
    ),
    ("stripe-live", "Stripe key", "STRIPE_SECRET_KEY", lambda r: "sk" + "_live_" + pick(r, B62, 24)),
    ("stripe-live-long", "Stripe secret", "STRIPE_KEY", lambda r: "sk" + "_live_51" + pick(r, B62, 97)),
    ("stripe-restricted", "Stripe restricted key", "STRIPE_RK", lambda r: "rk" + "_live_" + pick(r, B62, 24)),
    (
        "stripe-webhook",
        "Stripe webhook signing secret",
        "STRIPE_WEBHOOK_SECRET",
        lambda r: "wh" + "sec_" + pick(r, B62, 32),
    ),
    ("google-api", "Google Maps key", "GOOGLE_API_KEY", lambda r: "AI" + "zaSy" + pick(r, B64U[:-2], 33)),
    (
        "google-oauth-secret",
        "Google client secret",
        "GOOGLE_CLIENT_SECRET",
        lambda r: "GOC" + "SPX-" + pick(r, B64U[:-2], 28),
    ),
    ("google-access", "Google access token", "ACCESS_TOKEN", lambda r: "ya" + "29.a0" + pick(r, B64U[:-2], 160)),
    ("azure-storage", "storage account key", "AZURE_STORAGE_KEY", lambda r: raw64(r, 64)),
    (
        "azure-client-secret",
        "Azure client secret",
        "AZURE_CLIENT_SECRET",
        lambda r: pick(r, B62, 3) + "8" + "Q~" + pick(r, B64U[:-2], 34),
    ),
    (
        "openai-legacy",
        "OpenAI key",
        "OPENAI_API_KEY",
        lambda r: "sk" + "-" + pick(r, B62, 20) + "T3Blbk" + "FJ" + pick(r, B62, 20),
    ),
    (
        "openai-project",
        "OpenAI project key",
        "OPENAI_API_KEY",
        lambda r: "sk" + "-proj-" + pick(r, B62, 74) + "T3Blbk" + "FJ" + pick(r, B62, 74),
    ),
    ("anthropic", "Claude API key", "ANTHROPIC_API_KEY", lambda r: "sk" + "-ant-api03-" + pick(r, B62, 93) + "AA"),
    ("twilio-key", "Twilio API key", "TWILIO_API_KEY", lambda r: "S" + "K" + pick(r, HEX, 32)),
    ("twilio-auth", "Twilio auth token", "TWILIO_AUTH_TOKEN", lambda r: pick(r, HEX, 32)),
    (
        "sendgrid",
        "SendGrid key",
        "SENDGRID_API_KEY",
        lambda r: "S" + "G." + pick(r, B64U[:-2], 22) + "." + pick(r, B64U[:-2], 43),
    ),
    ("mailgun", "Mailgun key", "MAILGUN_API_KEY", lambda r: "ke" + "y-" + pick(r, HEX, 32)),
    ("mailchimp", "Mailchimp key", "MAILCHIMP_API_KEY", lambda r: pick(r, HEX, 32) + "-us" + str(r.randrange(1, 21))),
    ("npm", "npm token", "NPM_TOKEN", lambda r: checked(r, "np" + "m")),
    ("pypi", "PyPI token", "TWINE_PASSWORD", lambda r: "py" + "pi-" + "AgEIcHlwaS5vcmc" + pick(r, B64U[:-2], 140)),
    ("digitalocean", "DigitalOcean token", "DO_TOKEN", lambda r: "do" + "p_v1_" + pick(r, HEX, 64)),
    ("shopify-admin", "Shopify token", "SHOPIFY_ACCESS_TOKEN", lambda r: "shp" + "at_" + pick(r, HEX, 32)),
    ("shopify-shared", "Shopify shared secret", "SHOPIFY_SECRET", lambda r: "shp" + "ss_" + pick(r, HEX, 32)),
    ("square-access", "Square token", "SQUARE_ACCESS_TOKEN", lambda r: "EA" + "AA" + "E" + pick(r, B64U[:-2], 59)),
    ("square-oauth", "Square OAuth secret", "SQUARE_SECRET", lambda r: "sq" + "0csp-" + pick(r, B64U[:-2], 43)),
    (
        "telegram-bot",
        "Telegram bot token",
        "TELEGRAM_BOT_TOKEN",
        lambda r: str(r.randrange(10**9, 10**10 - 1)) + ":AA" + pick(r, B64U[:-2], 33),
    ),
    (
        "discord-bot",
        "Discord bot token",
        "DISCORD_TOKEN",
        lambda r: (
            url64(str(r.randrange(10**17, 10**18)).encode())
            + "."
            + pick(r, B64U[:-2], 6)
            + "."
            + pick(r, B64U[:-2], 38)
        ),
    ),
    ("facebook", "page access token", "FB_PAGE_TOKEN", lambda r: "EA" + "AC" + "EdEose0c" + "BA" + pick(r, B62, 150)),
    ("datadog-api", "Datadog API key", "DD_API_KEY", lambda r: pick(r, HEX, 32)),
    ("datadog-app", "Datadog app key", "DD_APP_KEY", lambda r: pick(r, HEX, 40)),
    ("newrelic", "New Relic user key", "NEW_RELIC_API_KEY", lambda r: "NR" + "AK-" + pick(r, UP, 27)),
    ("cloudflare", "Cloudflare API token", "CLOUDFLARE_API_TOKEN", lambda r: pick(r, B64U[:-2], 40)),
    (
        "cloudflare-origin",
        "Cloudflare origin key",
        "CF_ORIGIN_KEY",
        lambda r: "v1" + ".0-" + pick(r, HEX, 24) + "-" + pick(r, HEX, 146),
    ),
    ("dropbox", "Dropbox token", "DROPBOX_TOKEN", lambda r: "s" + "l.B" + pick(r, B64U[:-2], 136)),
    (
        "atlassian",
        "Jira API token",
        "JIRA_API_TOKEN",
        lambda r: "ATA" + "TT3xFfGF0" + pick(r, B64U[:-2], 172) + "=" + pick(r, HEX, 8).upper(),
    ),
    ("vault", "Vault token", "VAULT_TOKEN", lambda r: "hv" + "s." + "CAES" + pick(r, B64U[:-2], 91)),
    ("databricks", "Databricks token", "DATABRICKS_TOKEN", lambda r: "da" + "pi" + pick(r, HEX, 32)),
    ("okta", "Okta API token", "OKTA_API_TOKEN", lambda r: "00" + pick(r, B64U[:-2], 40)),
    ("huggingface", "Hugging Face token", "HF_TOKEN", lambda r: "h" + "f_" + pick(r, string.ascii_letters, 34)),
    ("sentry-user", "Sentry auth token", "SENTRY_AUTH_TOKEN", lambda r: "sntry" + "u_" + pick(r, HEX, 64)),
    ("linear", "Linear key", "LINEAR_API_KEY", lambda r: "lin" + "_api_" + pick(r, B62, 40)),
    ("notion", "Notion secret", "NOTION_TOKEN", lambda r: "nt" + "n_" + pick(r, string.digits, 11) + pick(r, B62, 35)),
    ("notion-legacy", "Notion integration secret", "NOTION_KEY", lambda r: "secret" + "_" + pick(r, B62, 43)),
    ("airtable", "Airtable PAT", "AIRTABLE_API_KEY", lambda r: "pa" + "t" + pick(r, B62, 14) + "." + pick(r, HEX, 64)),
    ("postman", "Postman key", "POSTMAN_API_KEY", lambda r: "PM" + "AK-" + pick(r, HEX, 24) + "-" + pick(r, HEX, 34)),
    ("doppler", "Doppler token", "DOPPLER_TOKEN", lambda r: "dp" + ".pt." + pick(r, B62, 43)),
    (
        "terraform-cloud",
        "Terraform Cloud token",
        "TFE_TOKEN",
        lambda r: pick(r, B62, 14) + ".atlas" + "v1." + pick(r, B62, 67),
    ),
    (
        "grafana",
        "Grafana service token",
        "GRAFANA_TOKEN",
        lambda r: "gl" + "sa_" + pick(r, B62, 32) + "_" + pick(r, HEX, 8),
    ),
    ("supabase", "Supabase token", "SUPABASE_ACCESS_TOKEN", lambda r: "sb" + "p_" + pick(r, HEX, 40)),
    ("pulumi", "Pulumi token", "PULUMI_ACCESS_TOKEN", lambda r: "pu" + "l-" + pick(r, HEX, 40)),
    ("rubygems", "RubyGems key", "GEM_HOST_API_KEY", lambda r: "ruby" + "gems_" + pick(r, HEX, 48)),
    ("docker-hub", "Docker Hub PAT", "DOCKERHUB_TOKEN", lambda r: "dckr" + "_pat_" + pick(r, B64U[:-2], 27)),
    ("figma", "Figma token", "FIGMA_TOKEN", lambda r: "fig" + "d_" + pick(r, B64U[:-2], 40)),
    ("dynatrace", "Dynatrace token", "DT_TOKEN", lambda r: "dt0" + "c01." + pick(r, UP, 24) + "." + pick(r, UP, 64)),
    ("heroku", "Heroku key", "HEROKU_API_KEY", lambda r: "HR" + "KU-AA" + pick(r, B64U[:-2], 58)),
    ("planetscale", "PlanetScale token", "PSCALE_TOKEN", lambda r: "pscale" + "_tkn_" + pick(r, B64U[:-2], 43)),
]

# wrappers: {L} label, {V} variable, {S} secret, {P} a person, {D} a slug, {F} filler number
SECRET_WRAPS: list[str] = [
    "{P} can you try with my {L}? {S}",
    "ok whoever asked for the {L}, here you go: {S} pls don't spread it around",
    "[{F}:14] {P}: {S}\n[{F}:15] {P}: thats the {L}, ta",
    "```\n{V}={S}\n```",
    "```bash\nexport {V}={S}\n./deploy.sh {D}\n```",
    '```yaml\nenv:\n  {V}: "{S}"\n  REGION: eu-west-2\n```',
    "My first ever deploy and it WORKED 🎉🎉 config below if it helps anybody\n\n{V} = '{S}'\nDEBUG = True",
    "2026-03-{F} 09:12:44,318 DEBUG {D}.client - using {L} {S} (source=env)",
    "diff --git a/.env b/.env\n@@ -1,3 +1,3 @@\n PORT=8080\n-{V}=\n+{V}={S}",
    'Traceback (most recent call last):\n  File "/srv/{D}/main.py", line {F}, in <module>\n    client = connect("{S}")\nRuntimeError: 403 Forbidden',
    "screenshot text: Settings > Developer > {L}\n{S}\nCopy   Regenerate",
    'why does this keep returning 401??\n\ncurl -H "X-Api-Key: {S}" https://api.{D}.example/v2/me #devlife',
    '{{"service": "{D}", "{V}": "{S}", "timeout": {F}}}',
    "Live coding recap thread 🧵\n3/ I hard-code the {L} for now ({S}) and tidy up later",
    'const client = new Client({{ apiKey: "{S}", region: "eu" }}); // {L}',
    "the {L} on staging is `{S}`, rotate on friday",
    "Hi all, contractor starts Monday. {L}: {S}. Dashboard is at https://{D}.example/login",
    'variable "{V}" {{\n  type    = string\n  default = "{S}"\n}}',
    "services:\n  {D}:\n    image: {D}:1.{F}\n    environment:\n      - {V}={S}",
    "@{D}support your docs say to put the {L} in the header, I did: {S} still no luck. Any idea?",
    'ENV {V} {S}\nCMD ["node", "server.js"]',
    "IMG_0{F}.png (transcribed) terminal window: $ echo ${V} → {S}",
    "{P}, sorry to bother again. Key not working from my side, I write it here so you can compare — {S}",
    "Authorization: Bearer {S}\nHost: api.{D}.example\n\n> 500 Internal Server Error",
]
PEOPLE = [
    "Oskar",
    "Mirela",
    "Tunde",
    "Priyanka",
    "Joss",
    "Wen",
    "Halima",
    "Dougie",
    "Katya",
    "Leopold",
    "Sunniva",
    "Bram",
]
SLUGS = [
    "quennel",
    "pellow",
    "harbrook",
    "tolvan",
    "wexcombe",
    "merrigan",
    "ostrava-tiles",
    "larkwell",
    "brindle",
    "corvane",
]


def dress(rng: random.Random, wrap: str, label: str, var: str, value: str) -> str:
    """Fill a wrapper."""
    return wrap.format(L=label, V=var, S=value, P=rng.choice(PEOPLE), D=rng.choice(SLUGS), F=rng.randrange(10, 24))


# --- passwords in words -------------------------------------------------------------------------

WORDS = [
    "harbour",
    "tiger",
    "willow",
    "rocket",
    "maple",
    "copper",
    "velvet",
    "pickle",
    "badger",
    "orchid",
    "lantern",
    "gravel",
    "thistle",
    "marble",
]


def password(rng: random.Random) -> str:
    """A made-up password in one of many styles."""
    first, second, third = (rng.choice(WORDS) for _ in range(3))
    return rng.choice(
        [
            f"{first.title()}{rng.choice('!?#$%&')}{second.title()}{rng.randrange(2, 99)}",
            f"{first}-{second}-{third}{rng.randrange(1, 9)}",
            f"{first.title()}{rng.randrange(1000, 9999)}!",
            f"{rng.choice(['Spring', 'Summer', 'Autumn', 'Winter'])}20{rng.randrange(24, 27)}{rng.choice('!#*')}",
            pick(rng, string.ascii_letters, 3)
            + rng.choice("!#$%^*")
            + pick(rng, B62, 5)
            + rng.choice("!?+=")
            + pick(rng, string.digits, 2),
            f"{first.title().replace('a', '@').replace('e', '3').replace('o', '0')}_{rng.randrange(10, 99)}x{pick(rng, string.ascii_lowercase, 2)}9",
            pick(rng, B62, 11) + rng.choice(string.digits),
        ]
    )


PASSWORD_PROSE: list[str] = [
    "pw is {S} ok bye",
    "The password for the shared drive is {S}, please don't forward it.",
    "login: {U} / {S}",
    "log in with {U} and {S}, then go to Reports",
    "user {U}, pass {S}",
    "Das Passwort lautet {S} 🙂",
    "Passwort für den Beamer: {S}",
    "le mot de passe c'est {S}",
    "la contraseña es {S} para todos",
    "guest laptop wont unlock? try {U} with password {S}",
    "Password: {S}",
    "pwd={S}",
    "passwd {S} for the old box",
    "I've reset your account {P}, temporary password {S} — change it when you get in",
    "New starter pack: username is your email, initial password is {S}",
    "PASSWORD IS {S} STOP ASKING ME",
    "for those locked out of the training portal: u: {U} p: {S}",
    "{P} it's {S} (the CRM password, you asked twice lol)",
    "Till login has changed. ID {U}, password {S}. Tell the night team.",
    "passcode for the recording: {S}",
    "Zoom passcode {S}, starts at 3",
    "zip password = {S}",
    "The PDF is encrypted, password follows: {S}",
    "creds for demo env\n{U}\n{S}",
    "username: {U}\npassword: {S}\nurl: https://portal.quennel.example",
    "root password on that switch is still {S}, I know I know",
    "admin panel: admin/{S}",
    "ssh {U}@10.0.4.17 (pw {S})",
    "sign in as {U} using {S} as the password",
    "my netflix password is {S} go wild",
    "whatsapp me if {S} doesn't work as the password",
    "we all use the same password in the shop which is {S} and nobody has ever changed it",
    "Use '{S}' to get into the archive, it's the old password",
    "Whiteboard behind us in the team photo says: CMS login {U}, pw: {S}",
    "The secret is {S}. That unlocks the vault on the demo site",
    "Passphrase: {S}",
    'the passphrase for my key is "{S}" in case I\'m hit by a bus',
    "HOTEL BOOKING SYSTEM >> user {U} >> pass {S}",
    "Hasło: {S}",
    "wachtwoord is {S}",
    "senha: {S} (não compartilhe)",
    "la password del gestionale è {S}",
    "Your login details\nEmail: {U}@wexcombe.example\nPassword: {S}",
    "p/w {S}",
    "pass: {S}",
    "Pass word : {S}",
    "hi team the new password to the scheduling app are {S}, kind regards",
    "put in {S} when it asks for a password",
    "sticky note on my monitor: {U} — {S} 😂 security team gonna kill me, yes it's my real password",
    "Hey @{P} payroll portal pw changed to {S}",
    "if the kiosk freezes, exit with the admin password ({S}) and relaunch",
    "printer web page wants a login, it's {U}/{S}",
    "db password rotated: {S}",
    "Router: http://192.168.1.1, {U}, {S}",
    "I changed everyone's password to {S} for the migration weekend",
    "Instagram login for the interns -> {U} // {S}",
    "the wifi is BRINDLE-STAFF, code {S}",
    "wifi password: {S}",
    'WiFi "Harbrook_Guest" key {S}',
    "Connect to TOLVAN-5G with {S} as the password",
    "WLAN: Larkwell-Buero, Schlüssel {S}",
    "SSID Pellow-IoT\nWPA2 key: {S}",
    "Welcome to our event! Network: Corvane2026, Password: {S} #wifi",
    "staff wifi pw has changed to {S} btw",
]
CODE_PROSE: list[str] = [
    "door code is {S}",
    "Back door code changed to {S}, tell the cleaners",
    "alarm code {S}, you have 30 seconds",
    "gate: {S} then push hard",
    "Safe combination {S}, cash goes in the second drawer",
    "the code for the safe is {S} if you close up",
    "key safe by the bins, code {S}",
    "Lock box {S} for the keys",
    "Airbnb hosts take note, our lobby keypad is {S}",
    "Key in {S} at the side entrance after 6pm",
    "To disarm the alarm punch {S} and press hash",
    "my badge PIN is {S}, borrow my card if you're stuck",
    "Badge number plus PIN {S} gets you into the server room",
    "server room keypad = {S}",
    "Stockroom code: {S}#",
    "press {S} then the bell symbol for the car park barrier",
    "gym for staff is open 24/7, entry code {S}",
    "Warehouse delivery drivers: gate code {S}",
    "Türcode {S}, bitte leise schließen",
    "code porte {S}",
    "the keypad code to the pharmacy cupboard is {S}",
    "Alarm's been going off, panel code is {S} {P}",
    "bike shed combination lock {S}",
    "Garage PIN {S}. See you at the shoot!",
    "new office!! come visit, the buzzer code is {S} 🏢",
    "Enter {S} on the lock and turn",
    "meet at unit 9, door pin {S}",
    "Voicemail PIN for the store phone {S}",
]
OTP_PROSE: list[str] = [
    "my verification code is {S}, log me in pls",
    "{S} is your Quennel verification code",
    "G-{S} is your sign-in code. forwarding as you asked",
    "OTP: {S}",
    "the 2FA code just came through: {S} quick before it expires",
    "Use {S} to log in to Pellow Bank. Don't share it with anyone.",
    "one-time passcode {S} (valid 5 min)",
    "{P} the text says {S}, thats the login code",
    "Your security code is {S}. It expires in 10 minutes.",
    "authenticator shows {S} now",
    "code for the company twitter login is {S}, got it on my phone",
    "Dein Anmeldecode lautet {S}",
    "sms code {S}",
    "backup codes in case I lose my phone, first one is {S}",
    "MFA prompt says enter {S} on the other device",
]
USERS = [
    "admin",
    "frontdesk",
    "svc_backup",
    "j.tarrant",
    "events2",
    "till04",
    "training",
    "readonly",
    "warehouse",
    "marketing",
]


# --- structured secrets -------------------------------------------------------------------------


def wrap_lines(text: str, width: int = 64) -> str:
    """Break a long string into lines."""
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def pem(rng: random.Random, label: str, size: int) -> str:
    """A PEM block with a random body; PKCS and OpenSSH headers are plausible."""
    heads = {
        "RSA PRIVATE KEY": bytes.fromhex("308204a40201000282010100"),
        "PRIVATE KEY": bytes.fromhex("308204be020100300d06092a864886f70d0101010500048204a8"),
        "EC PRIVATE KEY": bytes.fromhex("30770201010420"),
        "ENCRYPTED PRIVATE KEY": bytes.fromhex("3082053030"),
        "DSA PRIVATE KEY": bytes.fromhex("308201bb020100"),
    }
    body = heads.get(label, b"") + rng.randbytes(size)
    if label.startswith("OPENSSH"):
        body = b"openssh-key-v1\x00\x00\x00\x00\x04none\x00\x00\x00\x04none" + rng.randbytes(size)
    dashes = "-" * 5
    return f"{dashes}BEGIN {label}{dashes}\n{wrap_lines(base64.b64encode(body).decode())}\n{dashes}END {label}{dashes}"


def pgp(rng: random.Random, what: str) -> str:
    """A PGP armour block."""
    dashes = "-" * 5
    body = wrap_lines(base64.b64encode(b"\x95\x03" + rng.randbytes(420)).decode())
    return f"{dashes}BEGIN PGP {what} KEY BLOCK{dashes}\n\n{body}\n={pick(rng, B64, 4)}\n{dashes}END PGP {what} KEY BLOCK{dashes}"


PEM_WRAPS = [
    "{S}",
    "is this the right file?? it says id_rsa\n\n{S}",
    "```\n{S}\n```\nadd this to ~/.ssh and you're in",
    "cat key.pem\n{S}\n$ ssh -i key.pem deploy@bastion.tolvan.example",
    "Can't get TLS to start, nginx config ok, key below 👇\n{S}\nany ideas? #sysadmin",
    "{P} here is the signing one, keep it safe:\n{S}",
]

CONNECTIONS: list[tuple[str, str]] = [
    ("postgres", "postgresql://app:{S}@db1.quennel.example:5432/orders?sslmode=require"),
    ("postgres", "postgres://reporting:{S}@10.2.0.14/warehouse"),
    ("mysql", "mysql://root:{S}@mysql.pellow.example:3306/shop"),
    ("mysql", "mysql+pymysql://etl:{S}@172.16.4.9/etl?charset=utf8mb4"),
    ("mysql-cli", "mysql -h db.harbrook.example -u admin -p{S} customers"),
    ("mongodb", "mongodb+srv://svc:{S}@cluster0.ab1cd.mongodb.example/prod?retryWrites=true"),
    ("mongodb", "mongodb://root:{S}@mongo-1:27017,mongo-2:27017/admin?replicaSet=rs0"),
    ("amqp", "amqps://worker:{S}@rabbit.tolvan.example:5671/%2Fjobs"),
    ("redis", "redis://:{S}@cache.wexcombe.example:6379/0"),
    ("redis", "rediss://default:{S}@redis-1402.corvane.example:14021"),
    ("jdbc", "jdbc:postgresql://pg.larkwell.example:5432/crm?user=crm&password={S}"),
    ("jdbc-oracle", "jdbc:oracle:thin:scott/{S}@//ora.brindle.example:1521/ORCL"),
    ("jdbc-sqlserver", "jdbc:sqlserver://sql.merrigan.example:1433;databaseName=hr;user=sa;password={S};"),
    (
        "odbc",
        "Driver={{ODBC Driver 18 for SQL Server}};Server=sql01.quennel.example;Database=Sales;Uid=sales;Pwd={S};Encrypt=yes;",
    ),
    ("mssql", "Server=tcp:pellow.database.example,1433;Initial Catalog=Billing;User ID=billing;Password={S};"),
    ("ado", "Data Source=10.1.1.20;Initial Catalog=POS;User Id=sa;Password={S};TrustServerCertificate=True"),
    ("ftp", "ftp://upload:{S}@files.harbrook.example/incoming"),
    ("smtp", "smtps://mailer:{S}@mail.tolvan.example:465"),
    ("basic-url", "https://deploy:{S}@git.corvane.example/platform/api.git"),
    ("ldap", "ldapsearch -x -D cn=admin,dc=larkwell,dc=example -w {S} -b dc=larkwell,dc=example"),
    ("sshpass", "sshpass -p {S} ssh ops@10.9.0.3"),
    ("psql-env", "PGPASSWORD={S} psql -h pg.brindle.example -U ops"),
    ("snowflake", "snowflake://LOADER:{S}@xy12345.eu-west-1/RAW/PUBLIC?warehouse=WH"),
    (
        "azure-conn",
        "DefaultEndpointsProtocol=https;AccountName=merriganfiles;AccountKey={A};EndpointSuffix=core.windows.net",
    ),
    (
        "servicebus",
        "Endpoint=sb://quennel.servicebus.example/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={K}",
    ),
]
CONN_WRAPS = [
    "{X}",
    "connection refused again :( {X}",
    "```\nDATABASE_URL={X}\n```",
    "use this one {P}: {X}",
    "ERROR 2026-05-11 sqlalchemy.exc.OperationalError: could not connect ({X})",
    'appsettings.json\n{{ "ConnectionStrings": {{ "Main": "{X}" }} }}',
    "For tonight's restore I used\n{X}\nand it took 4 mins 😎",
    "-url: localhost\n+url: {X}",
]

ASSIGNMENTS: list[tuple[str, str]] = [
    ("dotenv", "APP_ENV=production\nSECRET_KEY={T}\nPORT=3000"),
    ("dotenv-quoted", 'JWT_SECRET="{T}"'),
    ("dotenv-password", "DB_USER=shop\nDB_PASSWORD={S}\nDB_HOST=10.0.0.8"),
    ("yaml", "smtp:\n  host: mail.pellow.example\n  password: {S}"),
    ("yaml-token", "auth:\n  client_id: portal\n  client_secret: {T}"),
    ("json", '{{"user": "svc", "password": "{S}"}}'),
    ("json-token", '{{\n  "apiKey": "{T}",\n  "env": "prod"\n}}'),
    ("toml", '[registry]\nname = "corvane"\ntoken = "{T}"'),
    ("python", "DATABASES = {{'default': {{'USER': 'web', 'PASSWORD': '{S}', 'HOST': 'pg'}}}}"),
    ("django", "SECRET_KEY = 'django-insecure-{T}'"),
    ("python-arg", 'client = login(user="ops", password="{S}")'),
    ("terraform", 'resource "db" "main" {{\n  username        = "root"\n  master_password = "{S}"\n}}'),
    ("tfvars", 'admin_password = "{S}"\nregion = "uksouth"'),
    ("compose", "  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: {S}"),
    ("kubernetes", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop-db\ntype: Opaque\ndata:\n  password: {B}"),
    ("kubernetes-string", "kind: Secret\nstringData:\n  token: {T}"),
    ("curl-user", "curl -u svc-build:{S} https://ci.tolvan.example/job/42"),
    ("curl-header", "curl -sH 'Authorization: Bearer {T}' https://api.wexcombe.example/orders"),
    ("basic", "Authorization: Basic {C}"),
    ("api-key-header", "GET /v1/rates HTTP/1.1\nHost: api.brindle.example\nX-API-Key: {T}"),
    ("netrc", "machine git.larkwell.example login bot password {S}"),
    ("pgpass", "pg.harbrook.example:5432:orders:reporter:{S}"),
    ("npmrc", "//registry.corvane.example/:_authToken={T}"),
    ("npmrc-legacy", "registry=https://npm.quennel.example/\n_auth={C}"),
    ("dockerconfig", '{{"auths": {{"registry.pellow.example": {{"auth": "{C}"}}}}}}'),
    ("java", "spring.datasource.username=crm\nspring.datasource.password={S}"),
    ("php", "define('DB_PASSWORD', '{S}');"),
    ("csharp", 'var cred = new NetworkCredential("relay", "{S}");'),
    ("go", 'const hmacSecret = "{T}" // TODO move to vault'),
    ("ruby", 'Rails.application.credentials.secret_key_base = "{H}"'),
    ("ini", "[client]\nuser=backup\npassword={S}"),
    ("powershell", '$pw = ConvertTo-SecureString "{S}" -AsPlainText -Force'),
    ("ansible", "ansible_become_pass: {S}"),
    ("wifi-conf", 'network={{\n  ssid="BRINDLE-WH"\n  psk="{S}"\n}}'),
    ("query", "https://api.merrigan.example/v1/export?format=csv&api_key={T}"),
    ("xml", '<add key="SmtpPassword" value="{S}" />'),
    ("redis-conf", "requirepass {S}"),
    ("js-cookie", "process.env.SESSION_SECRET = '{T}'"),
]
ASSIGN_WRAPS = [
    "{X}",
    "```\n{X}\n```",
    "worked on my machine so here's the bit of config that did it:\n\n{X}",
    "{P} asked for this, posting before I forget\n{X}",
    "from the screenshot on slide 7:\n{X}\n(nice font btw)",
]

LINKS: list[tuple[str, str]] = [
    (
        "s3-presigned",
        "https://quennel-exports.s3.eu-west-2.amazonaws.com/q/list.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={I}%2F20260511%2Feu-west-2%2Fs3%2Faws4_request&X-Amz-Date=20260511T101500Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature={H64}",
    ),
    (
        "gcs-presigned",
        "https://storage.googleapis.com/pellow-media/board.mp4?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=svc%40pellow.iam.example%2F20260511%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=20260511T101500Z&X-Goog-Expires=86400&X-Goog-SignedHeaders=host&X-Goog-Signature={H256}",
    ),
    (
        "azure-sas",
        "https://merriganfiles.blob.core.windows.net/hr/pack.zip?sv=2024-11-04&st=2026-05-01T00%3A00%3A00Z&se=2026-12-31T00%3A00%3A00Z&sr=c&sp=rl&sig={G}",
    ),
    (
        "cloudfront-signed",
        "https://d1x2y3.cloudfront.net/raw/take4.mov?Expires=1798761600&Signature={U}&Key-Pair-Id=K2{I10}",
    ),
    ("reset-link", "https://portal.wexcombe.example/reset-password?token={T}"),
    ("reset-path", "https://app.tolvan.example/users/password/edit?reset_password_token={T}"),
    ("magic-link", "https://login.corvane.example/magic?code={T}&email=ops%40corvane.example"),
    ("invite", "https://hub.larkwell.example/accept-invite/{T}?sig={TT}"),
    ("access-token-link", "https://files.harbrook.example/d/4471?access_token={T}"),
    ("jwt-link", "https://view.brindle.example/report?auth={J}"),
    ("fragment", "https://app.quennel.example/callback#access_token={T}&token_type=bearer&expires_in=3600"),
]
LINK_WRAPS = [
    "{X}",
    "file's here, no login needed 👉 {X}",
    "{P} try {X} it works for anyone",
    "Download the pack ({X}) before Friday",
    "302 Location: {X}",
    "got this email, is it legit? {X}",
]

HOOKS: list[tuple[str, Maker]] = [
    (
        "slack-webhook",
        lambda r: (
            "https://hooks."
            + "slack.com/ser"
            + "vices/T0"
            + pick(r, UP, 9)
            + "/B0"
            + pick(r, UP, 9)
            + "/"
            + pick(r, B62, 24)
        ),
    ),
    (
        "discord-webhook",
        lambda r: (
            "https://discord"
            + ".com/api/web"
            + "hooks/"
            + str(r.randrange(10**17, 10**18))
            + "/"
            + pick(r, B64U[:-2], 68)
        ),
    ),
    (
        "teams-webhook",
        lambda r: (
            "https://pellow.webhook."
            + "office.com/webhook"
            + "b2/"
            + str(uuid.UUID(int=r.getrandbits(128), version=4))
            + "@"
            + str(uuid.UUID(int=r.getrandbits(128), version=4))
            + "/IncomingWebhook/"
            + pick(r, HEX, 32)
            + "/"
            + str(uuid.UUID(int=r.getrandbits(128), version=4))
        ),
    ),
    (
        "zapier-webhook",
        lambda r: (
            "https://hooks." + "zapier.com/hooks/catch/" + pick(r, string.digits[1:], 7) + "/" + pick(r, LOW, 7) + "/"
        ),
    ),
]
HOOK_WRAPS = [
    "{X}",
    "alerts go to {X}",
    'curl -X POST -d \'{{"text":"hi"}}\' {X}',
    "```\nWEBHOOK_URL={X}\n```",
    "{P} paste your messages into this and the channel gets them lol: {X}",
]
SESSION_WRAPS = [
    ("cookie", "Cookie: sessionid={T}; csrftoken={TT}"),
    ("set-cookie", "Set-Cookie: JSESSIONID={HEX32}; Path=/; Secure; HttpOnly"),
    ("php-session", "cookie I used: PHPSESSID={LOW26}"),
    ("laravel", "curl -b 'laravel_session={E}' https://shop.tolvan.example/admin"),
    ("connect-sid", "connect.sid=s%3A{T}.{TT}; Path=/; HttpOnly"),
    ("aspnet", "Cookie: .AspNetCore.Identity.Application=CfDJ8{L}"),
    ("auth-cookie", 'document.cookie → "auth_token={T}; theme=dark"'),
    ("li-at", "just paste this in devtools > cookies, name li_at value AQEDA{L}"),
]
JWT_WRAPS = [
    "{X}",
    "Authorization: Bearer {X}",
    "jwt.io says signature ok but the API returns 403: {X}",
    '```\nTOKEN={X}\ncurl -H "Authorization: Bearer $TOKEN" https://api.pellow.example\n```',
    "localStorage: id_token = {X}",
    "[debug] refreshed session for svc-reports token={X} ttl=3600",
]


def fill(rng: random.Random, template: str) -> str:
    """Fill a structured template; the one secret in it is marked."""
    signed = {
        "S": password(rng).replace("@", "4").replace("/", "7").replace("#", "!").replace("%", "!").replace("?", "!"),
        "T": pick(rng, B62, rng.choice([24, 32, 40, 48])),
        "A": raw64(rng, 64),
        "K": raw64(rng, 32),
        "H": pick(rng, HEX, 128),
        "B": base64.b64encode(password(rng).encode()).decode(),
        "C": base64.b64encode(f"{rng.choice(USERS)}:{password(rng)}".encode()).decode(),
        "H64": pick(rng, HEX, 64),
        "H256": pick(rng, HEX, 512),
        "G": raw64(rng, 32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        "U": pick(rng, B64U, 170) + "__",
        "J": jwt(rng),
        "HEX32": pick(rng, HEX, 32).upper(),
        "LOW26": pick(rng, LOW, 26),
        "E": base64.b64encode(
            json.dumps({"iv": raw64(rng, 16), "value": raw64(rng, 48), "mac": pick(rng, HEX, 64)}).encode()
        ).decode(),
        "L": pick(rng, B64U[:-2], 150),
    }
    # "I" and "TT" only ever accompany the marked value
    plain = {
        "I": "AK" + "IA" + pick(rng, string.ascii_uppercase, 16),
        "I10": pick(rng, UP, 12),
        "TT": pick(rng, B62, 32),
    }
    return template.format(**{name: mark(value) for name, value in signed.items()}, **plain)


def gcp_account(rng: random.Random) -> str:
    """A service account file with its private key marked."""
    project = rng.choice(SLUGS) + "-" + pick(rng, string.digits, 6)
    key = pem(rng, "PRIVATE KEY", 1192) + "\n"
    data = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": pick(rng, HEX, 40),
        "private_key": OPEN + key.replace("\n", "\\n") + CLOSE,
        "client_email": f"reports@{project}.iam.example",
        "client_id": pick(rng, string.digits[1:], 21),
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return "{\n" + ",\n".join(f'  "{name}": "{value}"' for name, value in data.items()) + "\n}"


def secret_cases(rng: random.Random) -> list[Case]:
    """All secret cases."""
    out: list[Case] = []

    def add(text: str, kind: str) -> None:
        out.append(unmark(text, kind, True))

    turn = 0
    for kind, label, var, make in PROVIDERS:
        keyless = kind in {
            "aws-secret",
            "twilio-auth",
            "datadog-api",
            "datadog-app",
            "cloudflare",
            "okta",
            "azure-storage",
            "square-access",
            "dropbox",
            "mailchimp",
        }
        used = 0
        while used < 5:
            wrap = SECRET_WRAPS[turn % len(SECRET_WRAPS)]
            turn += 1
            if keyless and "{L}" not in wrap and "{V}" not in wrap:
                continue  # a bare random string says nothing without its name
            add(dress(rng, wrap, label, var, mark(make(rng))), f"provider:{kind}")
            used += 1
        turn += 1
    for number in range(6):
        pair = (
            "aws configure\nAWS Access Key ID [None]: "
            + "AK"
            + "IA"
            + pick(rng, string.ascii_uppercase + "234567", 16)
            + "\nAWS Secret Access Key [None]: "
            + mark(pick(rng, B64, 40))
            + "\nDefault region name [None]: eu-west-"
            + str(1 + number % 3)
        )
        add(
            pair
            if number % 2
            else pair.replace("aws configure\n", "[default]\n")
            .replace("AWS Access Key ID [None]:", "aws_access_key_id =")
            .replace("AWS Secret Access Key [None]:", "aws_secret_access_key ="),
            "provider:aws-pair",
        )
    for wrap in [
        "{X}",
        "```json\n{X}\n```",
        "mounted this and it finally deploys 🙌\n{X}",
        "creds.json from the workshop:\n{X}",
    ]:
        add(wrap.replace("{X}", gcp_account(rng)), "provider:gcp-service-account")
    sizes = {
        "RSA PRIVATE KEY": 1180,
        "PRIVATE KEY": 1192,
        "EC PRIVATE KEY": 114,
        "OPENSSH PRIVATE KEY": 360,
        "ENCRYPTED PRIVATE KEY": 1300,
        "DSA PRIVATE KEY": 440,
        "PGP PRIVATE KEY": 0,
    }
    for at, (label, size) in enumerate(sizes.items()):
        for step in range(4):
            block = pem(rng, label, size) if size else pgp(rng, "PRIVATE")
            add(
                PEM_WRAPS[(at + step) % len(PEM_WRAPS)].format(S=mark(block), P=rng.choice(PEOPLE)),
                "private-key:" + label.lower().replace(" ", "-"),
            )
    families: list[tuple[str, Sequence[tuple[str, str]], Sequence[str], int]] = [
        ("connection", CONNECTIONS, CONN_WRAPS, 3),
        ("assignment", ASSIGNMENTS, ASSIGN_WRAPS, 3),
        ("link", LINKS, LINK_WRAPS, 3),
        ("session", SESSION_WRAPS, ASSIGN_WRAPS, 2),
    ]
    for family, templates, wraps, times in families:
        for at, (kind, template) in enumerate(templates):
            for step in range(times):
                add(
                    wraps[(at + step) % len(wraps)].format(X=fill(rng, template), P=rng.choice(PEOPLE)),
                    f"{family}:{kind}",
                )
    for at, (kind, make) in enumerate(HOOKS):
        for step in range(5):
            add(
                HOOK_WRAPS[(at + step) % len(HOOK_WRAPS)].format(X=mark(make(rng)), P=rng.choice(PEOPLE)),
                f"webhook:{kind}",
            )
    for at in range(14):
        add(JWT_WRAPS[at % len(JWT_WRAPS)].format(X=mark(jwt(rng))), "session:jwt")
    for family, prose, times in [
        ("password", PASSWORD_PROSE, 3),
        ("door-code", CODE_PROSE, 2),
        ("one-time-code", OTP_PROSE, 3),
    ]:
        for template in prose:
            for _ in range(times):
                if family == "password":
                    value = password(rng)
                elif family == "door-code":
                    value = rng.choice(
                        [
                            pick(rng, string.digits, 4),
                            pick(rng, string.digits, 6),
                            "C" + pick(rng, string.digits, 4) + "Y",
                            pick(rng, string.digits, 5),
                        ]
                    )
                    if "ombination" in template:
                        value = "-".join(pick(rng, string.digits, 2) for _ in range(3))
                else:
                    value = rng.choice(
                        [
                            pick(rng, string.digits, 6),
                            pick(rng, string.digits[1:], 6),
                            pick(rng, string.digits, 3) + " " + pick(rng, string.digits, 3),
                        ]
                    )
                    if "backup" in template:
                        value = pick(rng, LOW, 4) + "-" + pick(rng, LOW, 4)
                add(template.format(S=mark(value), U=rng.choice(USERS), P=rng.choice(PEOPLE)), family)
    return out


# --- look-alikes --------------------------------------------------------------------------------

PLACEHOLDERS = [
    "YOUR_API_KEY",
    "your-api-key-here",
    "<token>",
    "<YOUR_TOKEN>",
    "xxxxxxxxxxxxxxxxxxxxxxxx",
    "XXXX-XXXX-XXXX",
    "${API_TOKEN}",
    "$API_KEY",
    "{{ api_key }}",
    "%API_KEY%",
    "changeme",
    "CHANGE_ME",
    "REDACTED",
    "[redacted]",
    "****************",
    "••••••••••••",
    "example",
    "example-key",
    "insert-key-here",
    "TODO",
    "dummy",
    "placeholder",
    "...",
    "abc123...",
    "not-a-real-key",
    "<paste key>",
    "null",
    "None",
    "<your key goes here>",
    "$(cat /run/secrets/api)",
    "@Microsoft.KeyVault(SecretUri=https://x)",
    "op://Team/api/credential",
    "!vault |",
    "sops:ENC[AES256_GCM,data:redacted]",
]
SHAPED: list[Maker] = [
    lambda r: "sk" + "_live_" + "x" * 24,
    lambda r: "AK" + "IA" + "X" * 16,
    lambda r: "gh" + "p_" + "x" * 36,
    lambda r: "sk" + "-ant-...",
    lambda r: "xo" + "xb-your-token-here",
    lambda r: "AI" + "za" + "*" * 35,
    lambda r: "sk" + "_live_...",
    lambda r: "sk" + "-proj-********************",
    lambda r: "gh" + "p_<your token>",
    lambda r: "SG.xxxxx.yyyyy",
    lambda r: "gl" + "pat-XXXXXXXXXXXXXXXXXXXX",
    lambda r: "h" + "f_xxx",
    lambda r: "np" + "m_REDACTED",
    lambda r: "key-00000000000000000000000000000000",
]
DOCUMENTED: list[tuple[str, str]] = [
    ("AWS_ACCESS_KEY_ID", "AK" + "IA" + "IOSFODNN7" + "EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtn" + "FEMI/K7MDENG/" + "bPxRfiCY" + "EXAMPLEKEY"),
    ("AWS_ACCESS_KEY_ID", "AK" + "IA" + "I44QH8DHB" + "EXAMPLE"),
    ("STRIPE_KEY", "sk" + "_test_" + "4eC39HqLyjW" + "DarjtT1zdp7dc"),
    (
        "AccountKey",
        "Eby8vdM02xNOcqFl" + "qUwJPLlmEtlCDXJ1" + "OUzFT50uSRZ6IFsu" + "Fq2UVErCz4I6tq" + "/K1SZFPTOtr/KBHBeksoGMGw==",
    ),
]
ENV_LOOKUPS = [
    'token = os.environ["GITHUB_TOKEN"]',
    "const key = process.env.STRIPE_SECRET_KEY;",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    'api_key = os.getenv("OPENAI_API_KEY")',
    "password: ${DB_PASSWORD}",
    "password = var.db_password",
    "DATABASE_URL=postgres://$USER:$PASSWORD@$HOST/$DB",
    "vault kv get -field=password secret/team/billing",
    'apiKey: Deno.env.get("API_KEY")',
    "secretKeyRef:\n  name: shop-db\n  key: password",
    'password = getpass.getpass("Password: ")',
    "client = Client(api_key=settings.API_KEY)",
    'aws_secret_access_key = data.vault_generic_secret.aws.data["secret"]',
    "password: !Ref DatabasePassword",
    'System.getenv("JWT_SECRET")',
    "ENV['SECRET_KEY_BASE']",
    "PASSWORD = keyring.get_password('corp', user)",
    'curl -H "Authorization: Bearer $TOKEN" https://api.tolvan.example',
    "mysql -u root -p",
    "echo $NPM_TOKEN | docker login --password-stdin",
    "//npm.norwell.example/:_authToken=${NPM_TOKEN}",
    "passwordField.setText(userInput.getText())",
    "if (password !== confirmPassword) throw new Error('no match')",
    "password_hash = bcrypt.hashpw(password, salt)",
    "def reset_password(token: str) -> None:",
    "SECRET_MANAGER_PATH=projects/quennel/secrets/api/versions/latest",
    "ssh-keygen -t ed25519 -C ops@brindle.example",
    "postgres://user:password@localhost:5432/db",
    "mongodb://localhost:27017/test",
    "redis://localhost:6379/0",
    "mysql://<user>:<password>@<host>/<db>",
    "https://user:pass@example.com/",
]
PROSE_PASS = [
    "my password is so long I can sing it",
    "password is required",
    "Reminder: never share your password with anyone, IT will never ask for it.",
    "Password must be at least 12 characters with a number and a symbol.",
    "Forgot password? Click reset and wait for the email.",
    "who else has their password written on a post-it 😂",
    "my wifi password is my dog's name and the dog is now embarrassed",
    "The password is incorrect. Please try again.",
    "passwords are dead, long live passkeys",
    "password expired AGAIN third time this month",
    'I told him the password was "incorrect" so when he forgets it the computer reminds him 😄',
    "Use code WINTER20 for 20% off everything",
    "Promo code FREESHIP until Sunday!",
    "discount code: HARBROOK15 at checkout",
    "Gift card giveaway: comment to win",
    "enter code TEAMBRINDLE for early bird tickets",
    "Dress code: smart casual, no trainers.",
    "our postcode is SW1A 9ZZ but satnavs take you round the back",
    "area code 0113 for Leeds in case you were wondering",
    "Error code 0x80070005 after the update, anyone?",
    "error 40112 keeps popping up on the till",
    "scan the QR code at the door for the menu",
    "my code finally compiles, the code is good, coffee time",
    "Reading the source code of the parser, it is glorious",
    "The Da Vinci code is still a page-turner",
    "code of conduct training is due Friday",
    "key takeaways from today: listen more",
    "The key to good bread is patience",
    "Key workers get free parking this month",
    "lost my keys again, third time in 2026",
    "the token gesture of a pizza party",
    "Token ring networks, who remembers?",
    "Session 4471 starts in hall B at 10:30",
    "cookie recipe below: 250g flour, 120g butter, 2 eggs",
    "In the novel the door code is the date his mother died",
    "escape room spoiler-free review: the code for the last door took us forty minutes",
    "Someone should tell them not to use 1234 as a door code",
    "We never text you a code and ask for it back. If somebody does, hang up.",
    "Your one-time code is private. Do not read it out over the phone.",
    "I never got the verification code, waited 20 minutes",
    "The verification code email goes to spam for Outlook users",
    "Order 48210933 shipped, tracking GB449120385XX",
    "ticket INC0048213 is closed",
    "invoice 2026-00417 attached",
    "PO number 4500128831 please quote in all mails",
    "Your booking reference is QK7T2M, gate opens 18:10",
    "flight BA0294, seat 23C, see you in Lisbon",
    "policy number HB-2209-441X",
    "part no. 7L0-820-803-Q is out of stock",
    "serial C02XK1Z9JG5H found on the old laptop",
    "VIN WVWZZZ1JZXW000001 is a made-up one we use in class",
    "ISBN 978-0-00-000000-2",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "watch https://youtu.be/a1B2c3D4e5F and tell me that isn't genius",
    "https://docs.google.com/document/d/1aZ3kQpVbTn0XyLwEoRr8uJmHcSdFgYi2/edit",
    "https://www.pellow.example/jobs/8f3b2c19-backend-engineer?utm_source=ln&utm_campaign=q2_hiring",
    "https://shop.corvane.example/p/48213?variant=39284710293",
    "https://maps.example/place/51.5072,-0.1276,17z",
    "open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC on repeat all day",
    "#ThrowbackThursday #CodeNewbie100DaysOfCode #TeamQuennel2026",
    "#passwordlessfuture #zerotrust",
    "version 4.18.2-rc.3+build.20260511 is out",
    "upgraded to PostgreSQL 16.4, no issues",
    "Release v2026.05.1: fixes #48213 and #48220",
    "IMG_20260511_101533_HDR_edited_final_v2 (1).jpeg",
    "Q2_Board-Pack_template_FINAL_final_v07b_reviewed.pptx",
    "log4j-core-2.17.1-sources.jar.sha256 missing from mirror",
    "Password managers: which one do you use at home?",
    "How to choose a strong passphrase: four random words, like the old comic said",
    "Phishing quiz: which of these three emails asks for your password?",
    "We found a password in a public repo last year, here's what we learned about scanning",
    "tip: put secrets in a vault and not in .env",
    "our login page has been redesigned, log in with your email and have a look",
    "Log in with Google or Apple, your choice.",
    "the username is too long for the badge printer",
    "Admin and user roles explained in 60 seconds",
    "pass the salt and the parcel",
    "We pass 100k users today!",
    "Wifi in the cafe is great, ask at the counter for the code",
    "Guest wifi: password at reception",
    "the safe word is pineapple lol (improv night)",
    "A safe pair of hands: welcome, Tunde!",
    "alarm went off at 5 for the gym and I actually got up",
    "alarm codes get changed every quarter, talk to facilities",
    "badge of honour: ten years at Larkwell",
    "Bring your badge and photo ID to reception",
    "I changed the door code, ask me in person",
    "PIN machine down, cash only today",
    "pinned: thread on how to reset a PIN",
    "Pin your location when you arrive",
    "barcode 5012345678900 won't scan",
    "sort out your passcode before you sell that phone",
    "CVE-2026-10482 explained in plain words",
    "RFC 6238 is the one-time password standard",
    "AES-256-GCM vs ChaCha20-Poly1305: a bench",
    "OAuth2 access tokens expire after 3600 seconds by default",
    "Bearer tokens go in the Authorization header",
    "basic auth is not fine, Bram",
    "Call 07700 900461 for table bookings",
    "our helpline 020 7946 0133, quote ref 7741902",
    "Meeting ID: 845 2210 9934, ask the organiser for the passcode",
    "I have 4 passwords and 96 variations of them",
    "dream job: changing the wifi password whenever the kids don't do the dishes",
    "Das Passwort ist abgelaufen, bitte ändern",
    "mot de passe oublié encore une fois",
    "Passwort vergessen? Kein Problem.",
    "la contraseña no es válida",
    "Security key: buy two, register both",
    "API keys can now be scoped per project, docs linked",
    "we rotate keys every 90 days, do you?",
    "webhook support is here: get notified on each order",
    "Set up an incoming webhook in three clicks (video)",
    "the private key never leaves the device",
    "ssh config tips thread 🧵",
    "Is base64 encryption? No. Thank you for coming to my talk.",
    "JWT or sessions? fight",
    'Someone in 2009 set the password to "password" and it lasted until the pen test',
    "Worst passwords of the year: 123456, qwerty, password, again",
    "enigma machine at Bletchley, message group QMJPO XKTVB WZQLE",
    "sudoku of the day 53..7....6..195....98....6.",
    "chess: 1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6",
    "knitting: k2 p2 *yo k2tog* rep to end, 48 sts",
    "Crossword 14 across, 8 letters: opens doors",
    "Konami code still works on our 404 page",
    "Country codes: +44 UK, +49 DE, +33 FR",
    "HS code 8471.30 for laptops, in case customs asks",
    "sort code field now validates as you type",
    "Code freeze starts on the 18th",
    "dial code for conference rooms is on the wall",
    "access is by badge only from Monday",
    "Temporary passwords expire in 24 hours",
    "The default password on these cameras is printed on the label, change it on day one.",
    "no, 'letmein' is not a strong password, Dougie",
    "We don't store passwords, only salted hashes.",
    "Hotel wifi asks for room number and surname, works ok",
    "open sesame! new shop opens Saturday",
    "password: a novel. 416 pages. out now",
    "PassKey launch event: register with your work email",
    "combination lock bikes vs D-locks, which do you trust",
    "Your parcel is with neighbour, leave a code word? no thanks",
    "New keycode cutting service in store from £8",
    "pw = power, in our physics notes",
    "The code is in the repo, the docs are in the wiki, the truth is in neither.",
]


def hash_values(rng: random.Random) -> list[tuple[str, str, str]]:
    """(kind, label, value) for values that look random and are no secret."""
    blob = rng.randbytes(24)
    guid = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    public = base64.b64encode(b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 " + rng.randbytes(32)).decode()
    return [
        ("git-commit", "commit", hashlib.sha1(blob).hexdigest()),
        ("git-short", "commit", hashlib.sha1(blob).hexdigest()[:8]),
        ("sha256", "sha256", hashlib.sha256(blob).hexdigest()),
        ("md5", "md5", hashlib.md5(blob).hexdigest()),
        ("sha512", "sha512", hashlib.sha512(blob).hexdigest()),
        ("integrity", "integrity", "sha512-" + base64.b64encode(hashlib.sha512(blob).digest()).decode()),
        ("sri", "integrity", "sha384-" + base64.b64encode(hashlib.sha384(blob).digest()).decode()),
        ("uuid", "request id", guid),
        ("uuid-trace", "trace", f"00-{pick(rng, HEX, 32)}-{pick(rng, HEX, 16)}-01"),
        ("docker-digest", "image", f"registry.example/app@sha256:{pick(rng, HEX, 64)}"),
        ("ssh-public", "public key", f"ssh-ed25519 {public} ops@brindle.example"),
        ("ssh-fingerprint", "host fingerprint", "SHA256:" + raw64(rng, 32).rstrip("=")),
        ("md5-fingerprint", "fingerprint", ":".join(pick(rng, HEX, 2) for _ in range(16))),
        ("pgp-fingerprint", "PGP fingerprint", " ".join(pick(rng, HEX, 4).upper() for _ in range(10))),
        ("bitcoin", "BTC donations", "bc1q" + pick(rng, "023456789acdefghjklmnpqrstuvwxyz", 38)),
        ("ethereum", "ETH wallet", "0x" + pick(rng, HEX, 40)),
        ("tx-hash", "tx", "0x" + pick(rng, HEX, 64)),
        ("tracking", "tracking", "1Z" + pick(rng, UP, 6) + pick(rng, string.digits, 10)),
        (
            "order",
            "order",
            pick(rng, string.digits[1:], 3) + "-" + pick(rng, string.digits, 7) + "-" + pick(rng, string.digits, 7),
        ),
        ("ulid", "event id", "01J" + pick(rng, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 23)),
        ("objectid", "_id", pick(rng, HEX, 24)),
        ("etag", "ETag", f'"{pick(rng, HEX, 32)}"'),
        ("stripe-object", "payment", "pi_3" + pick(rng, B62, 23)),
        ("stripe-publishable", "publishable key (public)", "pk" + "_live_" + pick(rng, B62, 24)),
        ("arn", "role", f"arn:aws:iam::{pick(rng, string.digits, 12)}:role/deploy-reader"),
        ("slack-id", "channel", "C0" + pick(rng, UP, 9)),
        ("discord-snowflake", "message", str(rng.randrange(10**17, 10**18))),
        ("svg-path", "path d", "M" + " ".join(f"{rng.randrange(99)}.{rng.randrange(99)}" for _ in range(14)) + "Z"),
        ("go-sum", "go.sum", "h1:" + raw64(rng, 32)),
        ("ipfs", "cid", "Qm" + pick(rng, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 44)),
        ("dkim", "dkim", "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0B" + pick(rng, B64, 180)),
        ("mac-address", "MAC", ":".join(pick(rng, HEX, 2) for _ in range(6))),
    ]


HASH_WRAPS = [
    "{L} {X}",
    "{L}: {X}",
    "deployed {L} {X} to prod, all green ✅",
    "anyone know why {L} {X} shows up twice in the log?",
    "```\n{L}={X}\n```",
    "2026-05-11T08:00:04Z INFO worker done {L}={X} in 48ms",
    "- {L}: old\n+ {L}: {X}",
    "{P} see {X} ({L})",
    "Release notes 4.2\nVerify your download, {L}:\n{X}",
    "screenshot: build page, {L} {X}, status passed",
    '{{"{L}": "{X}", "ok": true}}',
]
PLACE_WRAPS = [
    "{V}={X}",
    "Copy .env.example to .env and set {V}={X}",
    "```yaml\nenv:\n  {V}: {X}\n```",
    'curl -H "Authorization: Bearer {X}" https://api.quennel.example/v1/me',
    '{{"apiKey": "{X}"}}',
    "password: {X}",
    "Docs: replace {X} with the key from your dashboard.",
    'client = Client(api_key="{X}")  # your own key here',
    "[debug] request sent, {V}={X}, status 200",
    "+{V}={X}\n-# {V} not set",
    "blurred it in the screenshot, you only see {V} = {X} 😌",
    "DATABASE_URL=postgres://app:{X}@localhost/app",
]
DOC_WRAPS = [
    "{V}={X}",
    "The AWS and Stripe docs use made-up values such as {X}; scanners should skip those.",
    '```\n{V} = "{X}"\n```\nstraight from the vendor\'s documentation',
    "test fixture: {X} (documented example)",
    "Tutorial step 2, with the sample from the manual: {V}: {X}",
]


def other_cases(rng: random.Random) -> list[Case]:
    """All look-alike cases."""
    out: list[Case] = []

    def add(text: str, kind: str) -> None:
        out.append(unmark(text, kind, False))

    turn = 0
    variables = [
        "API_KEY",
        "STRIPE_SECRET_KEY",
        "DB_PASSWORD",
        "GITHUB_TOKEN",
        "OPENAI_API_KEY",
        "SECRET_KEY",
        "SLACK_BOT_TOKEN",
    ]
    for value in PLACEHOLDERS:
        for _ in range(3):
            add(PLACE_WRAPS[turn % len(PLACE_WRAPS)].format(V=variables[turn % len(variables)], X=value), "placeholder")
            turn += 1
        turn += 1
    for make in SHAPED:
        for _ in range(2):
            add(
                PLACE_WRAPS[turn % len(PLACE_WRAPS)].format(V=variables[turn % len(variables)], X=make(rng)),
                "placeholder-shaped",
            )
            turn += 5
    for var, value in DOCUMENTED:
        for wrap in DOC_WRAPS:
            add(wrap.format(V=var, X=value), "documented-example")
    for line in ENV_LOOKUPS:
        add(line, "env-lookup")
        add(
            rng.choice(
                [
                    "```\n{X}\n```",
                    "code review: {X} looks right to me 👍",
                    "Thread on config hygiene 🧵 2/\n{X}",
                    "+ {X}",
                    '  File "/app/main.py", line 12\n    {X}\nKeyError',
                ]
            ).replace("{X}", line),
            "env-lookup",
        )
    turn = 0
    for _ in range(6):
        for kind, label, value in hash_values(rng):
            add(HASH_WRAPS[turn % len(HASH_WRAPS)].format(L=label, X=value, P=rng.choice(PEOPLE)), f"hash:{kind}")
            turn += 1
        turn += 1
    dashes = "-" * 5
    for label in ["PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "RSA PUBLIC KEY"]:
        for size in (270, 900):
            body = wrap_lines(base64.b64encode(b"\x30\x82" + rng.randbytes(size)).decode())
            add(
                rng.choice(["{X}", "our signing cert for partners:\n{X}", "```\n{X}\n```"]).replace(
                    "{X}", f"{dashes}BEGIN {label}{dashes}\n{body}\n{dashes}END {label}{dashes}"
                ),
                "public:" + label.lower().replace(" ", "-"),
            )
    for _ in range(3):
        add("my PGP key for encrypted mail 👇\n" + pgp(rng, "PUBLIC"), "public:pgp")
        add(
            "SSH with certificates beats passwords. authorized_keys line: ssh-rsa "
            + "AAAAB3NzaC1yc2EAAAADAQABAAABAQ"
            + pick(rng, B64, 340)
            + " joss@merrigan",
            "public:ssh-rsa",
        )
    for _ in range(5):
        add('<img src="data:image/png;base64,' + "iVBORw0KGgo" + raw64(rng, 240) + '">', "base64-image")
        add("logo inline: data:image/jpeg;base64," + "/9j/4AAQSkZJRg" + raw64(rng, 180), "base64-image")
        add("background:url(data:font/woff2;base64," + "d09GMgABAAAAA" + raw64(rng, 200) + ")", "base64-font")
        add(
            "!function(e,t){var n=t."
            + pick(rng, B62, 2)
            + "=function(r){return r&&r.__esModule?r:{default:r}};e.exports=n}("
            + pick(rng, string.ascii_lowercase, 1)
            + ",{});//# sourceMappingURL=main."
            + pick(rng, HEX, 8)
            + ".js.map",
            "minified-js",
        )
        add(f'<script src="/static/js/main.{pick(rng, HEX, 20)}.chunk.js"></script>', "file-name")
        add(
            f"backup_{pick(rng, LOW, 10)}_{rng.randrange(20260101, 20261231)}_full_incremental_{pick(rng, HEX, 12)}.tar.gz finished",
            "file-name",
        )
        add(f"https://www.youtube.com/watch?v={pick(rng, B64U, 11)} best talk of the day", "url-id")
        add(f"https://drive.example/file/d/{pick(rng, B64U[:-2], 33)}/view", "url-id")
        add(
            f"https://news.corvane.example/a/{pick(rng, LOW, 9)}?utm_source=x&fbclid=IwAR{pick(rng, B64U[:-2], 57)}",
            "url-id",
        )
        add(f"https://shop.brindle.example/?gclid=Cj0KCQ{pick(rng, B64U[:-2], 80)}", "url-id")
        add(
            f"order {rng.randrange(10**7, 10**8)} left our depot, tracking {pick(rng, string.ascii_uppercase, 2)}{rng.randrange(10**8, 10**9)}GB",
            "number",
        )
        add(
            f"ticket #{rng.randrange(10**5, 10**6)} / case {pick(rng, UP, 8)} / ref {rng.randrange(1000, 9999)}, thanks for waiting {rng.choice(PEOPLE)}",
            "number",
        )
        add(
            f"use code {rng.choice(WORDS).upper()}{rng.randrange(5, 60)} for {rng.randrange(5, 60)}% off, ends {rng.choice(['Sunday', 'tonight', 'Monday noon'])}",
            "promo",
        )
        add(
            f"error code {rng.randrange(100, 999)}-{pick(rng, HEX, 4).upper()} on the till, press {rng.choice(['OK', 'cancel', 'retry'])}",
            "error-code",
        )
        add(f"{pick(rng, string.digits, 6)} steps today, new record!! 🏃", "number")
    for line in PROSE_PASS:
        add(line, "prose")
    return out


def cases(seed: int = 0) -> list[Case]:
    """Secret and look-alike cases, shuffled, without duplicate texts."""
    rng = random.Random(seed)
    seen: dict[str, Case] = {}
    for case in [*secret_cases(rng), *other_cases(rng)]:
        seen.setdefault(case.text, case)
    out = list(seen.values())
    rng.shuffle(out)
    return out
