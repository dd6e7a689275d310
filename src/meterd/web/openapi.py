"""The operations that the pages ask and that are no protocol's."""

from meterd.api.openapi import OBJECT, PLAIN_ERRORS, Described, Media, Operation

_TAG = "Pages"
_NOTE = "Also with the cookie of a session."


def _operation(id_: str, summary: str, success: str, **more: tuple[Media, ...]) -> Operation:
    return Operation(id_, _TAG, summary, PLAIN_ERRORS, _NOTE, success=success, **more)  # type: ignore[arg-type]


ME = Described(
    "GET",
    "/api/me",
    _operation("whoAmI", "Who the caller is", "Subject, teams, tenant and scopes", responses=(Media(OBJECT),)),
)
SYSTEM = Described(
    "GET",
    "/api/system",
    _operation(
        "readSystem",
        "How the service is: health, figures, limits and settings; for administrators of a tenant",
        "All of it; credentials in settings are masked",
        responses=(Media(OBJECT),),
    ),
)
PROFILES = Described(
    "GET",
    "/api/classify",
    _operation(
        "listProfiles", "The profiles of classifiers there are", "Profiles", responses=(Media({"type": "array"}),)
    ),
)
CLASSIFY = Described(
    "POST",
    "/api/classify",
    _operation(
        "tryClassifiers",
        "Find what a profile's classifiers know in a text; nothing of it is kept",
        "What is found where",
        body=(
            Media(
                {
                    "type": "object",
                    "required": ["text"],
                    "properties": {
                        "text": {"type": "string"},
                        "profile": {"type": "string", "description": "uuid of a profile; the default one without"},
                        "version": {"type": "integer", "minimum": 1},
                        "minimum": {
                            "type": "string",
                            "enum": ["VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY"],
                        },
                    },
                },
                example={"text": "Write to alice@example.com"},
            ),
        ),
        responses=(Media(OBJECT),),
    ),
)
