"""Addresses of networks and identifiers of devices and of their users."""

from meterd.classify.catalog.declaring import number
from meterd.classify.model import (
    Boundary,
    Category,
    Expression,
    Likelihood,
    Pattern,
    Rule,
    Set,
    Target,
    bare,
    formatted,
    identifier,
    refuse,
)

_IPV6_GROUP = "[0-9A-Fa-f]{1,4}"

_VERSION = (
    refuse(
        Expression(
            r"(?:\b(?:version|ver|release|build|firmware|update|upgrade)s?[\"']?[ :=<>~^]{0,4}v?|(?:[=~<>]=|[~^]>?) ?)"
            r"(?:[0-9.]+,? (?:and |to )?)*$",
            ignore_case=True,
        ),
        Target.CONTEXT,
    ),
    Rule(
        Expression(r"^\.(?:jar|whl|tar|zip|gz|deb|rpm|dll|exe|nupkg|so)\b"),
        Target.CONTEXT,
        Set(Likelihood.NO_MATCH),
        before=0,
        after=8,
    ),
)
"""Versions of programs have four numbers too."""

_NO_IPV6 = (
    refuse(
        r"^[A-Fa-f:]+$|^(?:[A-Ea-e][0-9A-Fa-f]{0,3}|[Ff][0-9A-Fa-f]{0,2}|[Ff][0-9ABab][0-9A-Fa-f]{2})::[0-9A-Fa-f]+$"
    ),
    Rule(Expression(r"^(?::|\(|<|\{|!|\.[A-Za-z_])"), Target.CONTEXT, Set(Likelihood.NO_MATCH), before=0, after=2),
    refuse(Expression("::$"), Target.CONTEXT),
)
"""Scopes of program code have two colons too; and an address leaves out groups once."""

_LONGER = (
    refuse(Expression(r"(?:^|[^0-9A-Za-z])[0-9A-Fa-f]{2}[:-]$"), Target.CONTEXT),
    Rule(
        Expression(r"^[:-][0-9A-Fa-f]{2}(?:[^0-9A-Za-z]|$)"),
        Target.CONTEXT,
        Set(Likelihood.NO_MATCH),
        before=0,
        after=4,
    ),
)
"""Fingerprints of keys are written like addresses of network interfaces, but longer."""

CLASSIFIERS = (
    identifier(
        "ipv4_address",
        "IPV4_ADDRESS",
        formatted(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"),
        category=Category.NETWORK,
        description="Internet address, version 4",
        example="192.168.10.24",
        validator="ipv4",
        context=("ip", "ip address", "host", "server", "address", "client"),
        rules=(refuse(r"^0\.|^255\.|^\d\.\d\.\d\.\d$"), *_VERSION),
    ),
    identifier(
        "ipv6_address",
        "IPV6_ADDRESS",
        Pattern(
            rf"(?:{_IPV6_GROUP}:){{7}}{_IPV6_GROUP}|(?:{_IPV6_GROUP}:){{1,6}}(?::{_IPV6_GROUP}){{1,6}}"
            rf"|(?:{_IPV6_GROUP}:){{1,7}}:|::(?:{_IPV6_GROUP}:){{0,6}}{_IPV6_GROUP}",
            boundary=Boundary.WORD,
            minimum_length=5,
        ),
        category=Category.NETWORK,
        description="Internet address, version 6",
        example="2001:db8::8a2e:370:7334",
        validator="ipv6",
        context=("ip", "ipv6", "host", "address"),
        rules=_NO_IPV6,
    ),
    identifier(
        "mac_address",
        "MAC_ADDRESS",
        formatted(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}"),
        formatted(r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"),
        rules=(refuse(r"^[0-9.]+$"), *_LONGER),
        category=Category.NETWORK,
        description="Address of a network interface",
        example="d0:50:99:84:a2:a0",
        context=("mac", "mac address", "hwaddr", "ethernet"),
    ),
    identifier(
        "url_with_user",
        "URL_WITH_USER",
        formatted(
            r"https?://[^\s/@]+/(?:users?|profiles?|in|u)/[0-9A-Za-z._-]{2,64}",
            boundary=Boundary.WORD,
        ),
        category=Category.NETWORK,
        description="Web address of a user's page",
        example="https://www.linkedin.com/in/jane-doe-1234",
    ),
    identifier(
        "url",
        "URL",
        Pattern(r"https?://[^\s<>\"']+", boundary=Boundary.ANYWHERE),
        category=Category.NETWORK,
        description="Web address",
        example="https://example.com/index.html",
        yields_to=("url_with_user", "basic_auth_url"),
    ),
    identifier(
        "internal_host_name",
        "INTERNAL_HOST_NAME",
        formatted(
            r"[a-z0-9][a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:internal|intranet|corp|lan|local)",
            boundary=Boundary.WORD,
        ),
        category=Category.NETWORK,
        description="Name of a machine in a private network",
        example="db01.prod.internal",
    ),
    identifier(
        "uuid",
        "UUID",
        formatted(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[1-8][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}"),
        category=Category.TECHNICAL,
        description="Universally unique identifier",
        example="123e4567-e89b-42d3-a456-426614174000",
    ),
    identifier(
        "advertising_identifier",
        "ADVERTISING_IDENTIFIER",
        bare(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"),
        category=Category.TECHNICAL,
        description="Advertising identifier of a telephone",
        example="IDFA 6D92078A-8246-4BA4-AE5B-76104861E7DC",
        context=("idfa", "gaid", "aaid", "advertising id", "idfv", "ad id"),
    ),
    identifier(
        "imei",
        "IMEI",
        formatted(r"\d{2}-\d{6}-\d{6}-\d"),
        bare(r"\d{15,16}|\d{8}-\d{6}-\d{2}"),
        category=Category.TECHNICAL,
        description="Number of a mobile telephone",
        example="IMEI 354178036859789",
        validator="stdnum:imei",
        context=("imei", "imei number", "imeisv"),
    ),
    number(
        "imsi",
        "Number of a mobile subscriber",
        "IMSI 310150123456789",
        bare(r"[2-7]\d{13,14}"),
        words=("imsi",),
        category=Category.TECHNICAL,
    ),
    number(
        "meid",
        "Number of a mobile telephone of CDMA networks",
        "MEID AF0123450ABCDE",
        bare(r"[0-9A-Fa-f]{14,15}|\d{18}"),
        words=("meid",),
        category=Category.TECHNICAL,
    ),
    identifier(
        "iccid",
        "ICCID",
        bare(r"89\d{16,18}"),
        category=Category.TECHNICAL,
        description="Number of a SIM card",
        example="ICCID 8944500102198304826",
        validator="luhn",
        context=("iccid", "sim", "sim card", "sim number"),
    ),
    identifier(
        "device_serial_number",
        "DEVICE_SERIAL_NUMBER",
        bare(r"[0-9A-Z]{8,14}"),
        category=Category.TECHNICAL,
        description="Serial number of a device",
        example="serial number C02XK1ZGJGH5",
        context=("serial number", "serial no", "s/n", "seriennummer", "numéro de série"),
        before=22,
    ),
    identifier(
        "user_agent",
        "USER_AGENT",
        Pattern(r"Mozilla/5\.0 \([^)\n]+\)[^\n\"']*", boundary=Boundary.WORD),
        category=Category.TECHNICAL,
        description="What a browser says of itself",
        example="Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
    ),
    identifier(
        "session_cookie",
        "SESSION_COOKIE",
        Pattern(
            r"(?i:JSESSIONID|PHPSESSID|ASP\.NET_SessionId|connect\.sid|sessionid)=([0-9A-Za-z%._:-]{16,200})",
            group=1,
            boundary=Boundary.WORD,
        ),
        category=Category.CREDENTIAL,
        description="Session cookie of a web application",
        example="Cookie: JSESSIONID=8F3A2B19C4D5E6F708192A3B4C5D6E7F",
    ),
    identifier(
        "arn",
        "ARN",
        formatted(r"arn:aws(?:-cn|-us-gov)?:[a-z0-9-]+:[a-z0-9-]*:\d{12}:[0-9A-Za-z/:._*-]+", boundary=Boundary.WORD),
        category=Category.TECHNICAL,
        description="Name of a resource at Amazon, with its account",
        example="arn:aws:iam::123456789012:user/jane",
    ),
    identifier(
        "file_path_with_user",
        "FILE_PATH_WITH_USER",
        formatted(r"(?:/home/|/Users/|[A-Z]:\\Users\\)[0-9A-Za-z._-]{2,32}", boundary=Boundary.ANYWHERE),
        category=Category.TECHNICAL,
        description="Path of a user's own folder",
        example="/home/jane.doe",
    ),
)
