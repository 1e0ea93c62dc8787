"""Keys and tokens of services, as their own documentation gives the formats."""

from __future__ import annotations

from typing import Final

from rules.secrets.checks import assigned_key, checked_token, discord_bot
from rules.secrets.form import NAMED, PREFIXED, Check, Form

_LIKELY: Final = 0.9


def _key(
    id_: str,
    title: str,
    pattern: str | tuple[str, ...],
    source: str,
    confidence: float = PREFIXED,
    check: Check | None = None,
) -> Form:
    if check is None and (confidence == NAMED or isinstance(pattern, tuple)):
        check = assigned_key
    return Form(id_, "provider-key", title, source, pattern, confidence, check)


def _beside(name: str, value: str) -> str:
    """Return the pattern of a value that only its provider's name, shortly before it, tells from any other."""
    return rf"(?i:\b(?:{name}))[^\x00]{{0,80}}?[\s\"'`=:>(/*,|\[{{](?P<span>{value})(?:[^\w+/=-]|$)"


#: How the base64 of a decimal number begins; written out, since it is also what to look for first.
_NUMBER: Final = "|".join(a + b + c + d for a in "MNO" for b in "DTjz" for c in "AEIMQUYcgk" for d in "wxyz012345")
_HEX32: Final = "[0-9a-f]{32}"
_UUID: Final = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

#: The most specific first: where two forms see the same place, the earlier one names it.
PROVIDERS: Final[tuple[Form, ...]] = (
    # --- clouds
    _key(
        "aws-access-key",
        "AWS access key id",
        r"\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids",
    ),
    _key(
        "aws-secret-key",
        "AWS secret access key",
        r"(?i:aws|amazon|secret.?(?:access.?)?key|\bsecret\b)[^\x00]{0,80}?[\s\"'`=:>(,/](?P<span>[A-Za-z0-9/+]{40})(?:[^\w+/=]|$)",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
        confidence=NAMED,
    ),
    _key(
        "aws-bedrock-key",
        "AWS Bedrock API key",
        r"\bABSK[A-Za-z0-9+/]{100,140}={0,2}",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html",
    ),
    _key(
        "google-api-key",
        "Google API key",
        r"\bAIza[0-9A-Za-z_-]{35}",
        "https://cloud.google.com/docs/authentication/api-keys",
    ),
    _key(
        "google-oauth",
        "Google OAuth secret or token",
        r"\b(?:GOCSPX-[\w-]{28}|ya29\.[\w-]{30,}|1//0[\w-]{40,})",
        "https://developers.google.com/identity/protocols/oauth2",
    ),
    _key(
        "gcp-service-account",
        "Google service account key",
        r"\"private_key_id\"\s*:\s*\"(?P<span>[0-9a-f]{40})\"",
        "https://cloud.google.com/iam/docs/keys-create-delete",
    ),
    _key(
        "azure-storage-key",
        "Azure storage account key",
        r"(?i:key|storage|azure|cosmos|blob|secret)[^\x00]{0,80}?[\s\"'`=:>(](?P<span>[A-Za-z0-9+/]{86}==)",
        "https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage",
    ),
    _key(
        "azure-service-key",
        "Azure Service Bus or IoT key",
        r"(?i:SharedAccessKey)=(?P<span>[A-Za-z0-9+/]{43}=)",
        "https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas",
    ),
    _key(
        "azure-function-key",
        "Azure Functions key",
        r"\b[\w-]{44}AzFu[\w-]{5,8}={0,2}",
        "https://learn.microsoft.com/azure/azure-functions/function-keys-how-to",
    ),
    _key(
        "azure-client-secret",
        "Microsoft Entra client secret",
        r"(?:^|[\s\"'`=:>(,])(?P<span>[\w~.]{3}[0-9]Q~[\w~.-]{31,34})",
        "https://learn.microsoft.com/entra/identity-platform/quickstart-register-app",
    ),
    _key(
        "azure-devops-token",
        "Azure DevOps token",
        r"\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b",
        "https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate",
    ),
    _key(
        "digitalocean",
        "DigitalOcean token",
        r"\bdo[opr]_v1_[a-f0-9]{64}\b",
        "https://docs.digitalocean.com/reference/api/create-personal-access-token/",
    ),
    _key(
        "heroku",
        "Heroku API key",
        (rf"\bHRKU-(?:AA[\w-]{{58}}|{_UUID})", _beside("heroku", _UUID)),
        "https://devcenter.heroku.com/articles/authentication",
    ),
    _key(
        "cloudflare",
        "Cloudflare token",
        (
            r"\bv1\.0-[a-f0-9]{24}-[a-f0-9]{146}\b",
            _beside("cloudflare|cf(?:_|-)(?:api|token|key)", "[0-9a-f]{37}|[A-Za-z0-9_-]{40}"),
        ),
        "https://developers.cloudflare.com/fundamentals/api/get-started/create-token/",
        confidence=_LIKELY,
    ),
    _key(
        "alibaba",
        "Alibaba Cloud access key",
        r"\bLTAI[A-Za-z0-9]{16,24}\b",
        "https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair",
    ),
    _key(
        "ibm-cloud",
        "IBM Cloud API key",
        _beside("ibm|bluemix|softlayer|sl_api", "[A-Za-z0-9_-]{44}|[0-9a-f]{64}"),
        "https://cloud.ibm.com/docs/account?topic=account-userapikey",
        confidence=NAMED,
    ),
    _key(
        "scaleway",
        "Scaleway or OVH key",
        _beside("scaleway|scw_secret", _UUID),
        "https://www.scaleway.com/en/docs/iam/how-to/create-api-keys/",
        confidence=NAMED,
    ),
    # --- code and packages
    _key(
        "github-token",
        "GitHub token",
        r"\bgh[opsur]_[A-Za-z0-9]{36,251}\b",
        "https://github.blog/engineering/behind-githubs-new-authentication-token-formats/",
        check=checked_token,
    ),
    _key(
        "github-fine-grained",
        "GitHub fine-grained token",
        r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b",
        "https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github",
    ),
    _key(
        "gitlab",
        "GitLab token",
        r"\b(?:gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[\w-]{20,}(?:\.[\w-]{2,}){0,2}|GR1348941[\w-]{20})",
        "https://docs.gitlab.com/security/tokens/#token-prefixes",
    ),
    _key(
        "npm",
        "npm token",
        r"\bnpm_[A-Za-z0-9]{36}\b",
        "https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/",
        check=checked_token,
    ),
    _key(
        "npm-legacy",
        "npm token",
        r"_authToken\s*=\s*[\"']?(?P<span>[A-Za-z0-9+/_-]{20,}={0,2})",
        "https://docs.npmjs.com/using-private-packages-in-a-ci-cd-workflow",
        confidence=_LIKELY,
    ),
    _key(
        "pypi",
        "PyPI token",
        r"\bpypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[\w-]{50,}",
        "https://warehouse.pypa.io/development/token-scanning.html",
    ),
    _key("rubygems", "RubyGems token", r"\brubygems_[a-f0-9]{48}\b", "https://guides.rubygems.org/api-key-scopes/"),
    _key(
        "crates-io",
        "crates.io token",
        r"\bcio[A-Za-z0-9]{32}\b",
        "https://doc.rust-lang.org/cargo/reference/publishing.html",
    ),
    _key("nuget", "NuGet key", r"\boy2[a-z0-9]{43}\b", "https://learn.microsoft.com/nuget/nuget-org/publish-a-package"),
    _key(
        "clojars",
        "Clojars token",
        r"\bCLOJARS_[a-z0-9]{60}\b",
        "https://github.com/clojars/clojars-web/wiki/Deploy-Tokens",
    ),
    _key(
        "docker", "Docker token", r"\bdckr_(?:pat|oat)_[\w-]{27,32}", "https://docs.docker.com/security/access-tokens/"
    ),
    _key(
        "artifactory",
        "Artifactory key",
        (
            r"\b(?:AKCp[A-Za-z0-9]{60,80}|cmVmdGtuOj[A-Za-z0-9+/]{50,60})",
            r"(?:^|[\s=:\"'`>])(?P<span>AKC[a-zA-Z0-9]{10,80})(?:[\s\"'`]|$)",
            r"(?:^|[\s=:\"'`>])(?P<span>AP[0123456789ABCDEF][a-zA-Z0-9]{20,80})(?:[\s\"'`]|$)",
        ),
        "https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens",
        confidence=_LIKELY,
    ),
    _key(
        "bitbucket",
        "Bitbucket app password",
        r"\bATBB[A-Za-z0-9]{24,40}\b",
        "https://support.atlassian.com/bitbucket-cloud/docs/app-passwords/",
    ),
    _key(
        "atlassian",
        "Atlassian API token",
        r"\bAT(?:ATT|CTT|STT)3x[A-Za-z0-9+/=_-]{40,}",
        "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/",
    ),
    _key(
        "sourcegraph",
        "Sourcegraph token",
        r"\bsgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40}\b",
        "https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token",
    ),
    # --- work places
    _key(
        "slack-token",
        "Slack token",
        r"\b(?:xox[abeoprs]-(?:[0-9A-Za-z]+-){0,6}[0-9A-Za-z-]{10,}|xoxe\.xox[bp]-[0-9]-[A-Za-z0-9]{100,}|xapp-[0-9]-[A-Z0-9]+-[0-9]+-[A-Za-z0-9]{20,})",
        "https://api.slack.com/concepts/token-types",
    ),
    _key(
        "notion",
        "Notion token",
        r"\b(?:ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43})\b",
        "https://developers.notion.com/docs/authorization",
    ),
    _key(
        "airtable",
        "Airtable token",
        r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b",
        "https://airtable.com/developers/web/guides/personal-access-tokens",
    ),
    _key(
        "asana",
        "Asana token",
        _beside("asana", rf"[0-9]/[0-9]{{10,20}}(?:/[0-9]{{10,20}})?:{_HEX32}"),
        "https://developers.asana.com/docs/personal-access-token",
    ),
    _key("linear", "Linear key", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,64}\b", "https://linear.app/developers/graphql"),
    _key("figma", "Figma token", r"\bfig[duo]_[\w-]{40,}", "https://www.figma.com/developers/api#access-tokens"),
    _key(
        "postman",
        "Postman key",
        r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b",
        "https://learning.postman.com/docs/developer/postman-api/authentication/",
    ),
    _key(
        "contentful",
        "Contentful token",
        r"\bCFPAT-[\w-]{43}",
        "https://www.contentful.com/developers/docs/references/authentication/",
    ),
    _key(
        "dropbox",
        "Dropbox token",
        r"\bsl\.(?:u\.)?[\w-]{60,}",
        "https://www.dropbox.com/developers/documentation/http/documentation",
    ),
    _key(
        "typeform",
        "Typeform token",
        r"\btfp_[\w-]{30,}={0,2}",
        "https://www.typeform.com/developers/get-started/personal-access-token/",
    ),
    _key(
        "zendesk",
        "Zendesk or Freshdesk token",
        _beside("zendesk|freshdesk", "[A-Za-z0-9]{40}|[A-Za-z0-9]{20}"),
        "https://developer.zendesk.com/api-reference/introduction/security-and-auth/",
        confidence=NAMED,
    ),
    # --- payment and shops
    _key("stripe-key", "Stripe live key", r"\b(?:sk|rk)_live_[A-Za-z0-9]{10,247}\b", "https://docs.stripe.com/keys"),
    _key(
        "stripe-webhook-secret",
        "Stripe webhook secret",
        r"\bwhsec_[A-Za-z0-9+/]{24,64}={0,2}",
        "https://docs.stripe.com/webhooks",
    ),
    _key(
        "stripe-test-key", "Stripe test key", r"\b(?:sk|rk)_test_[A-Za-z0-9]{10,247}\b", "https://docs.stripe.com/keys"
    ),
    _key(
        "shopify",
        "Shopify token",
        r"\bshp(?:at|ca|pa|ss|tka|ua)_[a-fA-F0-9]{32}\b",
        "https://shopify.dev/docs/apps/build/authentication-authorization",
    ),
    _key(
        "square",
        "Square token",
        r"\b(?:sq0(?:atp|idp)-[\w-]{22}|sq0csp-[\w-]{43}|EAAA[E-l][\w+=-]{59,})",
        "https://developer.squareup.com/docs/build-basics/access-tokens",
    ),
    _key(
        "paypal-braintree",
        "Braintree token",
        rf"\baccess_token\$production\$[0-9a-z]{{16}}\${_HEX32}\b",
        "https://developer.paypal.com/braintree/articles/control-panel/important-gateway-credentials",
    ),
    _key("plaid", "Plaid token", rf"\baccess-(?:production|development)-{_UUID}", "https://plaid.com/docs/api/items/"),
    _key(
        "adyen",
        "Adyen key",
        r"\bAQE[a-z]hmfuXNWTK0Qc\+[\w/+=-]{60,}",
        "https://docs.adyen.com/development-resources/api-credentials/",
    ),
    _key(
        "flutterwave",
        "Flutterwave key",
        r"\bFLWSECK-[A-Za-z0-9]{32}-X\b",
        "https://developer.flutterwave.com/docs/authentication",
    ),
    _key("easypost", "EasyPost key", r"\bEZ[AT]K[A-Za-z0-9]{54}\b", "https://docs.easypost.com/docs/authentication"),
    _key(
        "shippo",
        "Shippo key",
        r"\bshippo_live_[a-f0-9]{40}\b",
        "https://docs.goshippo.com/docs/guides_general/authentication/",
    ),
    # --- post and telephone
    _key(
        "twilio",
        "Twilio key",
        (r"\bSK[0123456789abcdef][0-9a-f]{31}\b", _beside("twilio", _HEX32)),
        "https://www.twilio.com/docs/iam/api-keys",
    ),
    _key(
        "sendgrid",
        "SendGrid key",
        r"\bSG\.[\w-]{16,32}\.[\w-]{32,64}",
        "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys",
    ),
    _key(
        "mailgun",
        "Mailgun key",
        (rf"\bkey-{_HEX32}\b", _beside("mailgun", rf"{_HEX32}-[0-9a-f]{{8}}-[0-9a-f]{{8}}")),
        "https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/rbac-mgmt",
    ),
    _key(
        "mailchimp",
        "Mailchimp key",
        rf"\b{_HEX32}-us[0-9]{{1,2}}\b",
        "https://mailchimp.com/developer/marketing/guides/quick-start/",
    ),
    _key(
        "brevo",
        "Brevo key",
        r"\bx(?:keysib|smtpsib)-[a-f0-9]{64}-[A-Za-z0-9]{16}\b",
        "https://developers.brevo.com/docs/getting-started",
    ),
    _key(
        "mandrill",
        "Mandrill key",
        r"\bmd-[\w-]{22}\b",
        "https://mailchimp.com/developer/transactional/guides/quick-start/",
        confidence=NAMED,
    ),
    _key(
        "postmark",
        "Postmark token",
        _beside("postmark|x-postmark", _UUID),
        "https://postmarkapp.com/developer/api/overview",
        confidence=NAMED,
    ),
    _key(
        "messagebird",
        "MessageBird key",
        _beside("messagebird", "[A-Za-z0-9]{25}"),
        "https://developers.messagebird.com/api/",
        confidence=NAMED,
    ),
    # --- watching and running
    _key(
        "datadog",
        "Datadog key",
        (r"\bddapp_[A-Za-z0-9]{34}\b", _beside("datadog|dd(?:_|-)(?:api|app)", "[0-9a-f]{40}|[0-9a-f]{32}")),
        "https://docs.datadoghq.com/account_management/api-app-keys/",
        confidence=_LIKELY,
    ),
    _key(
        "newrelic",
        "New Relic key",
        r"\bNR(?:AK|BR|RA|II|IQ|JS|AA)-[A-Za-z0-9_-]{19,64}|\b[a-f0-9]{36}NRAL\b",
        "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/",
    ),
    _key(
        "grafana",
        "Grafana token",
        r"\b(?:glsa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}|glc_[A-Za-z0-9+/]{32,}={0,2})",
        "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
    ),
    _key(
        "sentry", "Sentry token", r"\bsntry[suai]_[A-Za-z0-9+/=_]{40,}", "https://docs.sentry.io/account/auth-tokens/"
    ),
    _key(
        "dynatrace",
        "Dynatrace token",
        r"\bdt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b",
        "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens",
    ),
    _key(
        "pagerduty",
        "PagerDuty key",
        _beside("pager.?duty", r"[uy][\w+-]{19}|[0-9a-f]{32}"),
        "https://support.pagerduty.com/main/docs/api-access-keys",
        confidence=NAMED,
    ),
    _key(
        "hashicorp-vault",
        "Vault token",
        (r"\bhv[sbr]\.[\w-]{24,}", _beside("vault", r"s[.][A-Za-z0-9]{24}")),
        "https://developer.hashicorp.com/vault/docs/concepts/tokens",
    ),
    _key(
        "terraform",
        "Terraform Cloud token",
        r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}",
        "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens",
    ),
    _key(
        "pulumi",
        "Pulumi token",
        r"\bpul-[a-f0-9]{40}\b",
        "https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/",
    ),
    _key(
        "doppler",
        "Doppler token",
        r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}\b",
        "https://docs.doppler.com/reference/auth-token-formats",
    ),
    _key(
        "1password",
        "1Password token",
        r"\bops_eyJ[A-Za-z0-9+/=_-]{100,}|\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}\b",
        "https://developer.1password.com/docs/service-accounts/",
    ),
    _key(
        "okta",
        "Okta token",
        r"(?:SSWS\s+|(?i:okta)[^\n]{0,60}?[\s\"'`=:])(?P<span>00[\w-]{40})\b",
        "https://developer.okta.com/docs/guides/create-an-api-token/",
    ),
    _key(
        "auth0",
        "Auth0 secret",
        _beside("auth0", "[A-Za-z0-9_-]{64}"),
        "https://auth0.com/docs/get-started/applications/application-settings",
        confidence=NAMED,
    ),
    _key(
        "tailscale",
        "Tailscale key",
        r"\btskey-(?:auth|api|client|scim|webhook)?-?[A-Za-z0-9]+-[A-Za-z0-9]{20,}",
        "https://tailscale.com/kb/1085/auth-keys",
    ),
    _key(
        "fastly",
        "Fastly token",
        _beside("fastly", "[A-Za-z0-9_-]{32}"),
        "https://www.fastly.com/documentation/reference/api/auth-tokens/",
        confidence=NAMED,
    ),
    _key(
        "netlify",
        "Netlify token",
        r"\bnf[pcou]_[A-Za-z0-9]{36,}",
        "https://docs.netlify.com/api-and-cli-guides/api-guides/get-started-with-api/",
    ),
    _key(
        "vercel",
        "Vercel token",
        (
            r"\bv(?:cp|ci|ca|cr|ck)_[A-Za-z0-9]{50,60}|\bvercel_blob_rw_[A-Za-z0-9_]{30,}",
            _beside("vercel", "[A-Za-z0-9]{24}"),
        ),
        "https://vercel.com/docs/rest-api",
        confidence=NAMED,
    ),
    _key("render", "Render key", r"\brnd_[A-Za-z0-9]{28,40}\b", "https://render.com/docs/api"),
    _key(
        "flyio",
        "Fly.io token",
        r"\bfm[12][ar]?_[A-Za-z0-9+/=_,-]{60,}|\bfo1_[\w-]{43}",
        "https://fly.io/docs/security/tokens/",
    ),
    _key(
        "jenkins-circleci",
        "CircleCI token",
        r"\bCCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[a-f0-9]{40}\b",
        "https://circleci.com/docs/managing-api-tokens/",
    ),
    _key(
        "sonarqube",
        "SonarQube token",
        r"\bsq[uap]_[a-f0-9]{40}\b",
        "https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens/",
    ),
    _key(
        "snyk",
        "Snyk token",
        _beside("snyk", _UUID),
        "https://docs.snyk.io/snyk-api/authentication-for-api",
        confidence=NAMED,
    ),
    _key(
        "launchdarkly",
        "LaunchDarkly key",
        rf"\b(?:sdk|api)-{_UUID}",
        "https://launchdarkly.com/docs/home/account/environment/keys",
    ),
    # --- data
    _key(
        "databricks",
        "Databricks token",
        r"\bdapi[a-f0-9]{32}(?:-[0-9])?\b",
        "https://docs.databricks.com/dev-tools/auth/pat.html",
    ),
    _key(
        "supabase",
        "Supabase key",
        r"\b(?:sbp_[a-f0-9]{40}|sb_secret_[\w-]{20,})",
        "https://supabase.com/docs/guides/api/api-keys",
    ),
    _key(
        "planetscale",
        "PlanetScale password or token",
        r"\bpscale_(?:tkn|pw|oauth)_[\w-]{32,64}",
        "https://planetscale.com/docs/concepts/service-tokens",
    ),
    _key(
        "mapbox",
        "Mapbox secret token",
        r"\bsk\.eyJ[\w-]{40,}\.[\w-]{20,}",
        "https://docs.mapbox.com/accounts/guides/tokens/",
    ),
    _key(
        "algolia",
        "Algolia admin key",
        _beside("algolia", _HEX32),
        "https://www.algolia.com/doc/guides/security/api-keys/",
        confidence=NAMED,
    ),
    _key(
        "hubspot",
        "HubSpot token",
        rf"\bpat-(?:na|eu|ap)[0-9]-{_UUID}",
        "https://developers.hubspot.com/docs/guides/apps/authentication/intro-to-auth",
    ),
    _key(
        "salesforce",
        "Salesforce session id",
        r"\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?![\w.]{80,}",
        "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/quickstart_oauth.htm",
    ),
    _key(
        "cloudant",
        "Cloudant key",
        _beside("cloudant", "[0-9a-f]{64}|[a-z]{24}"),
        "https://cloud.ibm.com/docs/Cloudant?topic=Cloudant-api-keys",
        confidence=NAMED,
    ),
    # --- models
    _key(
        "anthropic-key",
        "Anthropic key",
        r"\bsk-ant-(?:api|admin|sid|oat)[0-9]{2}-[\w-]{40,}",
        "https://docs.anthropic.com/en/api/getting-started",
    ),
    _key(
        "openai-key",
        "OpenAI key",
        r"\bsk-(?:(?:proj|svcacct|admin|None)-[\w-]{32,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})",
        "https://platform.openai.com/docs/api-reference/authentication",
    ),
    _key(
        "openrouter-key",
        "OpenRouter key",
        r"\bsk-or-v1-[0-9a-f]{64}\b",
        "https://openrouter.ai/docs/api-reference/authentication",
    ),
    _key(
        "huggingface",
        "Hugging Face token",
        r"\b(?:hf_[A-Za-z0-9]{34,40}|api_org_[A-Za-z0-9]{34})\b",
        "https://huggingface.co/docs/hub/security-tokens",
    ),
    _key("groq", "Groq key", r"\bgsk_[A-Za-z0-9]{48,56}\b", "https://console.groq.com/docs/quickstart"),
    _key("xai", "xAI key", r"\bxai-[A-Za-z0-9]{70,84}\b", "https://docs.x.ai/docs/tutorial"),
    _key("replicate", "Replicate token", r"\br8_[A-Za-z0-9]{37,40}\b", "https://replicate.com/docs/reference/http"),
    _key(
        "perplexity", "Perplexity key", r"\bpplx-[A-Za-z0-9]{48}\b", "https://docs.perplexity.ai/guides/getting-started"
    ),
    # --- social
    _key(
        "telegram-bot",
        "Telegram bot token",
        (
            r"\b(?:bot)?(?P<span>[0-9]{8,10}:AA[\w-]{32,34})\b",
            _beside("telegram|tg.?bot|bot.?token|bot.?api|botfather", "[0-9]{8,10}:[A-Za-z0-9_-]{35}"),
        ),
        "https://core.telegram.org/bots/api#authorizing-your-bot",
    ),
    _key(
        "discord-bot",
        "Discord bot token",
        (
            rf"\b(?P<span>(?:{_NUMBER})[\w-]{{19,24}}\.[\w-]{{6}}\.[\w-]{{27,38}})\b",
            _beside(
                "discord|bot.?token|discord.?token",
                r"[MNO][A-Za-z0-9_-]{23,27}[.][A-Za-z0-9_-]{6}[.][A-Za-z0-9_-]{27,38}",
            ),
        ),
        "https://discord.com/developers/docs/reference#authentication",
        check=discord_bot,
    ),
    _key(
        "facebook",
        "Facebook access token",
        r"\bEAA[A-Za-z0-9]{60,}",
        "https://developers.facebook.com/docs/facebook-login/guides/access-tokens/",
    ),
    _key(
        "linkedin",
        "LinkedIn secret",
        (
            r"\bWPL_AP[01]\.[A-Za-z0-9]{16}\.[A-Za-z0-9+/=]{6,10}",
            _beside("linkedin", "AQ[A-Za-z0-9_-]{60,}|[A-Za-z0-9]{16}"),
        ),
        "https://learn.microsoft.com/linkedin/shared/authentication/authentication",
        confidence=NAMED,
    ),
    _key(
        "twitter",
        "X (Twitter) token",
        (
            r"\bAAAAAAAAAAAAAAAAAAAAA[\w%+/=-]{40,}",
            _beside("twitter", "[0-9]{15,20}-[A-Za-z0-9]{40}|[A-Za-z0-9]{50}"),
        ),
        "https://docs.x.com/resources/fundamentals/authentication/overview",
        confidence=_LIKELY,
    ),
    _key(
        "twitch",
        "Twitch or Spotify secret",
        _beside("twitch|spotify", "[a-z0-9]{30}|[0-9a-f]{32}"),
        "https://dev.twitch.tv/docs/authentication/",
        confidence=NAMED,
    ),
)
