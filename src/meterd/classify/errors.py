"""The errors in what a caller selects or an operator provides.

ClassifyError
├── ProfileNotFound      no profile of this uuid and version
│   └── NotAUuid         … nor can there be one
├── ClassifierNotFound   no classifier of this code or name, and version
├── UnusableClassifier   a definition that can't be run: which one, and why
├── LimitExceeded        a text, or what is found in it, is beyond a limit: which one, and what to do
├── TooSlow              a language model did not read the text in time
├── Abandoned            nobody waits for what is found any more
├── UnusableModel        a language model that an operator wants can't be had: what to install
└── UnusableSource       an operator's profiles and classifiers can't be read: which file or record, and why
"""

_SHOWN = 64
"""Characters of what was sent that an error repeats."""


class ClassifyError(Exception):
    """Base of the errors here; `message` is a sentence for the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ProfileNotFound(ClassifyError):
    def __init__(self, uuid: str) -> None:
        super().__init__(f"Profile not found: {uuid[:_SHOWN]}")


class NotAUuid(ProfileNotFound):
    pass


class ClassifierNotFound(ClassifyError):
    def __init__(self, code: str) -> None:
        super().__init__(f"Classifier not found: {code[:_SHOWN]}")


class UnusableClassifier(ClassifyError):
    def __init__(self, which: str, why: str) -> None:
        super().__init__(f"Unusable classifier {which}: {why}")


class LimitExceeded(ClassifyError):
    """A text exceeds a limit; `limit` is the name in `Limits`."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit


class TooSlow(ClassifyError):
    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The text could not be read for names within {seconds:g} s: send it in parts, or fewer texts at once"
        )


class Abandoned(ClassifyError):
    def __init__(self) -> None:
        super().__init__("Nobody waits for what is found in the text any more")


class UnusableModel(ClassifyError):
    pass


class UnusableSource(ClassifyError):
    def __init__(self, which: str, why: str) -> None:
        super().__init__(f"{which}: {why}")
