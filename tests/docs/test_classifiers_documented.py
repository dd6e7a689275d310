from docs.generate_classifiers import PAGE, page


def test_the_page_of_classifiers_is_what_the_declarations_say() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run make docs"
