"""Addresses and keys of cryptocurrencies."""

from meterd.classify.catalog.declaring import acronyms
from meterd.classify.model import Boundary, Category, Classifier, bare, formatted, identifier

_WORDS = ("wallet", "address", "deposit")
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_BECH32 = "[02-9ac-hj-np-z]"


def _address(
    code: str, description: str, example: str, regex: str, validator: str | None, words: tuple[str, ...]
) -> Classifier:
    return identifier(
        code,
        code.upper(),
        formatted(regex, boundary=Boundary.WORD),
        category=Category.FINANCIAL,
        description=description,
        example=example,
        validator=validator,
        context=(*words, *_WORDS),
    )


CLASSIFIERS = (
    _address(
        "bitcoin_address",
        "Address of Bitcoin, older form",
        "1NEDqZPvTWRaoho48qXuLLsrYomMXPABfD",
        rf"[13]{_BASE58}{{25,34}}",
        "base58check",
        ("bitcoin", "btc"),
    ),
    _address(
        "bitcoin_segwit_address",
        "Address of Bitcoin, newer form",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        rf"bc1{_BECH32}{{11,71}}",
        "bech32",
        ("bitcoin", "btc"),
    ),
    _address(
        "litecoin_address",
        "Address of Litecoin",
        "LTC wallet LaMT348PWRnrqeeWArpwQPbuanpXDZGEUz",
        rf"[LM]{_BASE58}{{26,33}}",
        "base58check",
        ("litecoin", "ltc"),
    ),
    _address(
        "dogecoin_address",
        "Address of Dogecoin",
        "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
        rf"D[5-9A-HJ-NP-U]{_BASE58}{{32}}",
        "base58check",
        ("dogecoin", "doge"),
    ),
    _address(
        "tron_address",
        "Address of Tron",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        rf"T{_BASE58}{{33}}",
        "base58check",
        ("tron", "trx", "usdt"),
    ),
    _address(
        "ethereum_address",
        "Address of Ethereum and its kin",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        r"0x[0-9A-Fa-f]{40}",
        None,
        ("ethereum", "eth", "erc20"),
    ),
    _address(
        "cardano_address",
        "Address of Cardano",
        "addr1vpu5vlrf4xkxv2qpwngf6cjhtw542ayty80v8dyr49rf5eg0yu80w",
        rf"addr1{_BECH32}{{40,120}}",
        "bech32",
        ("cardano", "ada"),
    ),
    _address(
        "cosmos_address",
        "Address of Cosmos",
        "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh",
        rf"cosmos1{_BECH32}{{38}}",
        "bech32",
        ("cosmos", "atom"),
    ),
    _address(
        "stellar_address",
        "Address of Stellar",
        "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
        r"G[A-D][A-Z2-7]{54}",
        "stellar",
        ("stellar", "xlm"),
    ),
    _address(
        "monero_address",
        "Address of Monero",
        "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
        rf"[48][0-9AB]{_BASE58}{{93}}",
        None,
        ("monero", "xmr"),
    ),
    identifier(
        "ripple_address",
        "RIPPLE_ADDRESS",
        bare(rf"r{_BASE58}{{24,34}}", boundary=Boundary.WORD),
        category=Category.FINANCIAL,
        description="Address of Ripple",
        example="XRP wallet rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh",
        validator="ripple",
        context=("ripple", "xrp", "wallet"),
    ),
    identifier(
        "solana_address",
        "SOLANA_ADDRESS",
        bare(rf"{_BASE58}{{43,44}}", boundary=Boundary.WORD),
        category=Category.FINANCIAL,
        description="Address of Solana",
        example="Solana wallet 7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV",
        context=("solana", "spl token"),
        rules=(acronyms("SOL"),),
    ),
    identifier(
        "bitcoin_private_key",
        "BITCOIN_PRIVATE_KEY",
        formatted(rf"5[HJK]{_BASE58}{{49}}|[KL]{_BASE58}{{51}}", boundary=Boundary.WORD),
        category=Category.CREDENTIAL,
        description="Private key of Bitcoin in wallet import format",
        example="5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
        validator="base58check",
        context=("private key", "wif"),
    ),
    identifier(
        "extended_private_key",
        "EXTENDED_PRIVATE_KEY",
        formatted(rf"xprv{_BASE58}{{107}}", boundary=Boundary.WORD),
        category=Category.CREDENTIAL,
        description="Extended private key of a wallet",
        example="xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        validator="base58check",
    ),
)
