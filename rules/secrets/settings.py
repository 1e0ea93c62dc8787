"""Passwords and keys in settings, on command lines and in connection strings."""
# ruff: noqa: RUF001  typographic characters are data

from __future__ import annotations

from typing import Final

from rules.secrets.checks import assigned_key
from rules.secrets.form import ASSIGNED, NAMED, Form
from rules.secrets.judge import assigned_password, url_password

_OWASP: Final = "https://cwe.mitre.org/data/definitions/798.html"

_SETTING: Final = r"(?:pass(?:word|wd|wort|phrase|code)?|pwd|passw|userpass|_pw|secret_?pass)(?:[_-]?(?:[0-9]{1,2}|prod|dev|staging|live|default|old|new|admin|root|user|db|value|plain|text))?"
_KEY_NAME: Final = r"(?:api[_.-]?keys?|api[_.-]?secret|apikey|secret(?:[_.-]?(?:key|token|access[_.-]?key|id|value|base|key[_.-]?base))?|token(?:[_.-]?(?:secret|value|key))?|auth(?:orization)?(?:[_.-]?(?:key|token|secret))?|credentials?|access[_.-]?key|private[_.-]?key|client[_.-]?secret|(?:sign(?:ing|ature)?|encrypt(?:ion)?|master|license|account|service|shared|webhook|session|cookie|app|user|admin|jwt|hmac|aes|crypto|consumer|subscription|storage|deploy|integration|write|read|rest|prod|live|function|host|connection|service[_.-]?role)[_.-]?(?:key|secret|salt)|[a-z0-9]{2,20}[_.-]key|salt)(?:[_.-]?(?:[0-9]{1,2}|prod|dev|staging|live|value|prd|v[0-9]))?"
_TO: Final = r"[\"'`\])]{0,2}\s{0,4}(?::\s?(?:str|String|string|&str)\s?=|=>|:=|[:=]{1,3}|\?=|,)\s{0,4}(?:[rbfuRBFU@]|String\.raw)?"
_QUOTED: Final = ('"(?P<span>[^"\n\\\\]{4,300})"', "'(?P<span>[^'\n\\\\]{4,300})'", "`(?P<span>[^`\n]{4,300})`")
_BARE: Final = r"[\"'`\])]{0,2}\s{0,4}(?:=>|:=|[:=]{1,2})[ \t]{0,4}(?P<span>[^\s\"'`,;<>(){}\[\]&|]{4,300})"
_BARE_RANDOM: Final = (
    r"[\"'`\])]{0,2}\s{0,4}(?:=>|:=|[:=]{1,2}|is|->|→)\s{0,4}[\"'`“*]{0,2}(?P<span>[A-Za-z0-9_~+/.=:-]{16,300})"
)
_START: Final = (
    r"(?:^|[^A-Za-z0-9])(?:[A-Za-z0-9.$-]{1,40}_|[A-Za-z0-9.$-]{1,40}-|[A-Za-z0-9_$-]{1,40}\.|[A-Za-z]{1,30})??"
)

SETTINGS: Final[tuple[Form, ...]] = (
    Form(
        "password-setting",
        "password",
        "password in a setting",
        _OWASP,
        (
            *(rf"{_START}{_SETTING}{_TO}{quoted}" for quoted in _QUOTED),
            rf"(?:^|[\s{{,;\"'`(])(?:[A-Za-z0-9.$-]{{1,40}}[_.-])*(?:[A-Z]{{2,20}})?{_SETTING}{_BARE}".replace(
                "[:=]{1,2})", "=)"
            ),
            rf"(?:^|[\s{{,;\"'`(])(?:[A-Za-z0-9.$-]{{1,40}}[_.-])+{_SETTING}{_BARE}",
            rf"<(?:\w{{1,20}}:)?\w{{0,20}}{_SETTING}(?:\s[^<>\n]{{0,60}})?>\s{{0,10}}(?P<span>[^<\n\s]{{4,200}})\s{{0,10}}</",
            rf"(?:key|name)=[\"'][^\"'\n]{{0,60}}{_SETTING}[\"']\s{{0,5}}(?:value|>)=?\s?[\"']?(?P<span>[^\"'<\n]{{4,200}})[\"'<]",
        ),
        NAMED,
        assigned_password,
        exact=False,
    ),
    Form(
        "password-option",
        "password",
        "password on a command line",
        _OWASP,
        (
            r"(?:^|\s)--?(?:password|passwd|pass|pwd|passphrase|admin-password|root-password|db-password|http-password)[= ][\"']?(?P<span>[^\s\"'<>|;&]{4,100})",
            r"\b(?:curl|wget|httpie)\b[^\n]{0,200}?\s(?:-u|--user|-a|--auth)[= ]?[\"']?[\w.@%+-]{1,60}:(?P<span>[^\s\"']{4,100})",
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,120}?\s-p[\"']?(?P<span>[^\s\"'-][^\s\"']{3,80})",
            r"\b(?:sshpass|docker login|az login|smbclient|ldap(?:search|modify|add|passwd|whoami)|cryptsetup|7z|zip|unzip|redis-cli|mongo|mongosh|mongodump|psql|sqlcmd|cqlsh|influx|net use|rdesktop|xfreerdp|htpasswd|mosquitto_(?:pub|sub)|impacket-\w+|crackmapexec|evil-winrm|winrm|smbmap|rpcclient)\b[^\n]{0,200}?\s-[apPw]\s?[\"']?(?P<span>[^\s\"'-][^\s\"']{3,80})",
            r"\bidentified (?:with \S{1,40} )?by\s+[\"'](?P<span>[^\"'\n]{4,100})[\"']",
            r"\bwith (?:encrypted )?password\s+[\"'](?P<span>[^\"'\n]{4,100})[\"']",
            r"\bmachine\s+\S{1,100}\s+login\s+\S{1,100}\s+password\s+(?P<span>[^\s]{4,100})",
            r"\b(?:NetworkCredential|UsernamePasswordCredentials|HTTPBasicAuth|PasswordAuthentication|basic_?auth|auth|login|signIn|authenticate|connect)\s?[=(]\s?\(?\s?[\"'][^\"'\n]{1,80}[\"']\s?,\s?[\"'](?P<span>[^\"'\n]{4,100})[\"']",
            r"(?:^|\s)[\w.*-]{1,80}:(?:5432|5433|6432|3306|\*):[\w*-]{1,60}:[\w.*-]{1,60}:(?P<span>[^\s:]{4,100})",
            r"\b(?:bind_?pw|bindpasswd|bind_?password|olcRootPW|rootpw|ldap_default_authtok)\s{0,3}[:=]?\s{1,3}[\"']?(?P<span>[^\s\"']{4,100})",
            r"\brequirepass\s+(?P<span>[^\s\"']{4,100})",
            r"\becho\s+[\"']?[\w.-]{1,40}:(?P<span>[^\s\"':|]{4,80})[\"']?\s*\|\s*(?:sudo\s+)?chpasswd",
            r"\bnet user\s+[\w.-]{1,40}\s+(?P<span>[^\s/]{4,80})",
            r"\bConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<span>[^\"'\n]{4,100})[\"']",
        ),
        NAMED,
        assigned_password,
        exact=False,
    ),
    Form(
        "token-option",
        "high-entropy",
        "token on a command line",
        _OWASP,
        r"(?:^|\s)--?(?:[a-z-]{0,20}token|[a-z-]{0,20}api-?key|[a-z-]{0,20}secret|[a-z-]{0,20}key)[= ][\"']?(?P<span>[A-Za-z0-9_~+/.=:-]{16,300})",
        NAMED,
        assigned_key,
        exact=False,
    ),
    Form(
        "key-header",
        "high-entropy",
        "key in a header",
        "https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html",
        r"\bx-[\w-]{0,24}(?:key|secret)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<span>[A-Za-z0-9_~+/.=-]{16,300})",
        NAMED,
        assigned_key,
        exact=False,
    ),
    Form(
        "key-setting",
        "high-entropy",
        "random string with the name of a secret",
        _OWASP,
        (
            *(rf"{_START}{_KEY_NAME}{_TO}{quoted}".replace("{4,300}", "{12,300}") for quoted in _QUOTED),
            rf"{_START}{_KEY_NAME}{_BARE_RANDOM}",
            rf"<\w{{0,20}}{_KEY_NAME}(?:\s[^<>\n]{{0,60}})?>\s{{0,10}}(?P<span>[^<\n\s]{{12,300}})\s{{0,10}}</",
            rf"(?:key|name)=[\"'][^\"'\n]{{0,60}}{_KEY_NAME}[\"']\s{{0,5}}(?:value)=\s?[\"']?(?P<span>[^\"'<\n]{{12,300}})[\"'<]",
            r"\b(?:api|secret|access|auth|private|encryption|licen[cs]e|deploy|admin|bot|session|client)[ -](?:key|token|secret)\b[^\n]{0,60}?(?:\bis|[:=]|→|->)\s{0,3}[\"'`“*]{0,2}(?P<span>[A-Za-z0-9_~+/.=-]{16,300})",
            r"\b(?:tokens?|secret|api ?key|key|creds?)(?: is| was|:| :| =|=| ->| →)\s{0,3}[\"'`“*]{0,3}(?P<span>[A-Za-z0-9_~+/.=-]{16,300})",
            r"(?:^|[\s\"'`*])(?P<span>[A-Za-z0-9_~+/.=-]{20,300})[\"'`*]{0,2}\s+(?:is|=|as|for)\s+(?:the|our|my|your|a)\s+(?:[\w'’-]+\s+){0,4}?(?:api key|key|token|secret)\b",
        ),
        ASSIGNED,
        assigned_key,
        exact=False,
    ),
)

#: What can stand before the @ of an address with a password; in prose a space does.
_BEFORE_AT: Final = frozenset(f"{chr(code)}@".casefold() for code in range(ord("!"), ord("~") + 1))

CONNECTIONS: Final[tuple[Form, ...]] = (
    Form(
        "url-password",
        "connection-string",
        "password in an address",
        "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
        r"\b[a-z][a-z0-9+.-]{1,30}://[^\s:/@\"'<>?#]{0,100}:(?P<span>[^\s@/\"'<>][^\s@\"'<>]{1,150}[!-~])@[\w\[$%{.-]",
        NAMED,
        url_password,
        exact=False,
        must=_BEFORE_AT,
    ),
    Form(
        "database-string",
        "connection-string",
        "database connection string",
        "https://www.connectionstrings.com/",
        (
            r"(?:server|data source|host|hostname|address|addr|database|initial catalog|user id|uid|user|username|driver|provider|dsn|port|endpoint)\s?=[^\n]{0,300}?[;\s,?&](?:password|pwd|passwd)\s?=\s?[\"']?(?P<span>[^\s;\"'&<>]{3,100})",
            r"(?:^|[;\s\"'?&])(?:password|pwd)\s?=\s?(?P<span>[^\s;\"'&<>]{3,100});\s?(?:server|data source|host|database|initial catalog|user id|uid|user|username|trusted|encrypt|port|persist|pooling|sslmode)",
            r"jdbc:[^\s\"']{5,200}?[?&;]password=(?P<span>[^\s&;\"'<>]{3,100})",
            r"jdbc:oracle:(?:thin|oci):[\w.$#-]{1,60}/(?P<span>[^\s@\"'/]{3,100})@",
            r"\b(?:sqlplus|expdp|impdp)\s+(?:-\w+\s+){0,3}[\"']?[\w.$#-]{1,60}/(?P<span>[^\s@\"'/]{3,100})@",
        ),
        NAMED,
        exact=False,
    ),
)
