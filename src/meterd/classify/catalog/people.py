"""What is said of a person: age, traits and names."""

from meterd.classify.model import Boundary, Category, Pattern, bare, formatted, identifier

CLASSIFIERS = (
    identifier(
        "age",
        "AGE",
        formatted(
            r"(?:[1-9]\d|1[01]\d)[- ](?:years?[- ]old|year-old|yrs? old|y/o|Jahre alt|ans|años)", boundary=Boundary.WORD
        ),
        bare(r"[1-9]\d?"),
        category=Category.DEMOGRAPHIC,
        description="Age of a person",
        example="34 years old",
        context=("aged", "age:"),
        before=8,
    ),
    identifier(
        "gender",
        "GENDER",
        bare(r"(?i:male|female|man|woman|non-binary|transgender|männlich|weiblich|divers|homme|femme)"),
        category=Category.DEMOGRAPHIC,
        description="Gender of a person that is named as such",
        example="gender: female",
        context=("gender", "sex", "geschlecht", "sexe", "sexo"),
        before=12,
    ),
    identifier(
        "marital_status",
        "MARITAL_STATUS",
        bare(r"(?i:single|married|divorced|widowed|separated|ledig|verheiratet|geschieden|verwitwet)"),
        category=Category.DEMOGRAPHIC,
        description="Marital status of a person",
        example="marital status: divorced",
        context=("marital status", "familienstand", "situation familiale", "estado civil"),
        before=22,
    ),
    identifier(
        "nationality",
        "NATIONALITY",
        bare(r"[A-Z][A-Za-zÀ-ɏ]+"),
        category=Category.DEMOGRAPHIC,
        description="Nationality of a person",
        example="nationality: Brazilian",
        context=("nationality:", "citizenship:", "staatsangehörigkeit:", "nationalité:", "nacionalidad:"),
        before=16,
    ),
    identifier(
        "religion",
        "RELIGION",
        bare(
            r"(?i:christian|catholic|protestant|orthodox|muslim|jewish|hindu|buddhist|sikh|atheist|evangelisch"
            r"|katholisch|konfessionslos)"
        ),
        category=Category.DEMOGRAPHIC,
        description="Religion of a person that is named as such",
        example="religion: Buddhist",
        context=("religion", "faith", "konfession", "religión"),
        before=16,
    ),
    identifier(
        "ethnicity",
        "ETHNICITY",
        bare(r"(?i:caucasian|hispanic|latino|latina|african american|asian|black|white|native american)"),
        category=Category.DEMOGRAPHIC,
        description="Ethnic group of a person that is named as such",
        example="ethnicity: Hispanic",
        context=("ethnicity", "race:", "ethnic group"),
        before=16,
    ),
    identifier(
        "sexual_orientation",
        "SEXUAL_ORIENTATION",
        bare(r"(?i:heterosexual|homosexual|bisexual|gay|lesbian|straight|asexual|queer)"),
        category=Category.DEMOGRAPHIC,
        description="Sexual orientation of a person that is named as such",
        example="sexual orientation: bisexual",
        context=("sexual orientation", "orientation:"),
        before=24,
    ),
    identifier(
        "person_name_with_title",
        "PERSON_NAME_WITH_TITLE",
        formatted(
            r"(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herr|Frau|Monsieur|Madame|Mme|Sr|Sra|Señor|Señora|Signor|Signora|Dott)\.? "
            r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'-]+"
            r"(?: (?:[A-ZÀ-ÖØ-Þ]\.|(?:van|von|de|der|di|da|del) )?[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'-]+){0,3}",
            boundary=Boundary.WORD,
        ),
        category=Category.DEMOGRAPHIC,
        description="Name of a person after a title",
        example="Mrs. Jane Doe",
    ),
    identifier(
        "person_name_in_field",
        "PERSON_NAME_IN_FIELD",
        Pattern(
            r"(?i:full name|first name|last name|surname|given name|maiden name|customer name|patient name"
            r"|nachname|vorname|prénom|apellidos?|nombre)"
            r"[\"']?[:=] ?[\"']?([A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'-]+(?: [A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'.-]*){0,3})",
            group=1,
            boundary=Boundary.WORD,
        ),
        category=Category.DEMOGRAPHIC,
        description="Name of a person in a field for names",
        example="Full name: Jane Doe",
    ),
)
