"""Mistakes in expressions, and where they are."""


class ExpressionError(ValueError):
    """A text of one of the small languages that can't be read.

    Attributes:
        part: what the text stands for, such as `range` or `date rule`.
        expression: the whole text.
        position: where the mistake is: characters from the beginning of the expression, from 0.
        problem: what is wrong there and what is allowed.
    """

    def __init__(self, part: str, expression: str, position: int, problem: str) -> None:
        super().__init__(f"{part} {expression!r}, position {position}: {problem}")
        self.part = part
        self.expression = expression
        self.position = position
        self.problem = problem
