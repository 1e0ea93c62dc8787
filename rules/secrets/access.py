"""Private keys, webhook addresses, links that open without a login, session tokens."""

from __future__ import annotations

from typing import Final

from rules.secrets.checks import assigned_key, pem, web_token
from rules.secrets.form import NAMED, PREFIXED, Form

_LIKELY: Final = 0.9
_UUID: Final = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_B64: Final = "[A-Za-z0-9+/]"

PRIVATE_KEYS: Final[tuple[Form, ...]] = (
    # The header must be followed by some of the key; the detector carries the span on to its end.
    Form(
        "pem-key",
        "private-key",
        "private key (PEM, OpenSSH or PGP)",
        "https://www.rfc-editor.org/rfc/rfc7468",
        rf"-----BEGIN (?:[A-Z0-9]+ ){{0,3}}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nrt]|[>|\"',+;])*(?:[A-Z][A-Za-z-]+: [^\n]{{0,100}}\n\s*){{0,5}}(?:\s|\\[nrt]|[>|\"',+;])*{_B64}{{10}}",
        check=pem,
    ),
    Form(
        "putty-key",
        "private-key",
        "private key (PuTTY)",
        "https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html",
        r"PuTTY-User-Key-File-[123]: [^\n]+\n[^\x00]{0,900}?Private-Lines: [0-9]+\s+[A-Za-z0-9+/=]{10,}",
    ),
    Form(
        "bare-private-key",
        "private-key",
        "private key without its header",
        "https://www.rfc-editor.org/rfc/rfc5208",
        rf"\b(?:b3BlbnNzaC1rZXktdjE{_B64}{{100,}}|MII[A-Za-z]{_B64}{{0,4}}IBA(?:AKC|DANBgkqhkiG9w0BAQEFAASC){_B64}{{200,}})={{0,2}}",
    ),
    Form(
        "age-key",
        "private-key",
        "age private key",
        "https://age-encryption.org/v1",
        r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b",
    ),
    Form(
        "jwk-key",
        "private-key",
        "private key (JWK)",
        "https://www.rfc-editor.org/rfc/rfc7517",
        r"\"kty\"[^{}]{0,900}?\"d\"\s*:\s*\"(?P<span>[\w-]{20,})\"",
    ),
    Form(
        "seed-phrase",
        "private-key",
        "wallet recovery phrase",
        "https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki",
        r"\b(?:seed|recovery|secret|backup|wallet|mnemonic)(?: recovery)? (?:phrase|words|seed)\W{1,4}(?:is|are|was|=)?\W{0,4}(?P<span>(?:\b(?:[0-9]{1,2}[.)] ?)?[a-z]{3,8}[ ,\n]{1,3}){11,23}[a-z]{3,8})\b",
        confidence=NAMED,
        exact=False,
    ),
)

_HOOK: Final = "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"

WEBHOOKS: Final[tuple[Form, ...]] = tuple(
    Form(id_, "webhook", title, source, rf"(?:https?://)?{pattern}", exact=False, confidence=PREFIXED)
    for id_, title, pattern, source in (
        (
            "slack-webhook",
            "Slack webhook",
            r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/-]{16,}",
            "https://api.slack.com/messaging/webhooks",
        ),
        (
            "discord-webhook",
            "Discord webhook",
            r"(?:\w+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]{15,21}/[\w-]{40,}",
            "https://discord.com/developers/docs/resources/webhook",
        ),
        (
            "teams-webhook",
            "Teams webhook",
            r"[\w-]+\.webhook\.office\.com/webhookb?2?/[\w@/-]{60,}|outlook\.office(?:365)?\.com/webhook/[\w@/-]{60,}",
            "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
        ),
        (
            "power-automate-webhook",
            "Power Automate or Logic Apps trigger",
            r"[\w.-]+\.(?:logic\.azure\.com|powerplatform\.com)(?::443)?/[^\s\"'<>]{20,400}sig=[\w%-]{20,}",
            "https://learn.microsoft.com/azure/logic-apps/logic-apps-securing-a-logic-app",
        ),
        (
            "google-chat-webhook",
            "Google Chat webhook",
            r"chat\.googleapis\.com/v1/spaces/[\w-]+/messages\?[^\s\"'<>]{0,200}token=[\w%=-]{20,}",
            "https://developers.google.com/workspace/chat/quickstart/webhooks",
        ),
        (
            "zapier-webhook",
            "Zapier webhook",
            r"hooks\.zapier\.com/hooks/(?:catch|standard)/[0-9]+/[\w/]{5,}",
            "https://help.zapier.com/hc/en-us/articles/8496288690317",
        ),
        (
            "make-webhook",
            "Make webhook",
            r"hook\.(?:[a-z]{2}[0-9]\.)?(?:make|integromat)\.com/[a-z0-9]{24,}",
            "https://www.make.com/en/help/tools/webhooks",
        ),
        (
            "ifttt-webhook",
            "IFTTT webhook",
            r"maker\.ifttt\.com/(?:trigger/[\w-]+/(?:json/)?with/key|use)/[\w-]{20,}",
            "https://ifttt.com/maker_webhooks",
        ),
        (
            "pipedream-webhook",
            "Pipedream or n8n webhook",
            r"[\w-]+\.m\.pipedream\.net\b|[\w.-]+\.n8n\.cloud/webhook/[\w-]{20,}",
            _HOOK,
        ),
        (
            "mattermost-webhook",
            "Mattermost or Rocket.Chat webhook",
            r"[\w.-]+/hooks/[a-z0-9]{17,26}(?:/[A-Za-z0-9]{40,})?\b",
            "https://developers.mattermost.com/integrate/webhooks/incoming/",
        ),
        (
            "opsgenie-webhook",
            "alerting webhook",
            r"(?:api\.opsgenie\.com/v1/json/[\w/?=-]{20,}|events\.pagerduty\.com/integration/[0-9a-f]{32}[\w/]*|alert\.victorops\.com/integrations/[\w/-]{30,})",
            _HOOK,
        ),
        (
            "telegram-url",
            "Telegram bot address",
            r"api\.telegram\.org/bot[0-9]{8,10}:[\w-]{30,40}",
            "https://core.telegram.org/bots/api#making-requests",
        ),
        (
            "webex-webhook",
            "Webex, Bitrix or Feishu webhook",
            r"(?:webexapis\.com/v1/webhooks/incoming/[\w-]{40,}|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[0-9a-f-]{36}|oapi\.dingtalk\.com/robot/send\?access_token=[0-9a-f]{40,}|[\w.-]+\.bitrix24\.[a-z.]+/rest/[0-9]+/[a-z0-9]{10,}|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[0-9a-f-]{36})",
            _HOOK,
        ),
    )
)

_OWASP_URL: Final = "https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#sensitive-information-in-http-requests"
_QUERY: Final = r"[^\s\"'<>]"

SIGNED_LINKS: Final[tuple[Form, ...]] = (
    Form(
        "s3-presigned",
        "signed-link",
        "presigned S3 link",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html",
        r"X-Amz-Signature=(?P<span>[0-9a-f]{64})\b",
        exact=False,
    ),
    Form(
        "s3-presigned-v2",
        "signed-link",
        "signed link (S3, CloudFront or Google)",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html",
        (
            rf"(?:AWSAccessKeyId|GoogleAccessId|Key-Pair-Id|OSSAccessKeyId|Expires)=[\w@.%-]+{_QUERY}{{0,600}}?[?&](?:amp;)?Signature=(?P<span>[\w%+/~=-]{{20,}})",
            rf"[?&]Signature=(?P<span>[\w%+/~=-]{{20,}}){_QUERY}{{0,200}}(?:Key-Pair-Id|Expires|AccessKeyId)=",
        ),
        exact=False,
    ),
    Form(
        "gcs-presigned",
        "signed-link",
        "signed Google Cloud link",
        "https://cloud.google.com/storage/docs/access-control/signed-urls",
        r"X-Goog-Signature=(?P<span>[0-9a-f]{64,})",
        exact=False,
    ),
    Form(
        "azure-sas",
        "signed-link",
        "Azure link with shared access signature",
        "https://learn.microsoft.com/azure/storage/common/storage-sas-overview",
        (
            rf"[?&](?:sv|se|sp|st|sr|spr|ss|srt)=[\w%:.-]+{_QUERY}{{0,400}}?&(?:amp;)?sig=(?P<span>[\w%+/=-]{{30,}})",
            r"[?&]sig=(?P<span>[\w%+/=-]{43,})&",
        ),
        exact=False,
    ),
    Form(
        "firebase-link",
        "signed-link",
        "Firebase download link",
        "https://firebase.google.com/docs/storage/web/download-files",
        rf"alt=media&(?:amp;)?token=(?P<span>{_UUID})",
        exact=False,
    ),
    Form(
        "shared-link",
        "signed-link",
        "shared link with a key in it",
        _OWASP_URL,
        r"[?#&](?:amp;)?(?:rlkey|authkey|resourcekey|share_token|sharekey|share_key)=(?P<span>[\w!%.~-]{8,})",
        exact=False,
        confidence=_LIKELY,
    ),
    Form(
        "meeting-link",
        "signed-link",
        "meeting link with its password",
        "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0064510",
        r"zoom\.(?:us|com)/[^\s\"'<>?#]{3,80}\?(?:[^\s\"'<>]{0,80}&)?pwd=(?P<span>[\w.%-]{6,})",
        exact=False,
        confidence=_LIKELY,
    ),
    Form(
        "mega-link",
        "signed-link",
        "file link with its key",
        "https://help.mega.io/files-folders/sharing/encrypted-links",
        (
            r"(?:mega\.(?:nz|io)/(?:file|folder)/[\w-]{8}#|mega\.nz/#F?![\w-]{8}!)(?P<span>[\w-]{22,43})",
            r"(?:send\.[\w.-]+|privatebin\.[\w.-]+|bitwarden\.com|onetimesecret\.com|1ty\.me|cryptpad\.[\w.-]+)/[^\s\"'<>]{0,80}[#/](?P<span>[\w/-]{20,})",
        ),
        exact=False,
        confidence=_LIKELY,
    ),
    Form(
        "slack-invite",
        "signed-link",
        "invitation to a workspace",
        "https://slack.com/help/articles/201330256",
        r"join\.slack\.com/t/[\w-]{1,60}/shared_invite/(?P<span>[\w~-]{16,})",
        exact=False,
    ),
    Form(
        "1password-link",
        "signed-link",
        "shared password item",
        "https://support.1password.com/share-items/",
        r"share\.1password\.com/s#(?P<span>[\w-]{30,})",
        exact=False,
    ),
    Form(
        "token-link",
        "signed-link",
        "link with a token in it",
        _OWASP_URL,
        r"[?#&](?:amp;)?(?:access_token|auth_token|id_token|refresh_token|session_token|reset_token|invite_token|invite|invitation|login_token|token|api_?key|apikey|auth|secret|client_secret|signature|jwt|magic|otp|key|code|sessionid|session|ticket)=(?P<span>[\w%.~+/=-]{16,})",
        exact=False,
        confidence=_LIKELY,
    ),
    Form(
        "magic-link",
        "signed-link",
        "login or reset link",
        _OWASP_URL,
        r"\w/(?:reset|reset-?password|password-?reset|forgot|recover|magic|magic-?link|magic-?login|login|signin|verify|confirm|activate|invite|invitation|join|unsubscribe|set-password|sso|share|shared|s/d)[/#](?:[a-z-]{1,20}/)?(?P<span>[\w.-]{16,})",
        exact=False,
        confidence=NAMED,
        check=assigned_key,
    ),
)

_COOKIE: Final = r"(?:sess(?:ion)?(?:[_-]?id|[_-]?token)?|[\w.-]{0,20}sess(?:ion)?(?:[_-]?id|[_-]?token|[_-]?key)?|jsessionid|phpsessid|asp\.net_sessionid|aspxauth|\.aspxauth|\.aspnetcore\.[\w.]{3,30}|connect\.sid|[\w-]{0,12}sid|sapisid|li_at|xoxd|d|datr|c_user|xs|auth[_-]?token|access[_-]?token|remember[_-]?(?:me|token)|remember_user_token|_gh_sess|user_session|__secure-[\w.-]{3,40}|__host-[\w.-]{3,40}|csrftoken|\.roblosecurity|laravel_session|wordpress_logged_in_\w+|_session_id|token|jwt|auth|sso)"

SESSIONS: Final[tuple[Form, ...]] = (
    Form(
        "jwt",
        "session-token",
        "JSON Web Token",
        "https://www.rfc-editor.org/rfc/rfc7519",
        r"\beyJ[\w-]{10,}\.[\w-]{2,}(?:\.[\w-]*){0,3}",
        check=web_token,
    ),
    Form(
        "bearer",
        "session-token",
        "bearer token",
        "https://www.rfc-editor.org/rfc/rfc6750",
        r"\bbearer[\s\"':=]{1,4}(?P<span>[A-Za-z0-9_~+/.-]{16,}={0,2})",
        exact=False,
        confidence=_LIKELY,
    ),
    Form(
        "basic-auth",
        "session-token",
        "basic authorization",
        "https://www.rfc-editor.org/rfc/rfc7617",
        r"authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?basic\s+(?P<span>[A-Za-z0-9+/]{8,}={0,2})",
        exact=False,
        confidence=_LIKELY,
    ),
    Form(
        "auth-header",
        "session-token",
        "token in a header",
        "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html",
        r"\b(?:x-[\w-]{0,24}token|private-token|authorization)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:token\s+|apikey\s+|key\s+)?(?P<span>[A-Za-z0-9_~+/.=-]{16,})",
        exact=False,
        confidence=NAMED,
    ),
    Form(
        "cookie",
        "session-token",
        "session cookie",
        "https://owasp.org/www-community/attacks/Session_hijacking_attack",
        (
            rf"\bcookies?[\"']?\s{{0,3}}[:=]?\s{{0,3}}(?:is\s)?(?:[^\n]{{0,400}}?[;\s\"'`])?{_COOKIE}=(?P<span>[\w%.~+/=:|-]{{12,}})",
            r"(?:^|[\s;\"'`(])(?:jsessionid|phpsessid|asp\.net_sessionid|connect\.sid|laravel_session|_gh_sess|user_session|li_at|\.roblosecurity|session_?id|sessionid|session|sid|session_token|auth_token|remember_token)=(?P<span>[\w%.~+/:|-]{16,}={0,2})",
            r"\b(?:li_at|jsessionid|phpsessid|connect\.sid|asp\.net_sessionid|laravel_session|_gh_sess|user_session)\b(?: cookie)?(?: value)?(?: is)?\s{0,2}[:=]?\s{0,2}[\"'`]?(?P<span>[\w%.~+/:|-]{16,}={0,2})",
            r"\b(?P<span>AQED[\w-]{60,})",
        ),
        exact=False,
        confidence=_LIKELY,
    ),
)
