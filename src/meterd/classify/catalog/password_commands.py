"""Commands and settings of programs in which a password stands at a place of its own, unnamed."""

_QUOTED = r"([^\s\"'`]{6,128})"
_CLIENTS = (
    "mysql|mysqldump|mysqladmin|mariadb|mongosh?|mongodump|mongorestore|sshpass|docker login|podman login"
    "|helm registry login|oc login|az login|redis-cli|zip|unzip|7z|smbclient|sqlcmd|bcp|cqlsh|influx|ldapsearch"
    "|ldapmodify|ldapadd|ssh-keygen|plink|pscp|psftp|mosquitto_(?:pub|sub)|ipmitool|rdesktop"
)
_USER = "(?:-[uaU]|--(?:auth|(?:proxy-)?user))"
_ASKED = r"[\"']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:-S|chpasswd|passwd)"
COMMANDS = (
    rf"(?:curl|wget|https?|xh)\b[^\n|]{{0,200}}?[ \t]{_USER}[ \t=]?[\"']?[^\s:\"'/]{{1,64}}:{_QUOTED}",
    rf"\b(?:{_CLIENTS})\b[^\n|;]{{0,120}}?[ \t]-(?:pw?|a|P|w|N)[ \t]?[\"']?{_QUOTED}",
    r"--?[a-z-]{0,20}(?:password|passwd|passphrase|pass|pwd)[ \t]+[\"']?([^\s\"'-][^\s\"']{5,127})",
    r"\blogin\s+\S{1,64}\s+(?:account\s+\S{1,64}\s+)?passw(?:or)?d\s+(\S{6,128})",
    r"(?:^|\n)[0-9A-Za-z.*-]{1,100}:(?:5432|6432|\*):[^\s:]{1,64}:[^\s:]{1,64}:([^\s:]{6,128})",
    r"(?i:identified by|(?:with|encrypted|set) password)[ \t]+(?:(?i:by)[ \t]+)?[\"']([^\"'\n]{6,128})[\"']",
    rf"(?i:convertto-securestring)[ \t]+(?:-(?i:string)[ \t]+)?[\"']{_QUOTED}",
    rf"(?i:\bnet use\b)[^\n]{{0,120}}?/(?i:user:)\S{{1,64}}[ \t]+[\"']?{_QUOTED}",
    rf"(?i:\bnet user)[ \t]+\S{{1,64}}[ \t]+[\"']?{_QUOTED}[\"']?[ \t]+/(?i:add)",
    r"-(?:passin|passout)[ \t]+pass:([^\s\"']{6,128})",
    r"-(?:store|key|dest|src)(?:store)?pass[ \t]+[\"']?([^\s\"'-][^\s\"']{5,127})",
    rf"\becho[ \t]+[\"']?(?:[a-z_][a-z0-9_-]*:)?([^\s\"'|]{{6,128}}){_ASKED}",
    r"\bhtpasswd[ \t]+-[a-zA-Z]*b[a-zA-Z]*[ \t]+(?:\S{1,80}[ \t]+)?\S{1,64}[ \t]+[\"']?([^\s\"']{6,128})",
    r"\b(?:requirepass|masterauth|wpa_passphrase[ \t]+\S{1,32})[ \t]+[\"']?([^\s\"']{6,128})",
    r"\b(?:psk|[a-z_]*(?:ssh|become|sudo)_pass)[ \t]?[:=][ \t]*[\"']?([^\s\"']{6,128})",
    r"WIFI:[^\n]{0,80}?P:([^;\n]{6,64});",
)
"""Of curl and clients of databases, options, netrc, pgpass, SQL, PowerShell, Windows, OpenSSL, keytool, Redis, WPA."""
