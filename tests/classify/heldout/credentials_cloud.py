"""Credentials of clouds and of what runs in them, in the forms that their makers publish."""

import string
from base64 import b64encode
from random import Random

from tests.classify.heldout.drawing import (
    ALPHANUMERIC,
    BASE64,
    CAPITALS,
    HEXADECIMAL,
    WORD,
    Draw,
    characters,
    joined,
    one_of,
    some,
)
from tests.classify.heldout.kind import Kind
from tests.classify.heldout.token import nameless, token

UUID = joined(
    some(HEXADECIMAL, 8),
    "-",
    some(HEXADECIMAL, 4),
    "-4",
    some(HEXADECIMAL, 3),
    "-a",
    some(HEXADECIMAL, 3),
    "-",
    some(HEXADECIMAL, 12),
)


def encoded(length: int) -> Draw:
    """Random bytes in base 64."""
    return lambda random: b64encode(random.randbytes(length)).decode()


def _bedrock(random: Random) -> str:
    account = characters(random, string.digits, 12)
    inner = f"BedrockAPIKey-{characters(random, ALPHANUMERIC, 4)}-at-{account}:{encoded(44)(random)}"
    return "ABSK" + b64encode(inner.encode()).decode()


def _service_account(random: Random) -> str:
    inner = f'{{"email":"x@1passwordserviceaccounts.com","secretKey":"{characters(random, CAPITALS, 180)}"}}'
    return "ops_" + b64encode(inner.encode()).decode().rstrip("=")


def _client_key(random: Random) -> str:
    inner = f"-----BEGIN RSA PRIVATE KEY-----\n{encoded(600)(random)}\n-----END RSA PRIVATE KEY-----\n"
    return b64encode(inner.encode()).decode()


_STORAGE = encoded(64)
_SHARED = encoded(32)
_HEX64 = some(HEXADECIMAL, 64)

KINDS = (
    token(
        "AWS_ACCESS_KEY_ID",
        "AWS",
        "AWS_ACCESS_KEY_ID",
        one_of(
            some(string.ascii_uppercase + "234567", 16, "AKIA"), some(string.ascii_uppercase + "234567", 16, "ASIA")
        ),
    ),
    nameless("AWS_SECRET_ACCESS_KEY", "AWS secret access key", "AWS_SECRET_ACCESS_KEY", some(BASE64, 40)),
    token("AWS_BEDROCK_API_KEY", "Bedrock", "AWS_BEARER_TOKEN_BEDROCK", _bedrock),
    token("GCP_API_KEY", "Google Maps", "GOOGLE_API_KEY", some(WORD, 35, "AIza")),
    token("GCP_OAUTH_CLIENT_SECRET", "Google sign-in", "GOOGLE_CLIENT_SECRET", some(WORD, 28, "GOCSPX-")),
    token("GCP_OAUTH_ACCESS_TOKEN", "Google", "GOOGLE_ACCESS_TOKEN", some(WORD, 180, "ya29.a0Af")),
    token("GCP_OAUTH_REFRESH_TOKEN", "Google", "GOOGLE_REFRESH_TOKEN", some(WORD, 60, "1//0", "-L9Ir")),
    Kind(
        "AZURE_STORAGE_KEY",
        _STORAGE,
        (
            "DefaultEndpointsProtocol=https;AccountName=backups;AccountKey=<value>;EndpointSuffix=core.windows.net",
            "AZURE_STORAGE_KEY=<value>",
            "az storage blob list --account-name backups --account-key <value>",
            'AZURE_STORAGE_ACCOUNT_KEY: "<value>"',
            '{"storageAccount": "backups", "accountKey": "<value>"}',
        ),
    ),
    Kind(
        "AZURE_SHARED_ACCESS_KEY",
        _SHARED,
        (
            "Endpoint=sb://orders.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=<value>",
            "HostName=plant.azure-devices.net;DeviceId=press7;SharedAccessKey=<value>",
            'SERVICEBUS="Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=<value>;EntityPath=q"',
            "HostName=plant.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=<value>",
            "export EVENTHUB='Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=<value>'",
        ),
    ),
    Kind(
        "AZURE_SAS_SIGNATURE",
        joined(some(ALPHANUMERIC, 20), "%2B", some(ALPHANUMERIC, 22), "%3D"),
        (
            "https://backups.blob.core.windows.net/db/a.bak?sv=2022-11-02&st=2024-03-01T00%3A00%3A00Z&se=2024-04-01T00%3A00%3A00Z&sr=b&sp=r&sig=<value>",
            "azcopy copy 'https://x.blob.core.windows.net/c?sp=rl&se=2024-05-01&sv=2022-11-02&sr=c&sig=<value>' .",
            "SAS=?sv=2021-06-08&ss=b&srt=sco&sp=rwdlac&se=2024-12-31T23:00:00Z&spr=https&sig=<value>",
            "url: https://x.file.core.windows.net/share?sv=2020-08-04&sig=<value>&se=2024-12-31&sp=r",
            "GET /q/messages?sv=2019-12-12&se=2024-05-01T00%3A00%3A00Z&sp=raup&sig=<value> HTTP/1.1",
        ),
    ),
    token(
        "AZURE_CLIENT_SECRET",
        "Entra",
        "AZURE_CLIENT_SECRET",
        joined(some(ALPHANUMERIC, 3), "8Q~", some(ALPHANUMERIC + "_.~-", 33), "a"),
    ),
    token(
        "AZURE_DEVOPS_TOKEN",
        "Azure DevOps",
        "AZURE_DEVOPS_EXT_PAT",
        joined(some(ALPHANUMERIC, 76), "AZDO", some(ALPHANUMERIC, 4)),
    ),
    token(
        "AZURE_SERVICE_KEY",
        "Azure search",
        "AZURE_SEARCH_KEY",
        joined(some(ALPHANUMERIC, 42), "AzSe", some("ABCD", 1), some(ALPHANUMERIC, 5)),
    ),
    token(
        "AZURE_OPENAI_KEY",
        "Azure OpenAI",
        "AZURE_OPENAI_API_KEY",
        joined(some(ALPHANUMERIC, 52), "JQQJ99", some(CAPITALS, 10), "ACOG", some(ALPHANUMERIC, 12)),
    ),
    token("ALIBABA_ACCESS_KEY_ID", "Alibaba Cloud", "ALIBABA_CLOUD_ACCESS_KEY_ID", some(ALPHANUMERIC, 18, "LTAI5t")),
    token("TENCENT_SECRET_ID", "Tencent Cloud", "TENCENTCLOUD_SECRET_ID", some(ALPHANUMERIC, 32, "AKID")),
    token("YANDEX_API_KEY", "Yandex Cloud", "YC_API_KEY", some(WORD, 35, "AQVN", "x")),
    nameless("IBM_CLOUD_API_KEY", "IBM Cloud", "IBMCLOUD_API_KEY", some(WORD, 43, suffix="q")),
    token("DIGITALOCEAN_PERSONAL_TOKEN", "DigitalOcean", "DIGITALOCEAN_TOKEN", some(HEXADECIMAL, 64, "dop_v1_")),
    token("DIGITALOCEAN_OAUTH_TOKEN", "DigitalOcean", "DO_OAUTH_TOKEN", some(HEXADECIMAL, 64, "doo_v1_")),
    token("DIGITALOCEAN_REFRESH_TOKEN", "DigitalOcean", "DO_REFRESH_TOKEN", some(HEXADECIMAL, 64, "dor_v1_")),
    nameless("HEROKU_API_KEY", "Heroku", "HEROKU_API_KEY", one_of(UUID, joined("HRKU-", UUID))),
    token("FLY_IO_TOKEN", "Fly.io", "FLY_API_TOKEN", some(WORD, 42, "fo1_", "x")),
    token(
        "CLOUDFLARE_ORIGIN_CA_KEY",
        "Cloudflare",
        "CLOUDFLARE_ORIGIN_CA_KEY",
        joined("v1.0-", some(HEXADECIMAL, 24), "-", some(HEXADECIMAL, 146)),
    ),
    nameless("CLOUDFLARE_API_TOKEN", "Cloudflare", "CLOUDFLARE_API_TOKEN", some(WORD, 39, suffix="k")),
    nameless("VERCEL_TOKEN", "Vercel", "VERCEL_TOKEN", some(ALPHANUMERIC, 24)),
    token("NETLIFY_TOKEN", "Netlify", "NETLIFY_AUTH_TOKEN", some(ALPHANUMERIC, 36, "nfp_")),
    token("HASHICORP_VAULT_TOKEN", "Vault", "VAULT_TOKEN", some(WORD, 90, "hvs.CAES", "k")),
    token("HASHICORP_VAULT_BATCH_TOKEN", "Vault", "VAULT_TOKEN", some(WORD, 150, "hvb.AAAAAQ", "k")),
    token(
        "TERRAFORM_CLOUD_TOKEN",
        "Terraform Cloud",
        "TFE_TOKEN",
        joined(some(ALPHANUMERIC, 14), ".atlasv1.", some(ALPHANUMERIC, 67)),
    ),
    token("PULUMI_ACCESS_TOKEN", "Pulumi", "PULUMI_ACCESS_TOKEN", some(HEXADECIMAL, 40, "pul-")),
    token("DOPPLER_TOKEN", "Doppler", "DOPPLER_TOKEN", some(ALPHANUMERIC, 43, "dp.pt.")),
    token(
        "DOPPLER_SERVICE_TOKEN",
        "Doppler",
        "DOPPLER_TOKEN",
        one_of(some(ALPHANUMERIC, 43, "dp.st."), some(ALPHANUMERIC, 43, "dp.st.prd.")),
    ),
    token(
        "INFISICAL_SERVICE_TOKEN",
        "Infisical",
        "INFISICAL_TOKEN",
        joined("st.", some(HEXADECIMAL, 24), ".", some(HEXADECIMAL, 32), ".", some(HEXADECIMAL, 32)),
    ),
    token("ONEPASSWORD_SERVICE_ACCOUNT_TOKEN", "1Password", "OP_SERVICE_ACCOUNT_TOKEN", _service_account),
    token(
        "ONEPASSWORD_SECRET_KEY",
        "1Password",
        "OP_SECRET_KEY",
        joined("A3-", *(joined(some(CAPITALS, length), "-") for length in (6, 6, 5, 5, 5)), some(CAPITALS, 5)),
    ),
    token(
        "TAILSCALE_KEY",
        "Tailscale",
        "TS_AUTHKEY",
        joined("tskey-auth-k", some(ALPHANUMERIC, 11), "CNTRL-", some(ALPHANUMERIC, 32)),
    ),
    nameless(
        "NGROK_TOKEN",
        "ngrok authtoken",
        "NGROK_AUTHTOKEN",
        joined("2", some(ALPHANUMERIC, 26), "_", some(ALPHANUMERIC, 21)),
    ),
    token("SCALEWAY_ACCESS_KEY", "Scaleway", "SCW_ACCESS_KEY", some(CAPITALS, 17, "SCW")),
    token("OPENSHIFT_TOKEN", "OpenShift", "OC_TOKEN", some(WORD, 42, "sha256~", "8")),
    Kind(
        "KUBERNETES_SECRET",
        _client_key,
        (
            "users:\n- name: admin\n  user:\n    client-key-data: <value>",
            "    client-key-data: <value>",
            '{"user": {"client-key-data": "<value>"}}',
            "kubectl config view --raw\n  client-key-data: <value>\n",
            "please remove client-key-data: <value> from the wiki",
        ),
    ),
)
