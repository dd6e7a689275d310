"""Texts of kinds that slipped through once, with what is in them; and what only looks like it."""

import pytest

from meterd.classify import Engine, profile
from meterd.classify.system import DEFAULT_UUID, system_library

ENGINE = Engine(system_library())


def found(text: str) -> list[tuple[str, str]]:
    return [(match.classifier, match.text) for match in ENGINE.classify(text, profile(DEFAULT_UUID, 1))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mail: \x1b[1mann@example.com\x1b[0m", "ann@example.com"),
        ("phone: \x1b[32m321-507-0525\x1b[0m", "321-507-0525"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAQYLPMN5HHHFPZAM2%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Expires=604800&X-Amz-Signature=9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0",
            "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0",
        ),
        ("My password is kQ7vR2mZ9xT4wB and it stopped working", "kQ7vR2mZ9xT4wB"),
        ("<CNPJ>12ABC34501DE35</CNPJ>", "12ABC34501DE35"),
        ("curl -u admin:kQ7vR2mZ9xT4wB https://api.example.com/v1", "kQ7vR2mZ9xT4wB"),
        ("Steuerliche Identifikationsnummer: 65929970489", "65929970489"),
        ("mail ann.lee@example.com\u200b.", "ann.lee@example.com"),
        ('{"m":"key\\nAKIAQYLPMN5HHHFPZAM2\\n"}', "AKIAQYLPMN5HHHFPZAM2"),
        ('{"m":"a\\nann.lee@example.com"}', "ann.lee@example.com"),
        ('{"note":"line1\\n321-507-0525\\nline3"}', "321-507-0525"),
        ('{"arguments":"{\\"password\\":\\"LIkaQwK744sG54VgABW\\"}"}', "LIkaQwK744sG54VgABW"),
        ('{"note":"call\\n536-90-4399\\tnow"}', "536-90-4399"),
        ("machine api.example.com login ann password kQ7vR2mZ9xT4wB", "kQ7vR2mZ9xT4wB"),
        ("\u5bc6\u7801\uff1akQ7vR2mZ9xT4wB", "kQ7vR2mZ9xT4wB"),
        ("\u30d1\u30b9\u30ef\u30fc\u30c9\uff1akQ7vR2mZ9xT4wB", "kQ7vR2mZ9xT4wB"),
        ("GET https://shop.example/unsubscribe?email=ann.lee%40example.com&x=1", "ann.lee%40example.com"),
        ("define('DB_PASSWORD', 'kQ7vR2mZ9xT4wB');", "kQ7vR2mZ9xT4wB"),
        ("mail y@z.xn--p1ai", "y@z.xn--p1ai"),
        ("personnummer 701063-2391", "701063-2391"),
        ("SSN: 536 90 4399", "536 90 4399"),
        ("card number 4012  8888  8888  1881", "4012  8888  8888  1881"),
        ("card number 4012\u202f8888\u202f8888\u202f1881", "4012\u202f8888\u202f8888\u202f1881"),
        ("card number 4012\t8888\t8888\t1881", "4012\t8888\t8888\t1881"),
        ("t\xe9l\xe9phone 06\xa012\xa034\xa056\xa078", "06\xa012\xa034\xa056\xa078"),
        ("IBAN DE89\xa03704\xa00044\xa00532\xa00130\xa000", "DE89\xa03704\xa00044\xa00532\xa00130\xa000"),
        ("NI number AB\xa012\xa034\xa056\xa0C", "AB\xa012\xa034\xa056\xa0C"),
        (
            "call me on phone \u0663\u0662\u0661-\u0665\u0660\u0667-\u0660\u0665\u0662\u0665",
            "\u0663\u0662\u0661-\u0665\u0660\u0667-\u0660\u0665\u0662\u0665",
        ),
        (
            "\u96fb\u8a71 \uff10\uff13\uff0d\uff13\uff12\uff11\uff10\uff0d\uff14\uff15\uff16\uff17",
            "\uff10\uff13\uff0d\uff13\uff12\uff11\uff10\uff0d\uff14\uff15\uff16\uff17",
        ),
        ("call me on phone 321\u2011507\u20110525", "321\u2011507\u20110525"),
        ("phone 321\u200b-507\u200b-0525", "321\u200b-507\u200b-0525"),
        ("my SSN is 536\u201190\u20114399", "536\u201190\u20114399"),
        ("<server><password>kQ7vR2mZ9xT4wB</password></server>", "kQ7vR2mZ9xT4wB"),
    ],
)
def test_a_value_is_found_to_the_character(text: str, value: str) -> None:
    assert value in [matched for _, matched in found(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("git clone git@github.com:acme/widgets.git", "EMAIL_ADDRESS"),
        ("let a = fe::ed::add(1);", "IPV6_ADDRESS"),
        ("2001::25de::cade", "IPV6_ADDRESS"),
        ("let b = dead::beef::cafe;", "IPV6_ADDRESS"),
        ("vec::fade::add(x)", "IPV6_ADDRESS"),
        ("use be::f32; let c = a1::b2;", "IPV6_ADDRESS"),
        ("call abba::e2(1)", "IPV6_ADDRESS"),
        ("fe80::1::2 is none", "IPV6_ADDRESS"),
        ("git remote add origin git@gitlab.example.com:group/sub/repo.git", "EMAIL_ADDRESS"),
        ("ssh://git@bitbucket.example.org/team/repo", "EMAIL_ADDRESS"),
        ("scp report.csv deploy@build.example.com:/srv/reports/", "EMAIL_ADDRESS"),
        ("rsync -a site/ www@web1.example.com:site/", "EMAIL_ADDRESS"),
        ("ssh -p 2222 ubuntu@host.example.com", "EMAIL_ADDRESS"),
        ("npm install lodash@4.17.21.tgz and logo@2x.png", "EMAIL_ADDRESS"),
        ("12ABC34501DE35 is a part number", "BR_CNPJ"),
        ("order 536 90 4399 and 536.90.4399", "US_SSN"),
        ("personnummer 701093-2391", "SE_PERSONNUMMER"),
    ],
)
def test_what_only_looks_like_a_value_is_not_reported(text: str, name: str) -> None:
    assert name not in [classifier for classifier, _ in found(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SSN 536.90.4399", "536.90.4399"),
        ("SSN536904399 SSN#536-90-4399", "536904399"),
        ("ssn:536-90-4399,", "536-90-4399"),
        ("social_security_number=536904399", "536904399"),
        ("addresses 2001:db8::8a2e:370:7334 and fe80::1", "2001:db8::8a2e:370:7334"),
        ("ping fd00::1", "fd00::1"),
        ("listen on [2001:db8::1]:443", "2001:db8::1"),
        ("write to ann@example.com: she knows", "ann@example.com"),
        ("mailto:ann@example.com", "ann@example.com"),
        ("y@xn--80ak6aa92e.xn--p1ai.", "y@xn--80ak6aa92e.xn--p1ai"),
        ("\u8bf7\u8054\u7cfbann@example.com\u8c22\u8c22", "ann@example.com"),
        ("ann@example.com\uc785\ub2c8\ub2e4", "ann@example.com"),
        ("\u30e1\u30fc\u30eb\uff1aann@example.com\u3002", "ann@example.com"),
        (
            "\u043f\u043e\u0447\u0442\u0430@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
            "\u043f\u043e\u0447\u0442\u0430@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
        ),
        ("m\u00fcller@b\u00fccher.example", "m\u00fcller@b\u00fccher.example"),
        ("samordningsnummer 19701063-2391", "19701063-2391"),
        ("CNPJ 12.ABC.345/01DE-35", "12.ABC.345/01DE-35"),
        ("cnpj: 16727230000197", "16727230000197"),
    ],
)
def test_siblings_of_these_values_are_found(text: str, value: str) -> None:
    assert value in [matched for _, matched in found(text)]
