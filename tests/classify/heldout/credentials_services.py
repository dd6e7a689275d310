"""Credentials of language models, payment, messages and other services, in the forms that their makers publish."""

import string
from base64 import b64encode
from random import Random

from tests.classify.heldout.credentials_cloud import UUID
from tests.classify.heldout.drawing import (
    ALPHANUMERIC,
    BASE64,
    CAPITALS,
    HEXADECIMAL,
    WORD,
    joined,
    masked,
    one_of,
    some,
)
from tests.classify.heldout.token import nameless, token

_LOWER = string.ascii_lowercase + string.digits
_HEX32 = some(HEXADECIMAL, 32)


def _intercom(random: Random) -> str:
    inner = f"tok:{UUID(random).replace('-', '_')}:1:0"
    return b64encode(inner.encode()).decode()


def _discord(random: Random) -> str:
    identifier = b64encode(str(random.randrange(10**17, 10**18)).encode()).decode().rstrip("=")
    return f"{identifier}.G{some(WORD, 5)(random)}.{some(WORD, 37)(random)}k"


def _mapbox(random: Random) -> str:
    inner = f'{{"u":"acme","a":"cl{some(_LOWER, 23)(random)}"}}'
    return f"sk.{b64encode(inner.encode()).decode().rstrip('=')}.{some(WORD, 21)(random)}w"


KINDS = (
    token(
        "OPENAI_API_KEY",
        "OpenAI",
        "OPENAI_API_KEY",
        one_of(
            joined("sk-proj-", some(WORD, 74), "T3BlbkFJ", some(WORD, 73), "A"),
            joined("sk-", some(ALPHANUMERIC, 20), "T3BlbkFJ", some(ALPHANUMERIC, 20)),
            joined("sk-svcacct-", some(WORD, 74), "T3BlbkFJ", some(WORD, 73), "A"),
        ),
    ),
    token("ANTHROPIC_API_KEY", "Claude", "ANTHROPIC_API_KEY", some(WORD, 93, "sk-ant-api03-", "AA")),
    token("HUGGING_FACE_TOKEN", "Hugging Face", "HF_TOKEN", some(string.ascii_letters, 34, "hf_")),
    token(
        "HUGGING_FACE_ORGANISATION_TOKEN", "Hugging Face", "HF_ORG_TOKEN", some(string.ascii_letters, 34, "api_org_")
    ),
    token("GROQ_API_KEY", "Groq", "GROQ_API_KEY", some(ALPHANUMERIC, 52, "gsk_")),
    token("PERPLEXITY_API_KEY", "Perplexity", "PERPLEXITY_API_KEY", some(ALPHANUMERIC, 48, "pplx-")),
    token("REPLICATE_TOKEN", "Replicate", "REPLICATE_API_TOKEN", some(ALPHANUMERIC, 37, "r8_")),
    token("XAI_API_KEY", "Grok", "XAI_API_KEY", some(ALPHANUMERIC, 80, "xai-")),
    token("FIREWORKS_API_KEY", "Fireworks", "FIREWORKS_API_KEY", some(ALPHANUMERIC, 24, "fw_")),
    token("OPENROUTER_API_KEY", "OpenRouter", "OPENROUTER_API_KEY", some(HEXADECIMAL, 64, "sk-or-v1-")),
    token("NVIDIA_API_KEY", "NVIDIA NIM", "NVIDIA_API_KEY", some(WORD, 63, "nvapi-", "z")),
    token("CEREBRAS_API_KEY", "Cerebras", "CEREBRAS_API_KEY", some(_LOWER, 48, "csk-")),
    token(
        "TAVILY_API_KEY",
        "Tavily",
        "TAVILY_API_KEY",
        one_of(some(ALPHANUMERIC, 32, "tvly-"), some(ALPHANUMERIC, 32, "tvly-dev-")),
    ),
    token(
        "LANGSMITH_API_KEY",
        "LangSmith",
        "LANGSMITH_API_KEY",
        joined(one_of("lsv2_pt_", "lsv2_sk_"), _HEX32, "_", some(HEXADECIMAL, 10)),
    ),
    token("LANGFUSE_KEY", "Langfuse", "LANGFUSE_SECRET_KEY", joined("sk-lf-", UUID)),
    token(
        "PINECONE_API_KEY",
        "Pinecone",
        "PINECONE_API_KEY",
        joined("pcsk_", some(ALPHANUMERIC, 5), "_", some(ALPHANUMERIC, 63)),
    ),
    token(
        "STRIPE_SECRET_KEY",
        "Stripe",
        "STRIPE_SECRET_KEY",
        joined(
            one_of("sk_live_51", "rk_live_51", "sk_test_51"), one_of(some(ALPHANUMERIC, 97), some(ALPHANUMERIC, 22))
        ),
    ),
    token("STRIPE_WEBHOOK_SECRET", "Stripe", "STRIPE_WEBHOOK_SECRET", some(ALPHANUMERIC, 32, "whsec_")),
    token(
        "SQUARE_ACCESS_TOKEN",
        "Square",
        "SQUARE_ACCESS_TOKEN",
        one_of(some(WORD, 59, "EAAA", "z"), some(WORD, 21, "sq0atp-", "z")),
    ),
    token("SQUARE_OAUTH_SECRET", "Square", "SQUARE_APPLICATION_SECRET", some(WORD, 42, "sq0csp-", "z")),
    token(
        "PAYPAL_ACCESS_TOKEN",
        "Braintree",
        "BRAINTREE_ACCESS_TOKEN",
        joined("access_token$production$", some(_LOWER, 16), "$", _HEX32),
    ),
    token("PLAID_TOKEN", "Plaid", "PLAID_ACCESS_TOKEN", joined(one_of("access-sandbox-", "access-production-"), UUID)),
    token(
        "RAZORPAY_KEY",
        "Razorpay",
        "RAZORPAY_KEY_ID",
        one_of(some(ALPHANUMERIC, 14, "rzp_live_"), some(ALPHANUMERIC, 14, "rzp_test_")),
    ),
    token(
        "MERCADO_PAGO_TOKEN",
        "Mercado Pago",
        "MP_ACCESS_TOKEN",
        joined(masked("APP_USR-################-03####-"), _HEX32, masked("-#########")),
    ),
    token(
        "FLUTTERWAVE_KEY",
        "Flutterwave",
        "FLW_SECRET_KEY",
        one_of(joined("FLWSECK-", _HEX32, "-X"), joined("FLWSECK_TEST-", _HEX32, "-X")),
    ),
    token(
        "SHOPIFY_TOKEN",
        "Shopify",
        "SHOPIFY_ACCESS_TOKEN",
        joined(one_of("shpat_", "shpca_", "shppa_", "shpss_"), _HEX32),
    ),
    token(
        "SLACK_TOKEN",
        "Slack",
        "SLACK_TOKEN",
        one_of(
            joined(masked("xoxb-############-#############-"), some(ALPHANUMERIC, 24)),
            joined(masked("xoxp-###########-############-#############-"), _HEX32),
        ),
    ),
    token(
        "SLACK_APP_TOKEN",
        "Slack",
        "SLACK_APP_TOKEN",
        joined("xapp-1-A0", some(CAPITALS, 9), masked("-#############-"), some(HEXADECIMAL, 64)),
    ),
    token(
        "SLACK_WEBHOOK",
        "Slack",
        "SLACK_WEBHOOK_URL",
        joined(
            "https://hooks.slack.com/services/T",
            some(CAPITALS, 10),
            "/B",
            some(CAPITALS, 10),
            "/",
            some(ALPHANUMERIC, 24),
        ),
    ),
    token(
        "MICROSOFT_TEAMS_WEBHOOK",
        "Teams",
        "TEAMS_WEBHOOK",
        joined("https://acme.webhook.office.com/webhookb2/", UUID, "@", UUID, "/IncomingWebhook/", _HEX32, "/", UUID),
    ),
    token("DISCORD_BOT_TOKEN", "Discord", "DISCORD_TOKEN", _discord),
    token(
        "DISCORD_WEBHOOK",
        "Discord",
        "DISCORD_WEBHOOK",
        joined(masked("https://discord.com/api/webhooks/1#################/"), some(WORD, 67), "z"),
    ),
    token(
        "TELEGRAM_BOT_TOKEN",
        "Telegram",
        "TELEGRAM_BOT_TOKEN",
        joined(masked("6#########:AA", "1########:AA"), some(WORD, 32), "z"),
    ),
    token("TWILIO_ACCOUNT_SID", "Twilio", "TWILIO_ACCOUNT_SID", joined("AC", _HEX32)),
    token("TWILIO_API_KEY", "Twilio", "TWILIO_API_KEY", joined("SK", _HEX32)),
    token("SENDGRID_API_KEY", "SendGrid", "SENDGRID_API_KEY", joined("SG.", some(WORD, 22), ".", some(WORD, 42), "z")),
    token(
        "MAILGUN_API_KEY",
        "Mailgun",
        "MAILGUN_API_KEY",
        one_of(joined("key-", _HEX32), joined(_HEX32, "-", some(HEXADECIMAL, 8), "-", some(HEXADECIMAL, 8))),
    ),
    token("MAILCHIMP_API_KEY", "Mailchimp", "MAILCHIMP_API_KEY", joined(_HEX32, one_of("-us5", "-us12", "-us21"))),
    token(
        "BREVO_API_KEY",
        "Brevo",
        "BREVO_API_KEY",
        joined("xkeysib-", some(HEXADECIMAL, 64), "-", some(ALPHANUMERIC, 16)),
    ),
    token(
        "RESEND_API_KEY", "Resend", "RESEND_API_KEY", joined("re_", some(ALPHANUMERIC, 8), "_", some(ALPHANUMERIC, 24))
    ),
    token("HUBSPOT_PRIVATE_TOKEN", "HubSpot", "HUBSPOT_TOKEN", joined(one_of("pat-na1-", "pat-eu1-"), UUID)),
    token(
        "SALESFORCE_ACCESS_TOKEN",
        "Salesforce",
        "SF_ACCESS_TOKEN",
        joined("00D", some(ALPHANUMERIC, 12), "!AR8AQ", some(ALPHANUMERIC + "._", 89), "z"),
    ),
    token("INTERCOM_ACCESS_TOKEN", "Intercom", "INTERCOM_ACCESS_TOKEN", _intercom),
    token(
        "TYPEFORM_TOKEN",
        "Typeform",
        "TYPEFORM_TOKEN",
        joined("tfp_", some(ALPHANUMERIC, 44), "_", some(ALPHANUMERIC, 14)),
    ),
    token("CONTENTFUL_TOKEN", "Contentful", "CONTENTFUL_MANAGEMENT_TOKEN", some(WORD, 42, "CFPAT-", "z")),
    token("DROPBOX_TOKEN", "Dropbox", "DROPBOX_ACCESS_TOKEN", some(WORD, 137, "sl.B", "z")),
    token("FACEBOOK_ACCESS_TOKEN", "Facebook", "FB_ACCESS_TOKEN", some(ALPHANUMERIC, 170, "EAAG", "ZDZD")),
    token("INSTAGRAM_ACCESS_TOKEN", "Instagram", "IG_ACCESS_TOKEN", some(ALPHANUMERIC, 150, "IGQVJ", "ZD")),
    token(
        "TWITTER_BEARER_TOKEN",
        "Twitter",
        "TWITTER_BEARER_TOKEN",
        joined("A" * 22, some(ALPHANUMERIC, 34), "%3D", some(ALPHANUMERIC, 50)),
    ),
    token(
        "LINKEDIN_CLIENT_SECRET",
        "LinkedIn",
        "LINKEDIN_CLIENT_SECRET",
        joined("WPL_AP1.", some(ALPHANUMERIC, 16), ".", some(BASE64, 6), "=="),
    ),
    token("MAPBOX_SECRET_TOKEN", "Mapbox", "MAPBOX_SECRET_TOKEN", _mapbox),
    token("AGE_SECRET_KEY", "age", "SOPS_AGE_KEY", some("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58, "AGE-SECRET-KEY-1")),
    token(
        "DUFFEL_TOKEN",
        "Duffel",
        "DUFFEL_ACCESS_TOKEN",
        joined(one_of("duffel_live_", "duffel_test_"), some(WORD, 42), "z"),
    ),
    token("EASYPOST_KEY", "EasyPost", "EASYPOST_API_KEY", joined(one_of("EZAK", "EZTK"), some(ALPHANUMERIC, 54))),
    nameless("LOB_KEY", "Lob", "LOB_API_KEY", joined(one_of("live_", "test_"), some(HEXADECIMAL, 35))),
    token(
        "SHIPPO_TOKEN", "Shippo", "SHIPPO_TOKEN", joined(one_of("shippo_live_", "shippo_test_"), some(HEXADECIMAL, 40))
    ),
    token("README_API_KEY", "ReadMe", "README_API_KEY", some(_LOWER, 70, "rdme_")),
    token(
        "CLICKUP_TOKEN", "ClickUp", "CLICKUP_TOKEN", joined(masked("pk_########_", "pk_#######_"), some(CAPITALS, 32))
    ),
    token("FRAMEIO_TOKEN", "Frame.io", "FRAMEIO_TOKEN", some(WORD, 63, "fio-u-", "z")),
    token(
        "DEFINED_NETWORKING_TOKEN",
        "Defined Networking",
        "DN_TOKEN",
        joined("dnkey-", some(_LOWER, 26), "-", some(_LOWER, 52)),
    ),
    token("POSTHOG_PERSONAL_KEY", "PostHog", "POSTHOG_PERSONAL_API_KEY", some(ALPHANUMERIC, 43, "phx_")),
)
