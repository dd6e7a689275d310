"""Passwords and keys are found where they are named, in any form; what names none is left alone."""

import json

import pytest

from meterd.classify import Engine, codes
from meterd.classify.system import system_library

ENGINE = Engine(system_library())
NAMED = codes([("password_assignment", 1), ("secret_assignment", 1)])
PASSWORD = "kQ7vR2mZ9xT4wB"
KEY = "gVesno25CWkKjfc9sw8bT1t9K8Jn8H0a"


def found(text: str) -> list[str]:
    return [match.text for match in ENGINE.classify(text, NAMED)]


@pytest.mark.parametrize(
    "form",
    [
        "password = {}",
        "password={};",
        "password:    {}",
        'password = "{}"',
        "DB_PASS = {}",
        "MAIL_PASS={}",
        "pw: {}",
        "POSTGRES_PASSWORD: {}",
        'os.environ["DB_PASSWORD"] = "{}"',
        "$config['db']['password'] = '{}';",
        "define('DB_PASSWORD', '{}');",
        'define( "DB_PASSWORD" , "{}" );',
        'os.environ.setdefault("PGPASSWORD", "{}")',
        'properties.setProperty("password", "{}");',
        'builder.password("{}")',
        'user.setPassword("{}");',
        ":password => '{}'",
        'password := "{}"',
        '  db_password            = "{}"',
        "<server><password>{}</password></server>",
        "<password>\n  {}\n</password>",
        '<password type="plain">{}</password>',
        "<Password><![CDATA[{}]]></Password>",
        '<property name="hibernate.connection.password" value="{}"/>',
        "<add key='SmtpPassword' value='{}' />",
        '<entry key="db.password">{}</entry>',
        "curl -u admin:{} https://api.example.com/v1",
        "curl -s --user 'admin:{}' https://api.example.com",
        "curl https://api.example.com -uadmin:{}",
        "wget --user ann --password {} https://x.example",
        "mysql -u root -p{} shop",
        "mysqldump --host db --password={} shop",
        "sshpass -p '{}' ssh ann@host",
        "docker login -u ann -p {} registry.example.com",
        "redis-cli -a {} ping",
        "machine api.example.com login ann password {}",
        "machine api.example.com\n  login ann\n  password {}",
        "default login ann password {}",
        "db.example.com:5432:shop:ann:{}",
        "CREATE USER ann IDENTIFIED BY '{}';",
        "ALTER ROLE ann WITH PASSWORD '{}';",
        'ConvertTo-SecureString "{}" -AsPlainText -Force',
        "My password is {} and it stopped working",
        "the password for the staging server is {}.",
        "password is now {}",
        "her new password was: {}",
        "password {}",
        "the password (temporary): {}",
        "log in with {} as the password",
        "{} is my new password",
        "Passwort lautet {}",
        "Das Kennwort ist {}.",
        "mein Passwort für das Portal ist {}",
        "mot de passe : {}",
        "le mot de passe est {}",
        "la contraseña es {}",
        "contraseña: {}",
        "a senha é {}",
        "la password è {}",
        "het wachtwoord is {}",
        "hasło to {}",
        "lösenord: {}",
        "пароль: {}",
        "пароль от почты {}",
        "мой пароль — {}",
        "密码：{}",
        "密码是{}，请保密",
        "密碼為 {}",
        "パスワード：{}",
        "パスワードは「{}」です",
        "パスワードは{}です。",
        "비밀번호는 {} 입니다",
        "كلمة المرور: {}",
        "הסיסמה: {}",
        "şifre: {}",
        "mật khẩu: {}",
    ],
)
def test_a_password_is_found_whole_in_every_form_that_names_it(form: str) -> None:
    assert [PASSWORD] == found(form.format(PASSWORD))


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("name", ["password", "DB_PASSWORD", "userPassword", "passphrase"])
def test_a_password_in_json_is_found_however_deep(name: str, times: int) -> None:
    text = json.dumps({"user": "ann", name: "LIkaQwK744sG54VgABW", "n": 1})
    for _ in range(times - 1):
        text = json.dumps({"arguments": text})
    assert ["LIkaQwK744sG54VgABW"] == found(text)


@pytest.mark.parametrize(
    "form",
    [
        "api_key = {}",
        "API key: {}",
        "x-api-key: {}",
        "the API key is {}",
        '{{"clientSecret": "{}"}}',
        "<apiKey>{}</apiKey>",
        "<add key='ApiKey' value='{}'/>",
        'setenv("SECRET_KEY", "{}")',
        "signing key: {}",
        "my access token is {}",
        "--api-key {}",
        "bot_token={}",
    ],
)
def test_a_key_is_found_whole_in_every_form_that_names_it(form: str) -> None:
    assert [KEY] == found(form.format(KEY))


@pytest.mark.parametrize(
    "text",
    [
        "The password is required and must be changed every 90 days.",
        "Forgot your password? Reset password here.",
        "My password is not working, please reset it.",
        "password is incorrect",
        "A password must have at least 12 characters.",
        "the password for this account is managed by the administrator",
        "password policy: minimum-length, expires-after",
        "fields = ['username', 'password', 'confirm_password']",
        '<label for="password">Password</label>',
        '<input type="password" name="password" value="" placeholder="Password"/>',
        "<password></password>",
        "<password>${db.password}</password>",
        "curl -u $USER:$PASSWORD https://api.example.com",
        "curl -u username:password https://api.example.com",
        "docker run -p 8080:80 -p 8443:443 nginx",
        "mkdir -p path/to/some2/directory3",
        "mysql -u root -p shop",
        "mysql -P 33060 -h db",
        "--password PASSWORD --host db",
        "login form password field",
        "define('DB_PASSWORD', getenv('DB_PASSWORD'));",
        'getpass.getpass("Password: ")',
        "pass: everything is fine",
        "all 12345678 tests pass",
        "first pass = finished",
        "compass: northeast",
        "Passwort vergessen? Bitte wenden Sie sich an die Verwaltung.",
        "Das Passwort wurde geändert.",
        "Le mot de passe est obligatoire.",
        "La contraseña es obligatoria.",
        "Введите пароль для входа.",
        "请输入密码",
        "パスワードを入力してください。",
        "비밀번호를 입력하세요",
        "the secret is to keep going",
        "secret of success",
        "access token expired at midnight",
        "api key rotation-and-retention-policy-document",
        "parola chiave",
        "IDENTIFIED BY PASSWORD",
    ],
)
def test_what_names_no_password_is_left_alone(text: str) -> None:
    assert [] == found(text)
