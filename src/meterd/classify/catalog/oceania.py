"""National, tax, bank and health numbers of Australia and New Zealand."""

from meterd.classify.catalog.declaring import number
from meterd.classify.model import Category, bare, formatted, identifier

CLASSIFIERS = (
    number(
        "au.abn",
        "Business number of Australia",
        "83 914 571 673",
        formatted(r"\d{2} \d{3} \d{3} \d{3}"),
        bare(r"\d{11}"),
        words=("abn", "business number"),
        category=Category.ORGANISATION,
    ),
    number(
        "au.acn",
        "Company number of Australia",
        "ACN 004 085 616",
        bare(r"\d{3} ?\d{3} ?\d{3}"),
        words=("acn",),
        category=Category.ORGANISATION,
    ),
    number(
        "au.tfn",
        "Tax file number of Australia",
        "TFN 123 456 782",
        bare(r"\d{3}[ -]?\d{3}[ -]?\d{2,3}"),
        words=(
            "tfn",
            "tax file",
            "tax file number",
            "tax file no",
        ),
    ),
    identifier(
        "au_medicare",
        "AU_MEDICARE",
        bare(r"[2-6]\d{3} ?\d{5} ?\d(?:[ -/]?\d)?"),
        description="Medicare card number of Australia",
        example="Medicare 2123 45670 1",
        validator="au_medicare",
        context=("medicare", "medicare card", "medicare number"),
        category=Category.HEALTH,
    ),
    identifier(
        "au_passport",
        "AU_PASSPORT",
        bare(r"[A-Z]{1,2}\d{7}"),
        description="Passport number of Australia",
        example="passport N1234567",
        context=("passport", "passport no", "passport number"),
        before=20,
    ),
    identifier(
        "au_bsb",
        "AU_BSB",
        bare(r"\d{3}-?\d{3}"),
        description="Bank branch number of Australia",
        example="BSB 062-000",
        context=("bsb",),
        category=Category.FINANCIAL,
    ),
    number(
        "nz.bankaccount",
        "Bank account number of New Zealand",
        "01-0242-0100194-00",
        formatted(r"\d{2}-\d{4}-\d{7}-\d{2,3}"),
        bare(r"\d{15,16}"),
        words=("account", "account number"),
        category=Category.FINANCIAL,
    ),
    number(
        "nz.ird",
        "Tax number of New Zealand",
        "IRD 49-098-576",
        bare(r"\d{2,3}[- ]?\d{3}[- ]?\d{3}"),
        words=(
            "ird",
            "ird number",
            "inland revenue",
            "ird no",
            "tax number",
        ),
    ),
)
