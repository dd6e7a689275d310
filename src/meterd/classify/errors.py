"""What can be wrong with what a caller selects or an operator provides.

ClassifyError
├── ProfileNotFound      no profile of this uuid and version
├── ClassifierNotFound   no classifier of this code or name, and version
├── UnusableClassifier   a definition that can't be run: which one, and why
└── UnusableSource       a file of a directory of profiles and classifiers: which one, and why
"""


class ClassifyError(Exception):
    """Base of all; `message` is a sentence for the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ProfileNotFound(ClassifyError):
    def __init__(self, uuid: str) -> None:
        super().__init__(f"Profile not found: {uuid}")


class ClassifierNotFound(ClassifyError):
    def __init__(self, code: str) -> None:
        super().__init__(f"Classifier not found: {code}")


class UnusableClassifier(ClassifyError):
    def __init__(self, which: str, why: str) -> None:
        super().__init__(f"Unusable classifier {which}: {why}")


class UnusableSource(ClassifyError):
    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
