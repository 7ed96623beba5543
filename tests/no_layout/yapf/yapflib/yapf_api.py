"""What MMEngine calls."""


def FormatCode(unformatted_source: str, **_: object) -> tuple[str, bool]:
    return unformatted_source, True
