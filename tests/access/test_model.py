import pytest

from meterd.access import DEFAULT_TENANT, EVERYONE, Caller, Scope, SubjectType
from meterd.errors import Forbidden


def caller(*scopes: Scope) -> Caller:
    return Caller("acme", "alice", SubjectType.USER, scopes=frozenset(scopes))


def test_a_scope_that_the_token_has_is_enough() -> None:
    caller(Scope.QUERY, Scope.INGEST).require(Scope.INGEST)


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_that_the_token_lacks_is_named(scope: Scope) -> None:
    others = [other for other in Scope if other is not scope]

    with pytest.raises(Forbidden) as caught:
        caller(*others).require(scope)
    assert f'"{scope.value}"' in caught.value.message


def test_no_scope_stands_for_another() -> None:
    with pytest.raises(Forbidden):
        caller(Scope.ADMIN).require(Scope.INGEST)
    with pytest.raises(Forbidden):
        caller(Scope.INGEST_ANY_SUBJECT).require(Scope.INGEST)


def test_the_names_are_those_of_the_interface() -> None:
    assert [scope.value for scope in Scope] == ["ingest", "ingest:any-subject", "query", "admin"]
    assert [each.value for each in SubjectType] == ["user", "virtualaccount"]
    assert (DEFAULT_TENANT, EVERYONE) == ("default", "everyone")


def test_a_caller_has_nothing_by_default() -> None:
    plain = Caller("acme", "alice", SubjectType.USER)

    assert ((), False, frozenset()) == (plain.teams, plain.tenant_admin, plain.scopes)
