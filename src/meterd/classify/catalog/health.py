"""What is said of a person's health, and the numbers of those who care for it."""

from meterd.classify.model import Category, Classifier, Pattern, bare, formatted, identifier


def _health(
    code: str, description: str, example: str, pattern: Pattern, words: tuple[str, ...], before: int = 26
) -> Classifier:
    return identifier(
        code,
        code.upper(),
        pattern,
        category=Category.HEALTH,
        description=description,
        example=example,
        context=words,
        before=before,
    )


CLASSIFIERS = (
    _health(
        "medical_record_number",
        "Number of a patient's record",
        "MRN: 00482913",
        bare(r"[A-Z]{0,3}-?\d{5,10}"),
        (
            "mrn",
            "medical record",
            "medical record number",
            "patient id",
            "patient no",
            "patientennummer",
            "chart number",
        ),
    ),
    _health(
        "health_plan_number",
        "Number of a member of a health plan",
        "member ID XYZ123456789",
        bare(r"[A-Z]{0,4}\d{7,14}"),
        ("member id", "subscriber id", "insurance id", "policy number", "health plan", "insurance number"),
    ),
    _health(
        "blood_type",
        "Blood type",
        "blood type O+",
        bare(r"(?:AB|A|B|O|0)[+-]"),
        ("blood type", "blood group", "blutgruppe", "groupe sanguin", "grupo sanguíneo"),
    ),
    _health(
        "icd10_code",
        "Code of a diagnosis (ICD-10)",
        "diagnosis E11.9",
        bare(r"[A-TV-Z]\d[0-9A-B](?:\.[0-9A-Z]{1,4})?"),
        ("icd", "icd-10", "diagnosis", "diagnosed", "dx", "diagnose", "diagnostic", "diagnóstico"),
    ),
    _health(
        "icd9_code",
        "Code of a diagnosis (ICD-9)",
        "ICD-9 250.00",
        bare(r"\d{3}\.\d{1,2}|[VE]\d{2,3}(?:\.\d{1,2})?"),
        ("icd-9", "icd9"),
    ),
    _health(
        "cpt_code",
        "Code of a medical service (CPT)",
        "CPT 99213",
        bare(r"\d{5}|\d{4}[FTU]"),
        ("cpt", "cpt code", "procedure code"),
    ),
    _health(
        "ndc_code",
        "Code of a drug of the United States",
        "NDC 0777-3105-02",
        bare(r"\d{4,5}-\d{3,4}-\d{1,2}"),
        ("ndc", "drug code"),
    ),
    _health(
        "pzn_code", "Code of a drug of Germany", "PZN-03041347", bare(r"\d{7,8}"), ("pzn", "pharmazentralnummer"), 12
    ),
    _health("loinc_code", "Code of a laboratory test (LOINC)", "LOINC 2345-7", bare(r"\d{1,5}-\d"), ("loinc",)),
    _health(
        "snomed_code", "Code of a clinical term (SNOMED)", "SNOMED 73211009", bare(r"\d{6,18}"), ("snomed", "snomed ct")
    ),
    _health(
        "blood_pressure",
        "Blood pressure",
        "blood pressure 120/80",
        bare(r"[6-9]\d/[3-9]\d|[12]\d{2}/(?:[3-9]\d|1[0-4]\d)"),
        ("blood pressure", "bp", "blutdruck", "tension artérielle"),
    ),
    _health(
        "body_mass_index",
        "Body mass index",
        "BMI 27.4",
        bare(r"[1-6]\d(?:[.,]\d{1,2})?"),
        ("bmi", "body mass index"),
        16,
    ),
    _health(
        "body_weight",
        "Weight of a person",
        "body weight 82 kg",
        bare(r"\d{2,3}(?:[.,]\d)? ?(?:kg|lbs?|pounds)"),
        ("body weight", "weighs", "patient weight", "körpergewicht"),
    ),
    _health(
        "body_height",
        "Height of a person",
        "body height 178 cm",
        bare(r"1\d{2} ?cm|[12][.,]\d{2} ?m|[4-7]'\d{1,2}\""),
        ("body height", "patient height", "körpergröße", "height:"),
    ),
    _health(
        "drug_dose",
        "Dose of a drug",
        "prescribed metformin 500 mg",
        bare(r"\d{1,4}(?:[.,]\d{1,3})? ?(?:mg|mcg|µg|ml|IU|IE)"),
        ("prescribed", "prescription", "dosage", "dose", "takes", "rezept", "ordonnance"),
    ),
    _health(
        "hiv_status",
        "Result of a test for HIV",
        "HIV test: positive",
        bare(r"(?i:positive|negative|reactive|undetectable)"),
        ("hiv", "hiv status", "hiv test"),
    ),
    _health(
        "test_result",
        "Result of a medical test",
        "covid test was positive",
        bare(r"(?i:positive|negative|inconclusive)"),
        ("covid test", "pcr test", "pregnancy test", "drug test", "antigen test", "test result"),
    ),
    identifier(
        "ehic_number",
        "EHIC_NUMBER",
        formatted(r"80\d{3}00[0-9]{13}"),
        category=Category.HEALTH,
        description="Number of a European health insurance card",
        example="80276001234567890123",
        context=("ehic", "health insurance card"),
    ),
    _health(
        "dna_sequence",
        "Sequence of nucleotides",
        "DNA sequence GATTACAGATTACAGATTACA",
        bare(r"[ACGT]{16,}"),
        ("dna", "genome", "sequence", "allele"),
    ),
    _health(
        "dbsnp_identifier",
        "Variant of a gene",
        "variant rs7412",
        bare(r"rs\d{3,10}"),
        ("variant", "snp", "genotype", "allele"),
    ),
)
